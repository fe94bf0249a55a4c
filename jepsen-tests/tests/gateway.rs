//! The double of Stripe behaves as Stripe does, as the server's own client sees it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use livedrop_domain::{Currency, Money, OrderId};
use livedrop_jepsen::checker::Verdict;
use livedrop_jepsen::checker::charged_once::{self, OrderSeen};
use livedrop_jepsen::gateway::books::Kind;
use livedrop_jepsen::gateway::plan::{Fault, Operation};
use livedrop_jepsen::gateway::webhooks::{Habit, Listeners};
use livedrop_jepsen::gateway::{Gateway as Double, Line};
use livedrop_jepsen::seed::Seed;
use livedrop_jepsen::wait;
use livedrop_node::clock;
use livedrop_node::payments::gateway::{Charge, Gateway, Intent, RefundAsk, RefundState, State, Trouble};
use livedrop_node::payments::signature::{self, Refusal, Secrets, Told};
use livedrop_node::payments::stripe::{Settings, Stripe};

const ORDER: OrderId = OrderId::from_u128(7);
const SOON: Duration = Duration::from_secs(20);

fn charge(method: &str) -> Charge {
    let amount = Money { amount: 4_999, currency: Currency::EUR };
    Charge { order_id: ORDER, amount, method: method.to_owned() }
}

fn ask(number: u32, amount: u64) -> RefundAsk {
    RefundAsk { order_id: ORDER, number, attempt: 1, amount }
}

fn client(double: &Double, deadline: Duration) -> Stripe {
    let mut settings = Settings::new(double.url(), "sk_test_of_this_test");
    settings.deadline = deadline;
    Stripe::new(settings).unwrap()
}

async fn both() -> (Double, Stripe) {
    let double = Double::start().await.unwrap();
    let stripe = client(&double, Duration::from_secs(5));
    (double, stripe)
}

/// Makes a payment and gives its id.
async fn create(stripe: &Stripe, charge: &Charge) -> String {
    let made = stripe.create("create", charge).await.unwrap();
    assert_eq!((made.order_id, made.state), (Some(ORDER), State::NotConfirmed));
    made.id
}

fn refused(code: &str) -> Trouble {
    Trouble::Refused { code: code.to_owned() }
}

#[tokio::test]
async fn one_key_makes_one_thing() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    assert_eq!(create(&stripe, &card).await, id);
    for _ in 0..3 {
        assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, State::Succeeded);
        assert_eq!(stripe.refund("refund", &id, &ask(1, 500)).await.unwrap().state, RefundState::Done);
    }
    let books = double.books();
    assert_eq!((books.total(Kind::Charge), books.total(Kind::Refund)), (4_999, 500));
    assert_eq!(double.statuses(&ORDER.to_string()), ["succeeded"]);
    assert_eq!(double.calls_without_key(), 0);
}

#[tokio::test]
async fn another_key_does_not_confirm_a_second_time() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    for key in ["confirm-1", "confirm-2"] {
        assert_eq!(stripe.confirm(key, &id, &card).await.unwrap().state, State::Succeeded);
    }
    assert_eq!(stripe.cancel("cancel", &id, &charge("pm_card_visa")).await.unwrap().state, State::Succeeded);
    assert_eq!(double.books().movements.len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_parameters_and_its_endpoint() {
    let (double, stripe) = both().await;
    let id = create(&stripe, &charge("pm_card_visa")).await;
    let other = charge("pm_card_mastercard");
    assert_eq!(stripe.create("create", &other).await, Err(refused("idempotency_key_reused")));
    assert_eq!(stripe.refund("create", &id, &ask(1, 1)).await, Err(refused("idempotency_key_reused")));
    assert!(double.books().movements.is_empty());
}

#[tokio::test]
async fn what_was_done_and_never_answered_is_found_by_asking() {
    let double = Double::start().await.unwrap();
    let stripe = client(&double, Duration::from_millis(300));
    let card = charge("pm_card_visa");
    double.plan(|plan| plan.next(Operation::Create, Fault::TimeoutAfter));
    assert!(matches!(stripe.create("create", &card).await, Err(Trouble::Unknown(_))));
    let id = create(&stripe, &card).await;
    assert_eq!(double.statuses(&ORDER.to_string()).len(), 1, "the key found what was made");
    double.plan(|plan| plan.next(Operation::Confirm, Fault::TimeoutAfter));
    assert!(matches!(stripe.confirm("confirm", &id, &card).await, Err(Trouble::Unknown(_))));
    assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, State::Succeeded);
    assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, State::Succeeded);
    double.plan(|plan| plan.next(Operation::Refund, Fault::TimeoutAfter));
    assert!(matches!(stripe.refund("refund", &id, &ask(2, 500)).await, Err(Trouble::Unknown(_))));
    assert_eq!(stripe.refunds(&id).await.unwrap()[0].number, Some(2));
    assert_eq!(double.books().movements.len(), 2);
}

#[tokio::test]
async fn a_failure_after_it_was_done_is_given_again_to_the_same_key() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    double.plan(|plan| plan.next(Operation::Confirm, Fault::ErrorAfter(500)));
    for _ in 0..2 {
        assert!(matches!(stripe.confirm("confirm", &id, &card).await, Err(Trouble::Unknown(_))));
    }
    assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, State::Succeeded);
}

#[tokio::test]
async fn a_failure_before_it_was_done_leaves_the_key_free() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    double.plan(|plan| plan.next(Operation::Confirm, Fault::ErrorBefore(503)));
    assert!(matches!(stripe.confirm("confirm", &id, &card).await, Err(Trouble::Unknown(_))));
    assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, State::NotConfirmed);
    assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, State::Succeeded);
}

#[tokio::test]
async fn two_calls_with_one_key_at_one_time_charge_once() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    double.plan(|plan| plan.next(Operation::Confirm, Fault::Slow(Duration::from_millis(300))));
    let (one, two) = tokio::join!(stripe.confirm("confirm", &id, &card), stripe.confirm("confirm", &id, &card));
    let succeeded = |seen: &Result<Intent, Trouble>| matches!(seen, Ok(Intent { state: State::Succeeded, .. }));
    assert!(succeeded(&one) != succeeded(&two), "one is told that the key is in use: {one:?} {two:?}");
    assert!(matches!((&one, &two), (Err(Trouble::Unknown(_)), _) | (_, Err(Trouble::Unknown(_)))));
    assert_eq!(double.books().movements.len(), 1);
}

#[tokio::test]
async fn a_call_that_was_begun_is_done_though_nobody_waits_for_it() {
    let double = Double::start().await.unwrap();
    let card = charge("pm_card_visa");
    let id = create(&client(&double, Duration::from_secs(5)), &card).await;
    double.plan(|plan| plan.next(Operation::Confirm, Fault::Slow(Duration::from_millis(300))));
    let hasty = client(&double, Duration::from_millis(100));
    assert!(matches!(hasty.confirm("confirm", &id, &card).await, Err(Trouble::Unknown(_))));
    wait::until("the charge", SOON, async || match double.books().movements.len() {
        1 => Ok(()),
        count => anyhow::bail!("{count} movements"),
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn it_can_be_gone_and_come_back_with_all_it_knows() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    double.set_line(Line::Refusing).await;
    assert!(matches!(stripe.confirm("confirm", &id, &card).await, Err(Trouble::Unavailable(_) | Trouble::Unknown(_))));
    // By now the client knows that its old connection is gone, so this one is about a new one.
    assert!(matches!(stripe.confirm("confirm", &id, &card).await, Err(Trouble::Unavailable(_))));
    double.set_line(Line::Closing).await;
    assert!(stripe.confirm("confirm", &id, &card).await.is_err());
    double.set_line(Line::Up).await;
    assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, State::Succeeded);
    assert_eq!(double.books().movements.len(), 1);
}

#[tokio::test]
async fn cards_decline_and_a_declined_payment_can_be_called_off() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa_chargeDeclinedInsufficientFunds");
    let id = create(&stripe, &card).await;
    let declined = State::Declined { code: "insufficient_funds".to_owned() };
    assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, declined);
    assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, declined);
    assert_eq!(stripe.cancel("cancel", &id, &charge("pm_card_visa")).await.unwrap().state, State::Canceled);
    assert_eq!(stripe.cancel("cancel-2", &id, &charge("pm_card_visa")).await.unwrap().state, State::Canceled);
    assert!(double.books().movements.is_empty());
}

#[tokio::test]
async fn a_buyer_authenticates_or_fails_to() {
    for (success, state) in [
        (true, State::Succeeded),
        (false, State::Declined { code: "payment_intent_authentication_failure".to_owned() }),
    ] {
        let double = Double::start().await.unwrap();
        let mut settings = Settings::new(double.url(), "sk_test_of_this_test");
        settings.return_url = Some("https://shop.example/back".to_owned());
        let stripe = Stripe::new(settings).unwrap();
        let card = charge("pm_card_authenticationRequired");
        let id = create(&stripe, &card).await;
        let url = format!("https://bank.example/3ds/{id}");
        assert_eq!(stripe.confirm("confirm", &id, &card).await.unwrap().state, State::ActionRequired { url });
        double.authenticate(&id, success).unwrap();
        assert_eq!(stripe.retrieve(&id, &charge("pm_card_visa")).await.unwrap().state, state);
        assert!(double.authenticate(&id, true).is_err());
    }
}

#[tokio::test]
async fn no_more_goes_back_than_was_charged() {
    let (double, stripe) = both().await;
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    assert!(matches!(stripe.refund("early", &id, &ask(1, 1)).await, Err(Trouble::Refused { .. })));
    stripe.confirm("confirm", &id, &card).await.unwrap();
    for number in 1..=4 {
        stripe.refund(&format!("refund-{number}"), &id, &ask(number, 1_000)).await.unwrap();
    }
    assert!(matches!(stripe.refund("refund-5", &id, &ask(5, 1_000)).await, Err(Trouble::Refused { .. })));
    stripe.refund("refund-6", &id, &ask(6, 999)).await.unwrap();
    assert_eq!(stripe.refund("refund-7", &id, &ask(7, 1)).await, Err(refused("charge_already_refunded")));
    let numbers: Vec<_> = stripe.refunds(&id).await.unwrap().into_iter().filter_map(|refund| refund.number).collect();
    assert_eq!(numbers, [6, 4, 3, 2, 1]);
    let seen = |status: &str, refunded| {
        let (order_id, status) = (ORDER.to_string(), status.to_owned());
        [OrderSeen { order_id, status, amount: 4_999, refunded }]
    };
    assert_eq!(charged_once::check(&double.books(), &seen("refunded", 4_999)), Verdict::Holds { examined: 1 });
    let liar = charged_once::check(&double.books(), &seen("confirmed", 0));
    assert!(matches!(liar, Verdict::Broken { .. }), "{liar}");
}

/// What a listener made of each webhook.
type Heard = Arc<Mutex<Vec<Result<Option<Told>, Refusal>>>>;

const SECRET: &str = "whsec_of_this_test";

/// A shop that verifies what it is told; gives its address.
async fn listener(heard: Heard) -> String {
    async fn hear(Shared(heard): Shared<Heard>, headers: HeaderMap, body: String) -> StatusCode {
        let header = headers["stripe-signature"].to_str().unwrap();
        let told = signature::verify(header, body.as_bytes(), &Secrets::new([SECRET]), clock::now());
        let status = if told.is_ok() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        heard.lock().unwrap().push(told);
        status
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().fallback(hear).with_state(heard);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// What is heard of a payment that is made and confirmed, with one habit.
async fn heard_with(habit: Habit) -> (String, Vec<Result<Option<Told>, Refusal>>) {
    let (double, stripe) = both().await;
    let heard = Heard::default();
    let urls = vec![listener(heard.clone()).await];
    double.tell(Listeners { urls, secret: SECRET.to_owned(), habits: vec![habit], seed: Seed::new(1) });
    let card = charge("pm_card_visa");
    let id = create(&stripe, &card).await;
    stripe.confirm("confirm", &id, &card).await.unwrap();
    wait::until("the webhooks", SOON, async || match double.webhooks_on_their_way() {
        0 => Ok(()),
        count => anyhow::bail!("{count} are on their way"),
    })
    .await
    .unwrap();
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), double.deliveries().len());
    (id, heard)
}

fn kinds(heard: &[Result<Option<Told>, Refusal>]) -> Vec<&str> {
    heard.iter().map(|told| told.as_ref().unwrap().as_ref().unwrap().kind.as_str()).collect()
}

#[tokio::test]
async fn webhooks_say_what_happened_to_which_payment() {
    let (id, heard) = heard_with(Habit::Normal).await;
    let mut all = kinds(&heard);
    all.sort_unstable();
    assert_eq!(all, ["payment_intent.created", "payment_intent.succeeded"]);
    let told = heard[0].as_ref().unwrap().as_ref().unwrap();
    assert_eq!((told.object_id.as_str(), told.order_id), (id.as_str(), Some(ORDER)));
}

#[tokio::test]
async fn webhooks_come_twice_and_late_with_the_same_event() {
    let (_, heard) = heard_with(Habit::Twice).await;
    assert_eq!(heard.len(), 4);
    let (_, heard) = heard_with(Habit::Late(Duration::from_millis(100))).await;
    assert_eq!(heard.len(), 2);
    let (_, heard) = heard_with(Habit::Reordered).await;
    assert_eq!(heard.len(), 2);
}

#[tokio::test]
async fn forged_and_old_webhooks_are_refused() {
    let (_, heard) = heard_with(Habit::Forged).await;
    assert_eq!(heard, [Err(Refusal::Forged), Err(Refusal::Forged)]);
    let (_, heard) = heard_with(Habit::OldTimestamp).await;
    assert_eq!(heard, [Err(Refusal::Stale), Err(Refusal::Stale)]);
}
