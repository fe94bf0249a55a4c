//! What failures prove, and lies that are not believed.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;

fn is_unknown<T>(result: &Result<T, Trouble>) -> bool {
    matches!(result, Err(Trouble::Unknown(_)))
}

fn is_unavailable<T>(result: &Result<T, Trouble>) -> bool {
    matches!(result, Err(Trouble::Unavailable(_)))
}

#[tokio::test]
async fn a_status_proves_only_what_it_says() {
    for status in [500, 502, 503, 504, 409, 302, 307] {
        let stub = Stub::answering([(status, json!({})), (status, json!({}))]).await;
        let stripe = stub.stripe();
        assert!(is_unknown(&stripe.create("key", &charge()).await), "{status}");
        assert!(is_unavailable(&stripe.retrieve("pi_1", &charge()).await), "{status}");
        assert_eq!(stub.seen().len(), 2, "nobody is sent elsewhere");
    }
    for status in [401, 403, 429] {
        let stub = Stub::answering([(status, json!({"error": {"code": "rate_limit"}}))]).await;
        assert!(is_unavailable(&stub.stripe().create("key", &charge()).await), "{status}");
    }
}

#[tokio::test]
async fn a_refusal_has_a_code() {
    for (body, code) in [
        (json!({"error": {"type": "invalid_request_error", "code": "amount_too_small"}}), "amount_too_small"),
        (
            json!({"error": {"type": "idempotency_error", "message": "Keys for idempotent requests…"}}),
            "idempotency_error",
        ),
        (json!({"error": {"code": "a".repeat(100)}}), &"a".repeat(64)),
        (json!({"error": {"code": ""}}), "refused"),
        (json!("what?"), "refused"),
    ] {
        let stub = Stub::answering([(400, body)]).await;
        let refused = Trouble::Refused { code: code.to_owned() };
        assert_eq!(stub.stripe().create("key", &charge()).await, Err(refused));
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_done() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = Stripe::new(Settings::new(format!("http://{free}"), "sk")).unwrap();
    assert!(is_unavailable(&refused.create("key", &charge()).await));
    assert!(is_unavailable(&refused.refund("key", "pi_1", &ask()).await));
    let nowhere = Stripe::new(Settings::new("http://no-such-host.invalid", "sk")).unwrap();
    assert!(is_unavailable(&nowhere.create("key", &charge()).await));
}

#[tokio::test]
async fn a_handshake_that_fails_comes_before_anything_is_sent() {
    let stub = Stub::answering([]).await;
    let address = stub.settings().url.replace("http://", "https://");
    let stripe = Stripe::new(Settings::new(address, "sk")).unwrap();
    assert!(is_unavailable(&stripe.create("key", &charge()).await));
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn no_answer_in_time_proves_nothing() {
    let stub = Stub::answering([]).await;
    let mut settings = stub.settings();
    settings.deadline = Duration::from_millis(200);
    let stripe = Stripe::new(settings).unwrap();
    assert!(is_unknown(&stripe.confirm("key", "pi_1", &charge()).await));
    assert!(is_unavailable(&stripe.retrieve("pi_1", &charge()).await));
    assert_eq!(stub.seen().len(), 2, "a call is made once");
}

#[tokio::test]
async fn a_connection_that_breaks_proves_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 64]).await;
        }
    });
    let stripe = Stripe::new(Settings::new(format!("http://{address}"), "sk")).unwrap();
    assert!(is_unknown(&stripe.refund("key", "pi_1", &ask()).await));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_proves_nothing() {
    let text = |text: &'static str| text.into_response();
    let long = Response::new(Body::from(vec![b' '; 2 << 20]));
    let stub = Stub::giving([text("<html>"), text("{}"), text(r#"{"id":"pi_1"}"#), long]).await;
    let stripe = stub.stripe();
    for _ in 0..4 {
        assert!(is_unknown(&stripe.confirm("key", "pi_1", &charge()).await));
    }
}

#[tokio::test]
async fn an_answer_about_something_else_is_not_believed() {
    let paid = || intent("succeeded");
    for lie in [
        with(paid(), "amount", json!(49)),
        with(paid(), "amount_received", json!(49)),
        with(paid(), "currency", json!("jpy")),
        with(paid(), "id", json!("pi_2")),
        with(paid(), "id", json!("../../v1/balance")),
        with(paid(), "metadata", json!({"order_id": OrderId::from_u128(8).to_string()})),
        with(paid(), "metadata", Value::Null),
        with(paid(), "status", json!("fine")),
    ] {
        let stub = Stub::answering([(200, lie.clone())]).await;
        assert!(is_unknown(&stub.stripe().confirm("key", "pi_1", &charge()).await), "{lie}");
    }
    let stub = Stub::answering([(200, json!({"id": "re_1", "amount": 501, "status": "succeeded"}))]).await;
    assert!(is_unknown(&stub.stripe().refund("key", "pi_1", &ask()).await));
}

#[tokio::test]
async fn an_id_that_is_none_is_not_sent() {
    let stub = Stub::answering([]).await;
    for id in ["", "pi_1/confirm", "pi_1?x", "../balance", &"p".repeat(256)] {
        let refused = Trouble::Refused { code: "bad_id".to_owned() };
        assert_eq!(stub.stripe().cancel("key", id, &charge()).await, Err(refused));
    }
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn the_key_is_in_no_error() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let stripe = Stripe::new(Settings::new(format!("http://{free}"), "sk_live_secret")).unwrap();
    let trouble = stripe.create("key", &charge()).await.unwrap_err();
    assert!(!format!("{trouble} {trouble:?}").contains("secret"), "{trouble:?}");
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    for url in ["", "api.stripe.com", "ftp://api.stripe.com", "https://api.stripe.com/v1", "https://api.stripe.com?x"] {
        assert!(matches!(Stripe::new(Settings::new(url, "sk")), Err(Unusable::Address)), "{url}");
    }
    let line_end = Settings::new("https://api.stripe.com", "sk\n");
    assert!(matches!(Stripe::new(line_end), Err(Unusable::Key)));
}
