//! The client against a listener that answers what a test tells it to.

mod failures;
mod stub;

use livedrop_domain::{Currency, Money, OrderId};
use serde_json::{Value, json};

use super::*;
use crate::payments::gateway::RefundState;
use stub::Stub;

const ORDER: OrderId = OrderId::from_u128(7);

fn charge() -> Charge {
    let amount = Money { amount: 4_999, currency: Currency::EUR };
    Charge { order_id: ORDER, amount, method: "pm_card_visa".to_owned() }
}

/// A payment for [`charge`], as Stripe shows it.
fn intent(status: &str) -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "amount": 4_999, "currency": "eur", "status": status,
        "metadata": {"order_id": ORDER.to_string()}, "last_payment_error": null, "next_action": null,
        "latest_charge": "ch_1",
    })
}

fn with(mut intent: Value, field: &str, value: Value) -> Value {
    intent[field] = value;
    intent
}

fn unexpected_state(status: &str) -> Value {
    json!({"error": {
        "type": "invalid_request_error", "code": "payment_intent_unexpected_state", "payment_intent": intent(status),
    }})
}

fn ask() -> RefundAsk {
    RefundAsk { order_id: ORDER, number: 2, attempt: 1, amount: 500 }
}

fn declined(code: &str) -> State {
    State::Declined { code: code.to_owned() }
}

#[tokio::test]
async fn a_payment_is_made_without_being_confirmed() {
    let stub = Stub::answering([(200, intent("requires_confirmation"))]).await;
    let made = stub.stripe().create("key-1", &charge()).await.unwrap();
    assert_eq!(made, Intent { id: "pi_1".to_owned(), order_id: Some(ORDER), state: State::NotConfirmed });
    let seen = stub.seen();
    assert_eq!(seen[0].line, "POST /v1/payment_intents");
    assert_eq!(seen[0].header("idempotency-key"), "key-1");
    assert_eq!(seen[0].header("stripe-version"), "2024-06-20");
    assert_eq!(seen[0].header("authorization"), "Bearer sk_test_of_this_test");
    let form = format!(
        "amount=4999&currency=eur&payment_method=pm_card_visa&payment_method_types%5B%5D=card&\
         metadata%5Border_id%5D={ORDER}"
    );
    assert_eq!(seen[0].body, form);
}

#[tokio::test]
async fn a_payment_is_confirmed_by_its_id() {
    let whole = with(intent("succeeded"), "latest_charge", json!({"id": "ch_1", "object": "charge"}));
    let stub = Stub::answering([(200, whole), (200, intent("processing"))]).await;
    assert_eq!(stub.stripe().confirm("key-2", "pi_1", &charge()).await.unwrap().state, State::Succeeded);
    assert_eq!(stub.stripe().confirm("key-2", "pi_1", &charge()).await.unwrap().state, State::Processing);
    assert_eq!(stub.seen()[0].line, "POST /v1/payment_intents/pi_1/confirm");
    assert_eq!(stub.seen()[0].body, "");
}

#[tokio::test]
async fn where_the_buyer_comes_back_to_is_told_at_the_confirmation() {
    let stub = Stub::answering([(200, intent("succeeded"))]).await;
    let mut settings = stub.settings();
    settings.return_url = Some("https://shop.example/orders".to_owned());
    Stripe::new(settings).unwrap().confirm("key", "pi_1", &charge()).await.unwrap();
    assert_eq!(stub.seen()[0].body, "return_url=https%3A%2F%2Fshop.example%2Forders");
}

#[tokio::test]
async fn a_decline_says_why_unless_the_buyer_must_not_know() {
    let says = |decline_code: Value| {
        let refused = with(intent("requires_payment_method"), "last_payment_error", {
            json!({"code": "card_declined", "decline_code": decline_code})
        });
        let error = json!({"type": "card_error", "code": "card_declined", "decline_code": decline_code});
        (402, json!({"error": with(error, "payment_intent", refused)}))
    };
    for (decline_code, told) in [
        (json!("insufficient_funds"), "insufficient_funds"),
        (json!("generic_decline"), "card_declined"),
        (json!("stolen_card"), "card_declined"),
        (json!("<b>Call us</b>"), "_b_call_us__b_"),
        (Value::Null, "card_declined"),
    ] {
        let stub = Stub::answering([says(decline_code)]).await;
        assert_eq!(stub.stripe().confirm("key", "pi_1", &charge()).await.unwrap().state, declined(told));
    }
}

#[tokio::test]
async fn a_decline_without_the_payment_in_it_is_a_decline() {
    let error = json!({"error": {"type": "invalid_request_error", "code": "card_declined", "message": "no"}});
    let stub = Stub::answering([(402, error)]).await;
    let seen = stub.stripe().confirm("key", "pi_1", &charge()).await.unwrap();
    assert_eq!(seen, Intent { id: "pi_1".to_owned(), order_id: Some(ORDER), state: declined("card_declined") });
}

#[tokio::test]
async fn a_second_confirmation_finds_what_the_first_one_did() {
    let stub = Stub::answering([(400, unexpected_state("succeeded"))]).await;
    assert_eq!(stub.stripe().confirm("key", "pi_1", &charge()).await.unwrap().state, State::Succeeded);

    // Not every speaker of the API puts the payment into the error: then it is looked up.
    let bare = json!({"error": {"type": "invalid_request_error", "message": "Bad request"}});
    let stub = Stub::answering([(400, bare), (200, intent("succeeded"))]).await;
    assert_eq!(stub.stripe().confirm("key", "pi_1", &charge()).await.unwrap().state, State::Succeeded);
    assert_eq!(stub.seen()[1].line, "GET /v1/payment_intents/pi_1");
}

#[tokio::test]
async fn a_confirmation_that_is_refused_is_refused_only_when_nobody_confirmed_before() {
    let missing = json!({"error": {"type": "invalid_request_error", "code": "resource_missing"}});
    let stub = Stub::answering([(404, missing.clone()), (200, intent("requires_confirmation"))]).await;
    let refused = Trouble::Refused { code: "resource_missing".to_owned() };
    assert_eq!(stub.stripe().confirm("key", "pi_1", &charge()).await, Err(refused));

    let stub = Stub::answering([(404, missing), (500, json!({}))]).await;
    assert!(matches!(stub.stripe().confirm("key", "pi_1", &charge()).await, Err(Trouble::Unknown(_))));
}

#[tokio::test]
async fn a_buyer_who_must_act_is_sent_to_an_address_of_the_web_or_nowhere() {
    let redirect = |url: Value| json!({"type": "redirect_to_url", "redirect_to_url": {"url": url}});
    let sdk = json!({"type": "use_stripe_sdk", "use_stripe_sdk": {"stripe_js": ""}});
    for (action, url) in [
        (redirect(json!("https://hooks.stripe.com/3ds")), "https://hooks.stripe.com/3ds"),
        (redirect(json!("javascript:alert(1)")), ""),
        (redirect(Value::Null), ""),
        (sdk, ""),
        (Value::Null, ""),
    ] {
        let stub = Stub::answering([(200, with(intent("requires_action"), "next_action", action))]).await;
        let seen = stub.stripe().confirm("key", "pi_1", &charge()).await.unwrap();
        assert_eq!(seen.state, State::ActionRequired { url: url.to_owned() });
    }
}

#[tokio::test]
async fn a_payment_without_a_means_was_declined_only_if_it_says_why() {
    let failed = with(intent("requires_payment_method"), "last_payment_error", json!({"code": "expired_card"}));
    let stub = Stub::answering([(200, intent("requires_payment_method")), (200, failed)]).await;
    let stripe = stub.stripe();
    assert_eq!(stripe.retrieve("pi_1", &charge()).await.unwrap().state, State::NotConfirmed);
    assert_eq!(stripe.retrieve("pi_1", &charge()).await.unwrap().state, declined("expired_card"));
}

#[tokio::test]
async fn what_cannot_be_cancelled_is_given_as_it_is() {
    let bare = json!({"error": {"type": "invalid_request_error", "message": "Bad request"}});
    let stub = Stub::answering([
        (200, intent("canceled")),
        (400, unexpected_state("succeeded")),
        (400, unexpected_state("canceled")),
        (400, bare),
        (200, intent("processing")),
    ])
    .await;
    let stripe = stub.stripe();
    for state in [State::Canceled, State::Succeeded, State::Canceled, State::Processing] {
        assert_eq!(stripe.cancel("key", "pi_1", &charge()).await.unwrap().state, state);
    }
    assert_eq!(stub.seen()[0].line, "POST /v1/payment_intents/pi_1/cancel");
}

#[tokio::test]
async fn a_refund_says_which_refund_of_the_order_it_is() {
    let refund = json!({
        "id": "re_1", "amount": 500, "status": "succeeded",
        "metadata": {"order_id": ORDER.to_string(), "refund_number": "2"},
    });
    let stub = Stub::answering([(200, refund)]).await;
    let seen = stub.stripe().refund("key", "pi_1", &ask()).await.unwrap();
    assert_eq!(
        seen,
        Refund { id: "re_1".to_owned(), number: Some(2), attempt: None, amount: 500, state: RefundState::Done }
    );
    let form = format!(
        "payment_intent=pi_1&amount=500&metadata%5Border_id%5D={ORDER}&metadata%5Brefund_number%5D=2\
         &metadata%5Brefund_attempt%5D=1"
    );
    assert_eq!(stub.seen()[0].body, form);
}

#[tokio::test]
async fn all_pages_of_refunds_are_read() {
    let refund = |id: &str, status: &str| json!({"id": id, "amount": 1, "status": status, "failure_reason": "lost"});
    let stub = Stub::answering([
        (200, json!({"data": [refund("re_3", "pending"), refund("re_2", "failed")], "has_more": true})),
        (200, json!({"data": [refund("re_1", "canceled")], "has_more": false})),
    ])
    .await;
    let states: Vec<_> = stub.stripe().refunds("pi_1").await.unwrap().into_iter().map(|it| it.state).collect();
    let failed = |code: &str| RefundState::Failed { code: code.to_owned() };
    assert_eq!(states, [RefundState::Pending, failed("lost"), failed("canceled")]);
    assert_eq!(stub.seen()[1].line, "GET /v1/refunds?payment_intent=pi_1&limit=100&starting_after=re_2");
}
