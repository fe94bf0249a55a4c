//! The retry policy, against a cluster that misbehaves.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use livedrop_client::{Client, Error, IdempotencyKey, Policy};
use livedrop_proto::rest::orders::PlaceOrder;
use livedrop_proto::rest::problem::code;
use support::{Double, Fault, closed_endpoint};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn client(endpoints: &str) -> Client {
    let quick = Policy { first_pause: Duration::from_millis(1), ..Policy::default() };
    Client::new(endpoints.parse().unwrap()).with_policy(quick).with_token("a-token")
}

fn one() -> PlaceOrder {
    PlaceOrder { drop_id: "drp_1".to_owned(), sku: None, quantity: 1, payment_method: None }
}

/// A node that reads a request and hangs up, every time.
async fn hangs_up() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.shutdown().await;
        }
    });
    endpoint
}

/// A proxy that reaches no node, and says so in a page for people.
async fn proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (endpoint, asked) = (format!("http://{}", listener.local_addr().unwrap()), Arc::<AtomicUsize>::default());
    let count = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            count.fetch_add(1, Ordering::Relaxed);
            let answer = "HTTP/1.1 503 Service Unavailable\r\nServer: Proxy\r\nContent-Type: text/html\r\n\
                          Content-Length: 14\r\nConnection: close\r\n\r\n<html> </html>";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (endpoint, asked)
}

#[tokio::test]
async fn a_proxy_that_reaches_no_node_is_asked_again_only_for_what_does_no_harm() {
    let (endpoint, asked) = proxy().await;
    let client = client(&endpoint).with_policy(Policy { attempts: 3, ..Policy::default() });
    let error = client.refresh("rt_once").await.unwrap_err();
    assert_eq!((error.status(), asked.swap(0, Ordering::Relaxed)), (Some(503), 1), "it may have been done");
    let Error::Refused(refusal) = client.cluster().await.unwrap_err() else { panic!("it was answered") };
    assert_eq!(refusal.problem.detail, "Something before the nodes answered this (Proxy)");
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_node_that_is_down_is_passed_over() {
    let double = Double::open(1, 1).await;
    let client = client(&format!("{},{}", closed_endpoint().await, double.endpoints));
    let placed = client.place_order(&one(), &IdempotencyKey::random()).await.unwrap();
    assert_eq!(placed.body.id, "ord_1");
    assert!(!placed.replayed);
}

#[tokio::test]
async fn when_no_node_can_be_reached_every_one_is_named() {
    let (one, other) = (closed_endpoint().await, closed_endpoint().await);
    let client = client(&format!("{one},{other}")).with_policy(Policy { attempts: 3, ..Policy::default() });
    let error = client.cluster().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&one) && text.contains(&other), "{text}");
    assert_eq!(text.matches("refused").count(), 2, "{text}");
}

#[tokio::test]
async fn a_purchase_whose_answer_is_lost_is_asked_about_with_the_same_key() {
    let double = Double::open(5, 1).await;
    let client = client(&format!("{},{}", hangs_up().await, double.endpoints));
    double.shop().faults.extend([Fault::DoAndRefuse(code::OUTCOME_UNKNOWN)]);
    let placed = client.place_order(&one(), &IdempotencyKey::random()).await.unwrap();
    assert!(placed.replayed);
    assert_eq!(double.shop().held, 1, "it was bought once");
    let ids = double.shop().request_ids.clone();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "all attempts carry one request id");
}

#[tokio::test]
async fn a_purchase_that_may_have_been_done_stays_so_whatever_the_next_node_says() {
    let double = Double::open(5, 1).await;
    double.shop().always = Some(Fault::Refuse(code::NO_QUORUM));
    for next in [closed_endpoint().await, double.endpoints.clone()] {
        let twice = Policy { attempts: 2, ..Policy::default() };
        let client = client(&format!("{},{next}", hangs_up().await)).with_policy(twice);
        let error = client.place_order(&one(), &IdempotencyKey::random()).await.unwrap_err();
        assert!(matches!(error, Error::Unanswered { .. }), "{next}: {error:?}");
    }
    assert_eq!(double.count("POST /v1/orders"), 1);
}

#[tokio::test]
async fn a_write_without_a_key_whose_answer_is_lost_is_not_repeated() {
    let double = Double::open(5, 1).await;
    let client = client(&format!("{},{}", hangs_up().await, double.endpoints));
    let error = client.refresh("rt_once").await.unwrap_err();
    assert!(matches!(error, Error::Unanswered { .. }), "{error:?}");
    assert_eq!(double.shop().seen, Vec::<String>::new());
}

#[tokio::test]
async fn a_sign_in_whose_answer_is_lost_is_repeated_as_it_does_no_harm() {
    let double = Double::open(5, 1).await;
    let client = client(&format!("{},{}", hangs_up().await, double.endpoints));
    client.sign_in("ada@example.com", "secret").await.unwrap();
    assert_eq!(double.count("POST /v1/sessions"), 1);
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_is_repeated() {
    let double = Double::open(5, 1).await;
    let client = client(&format!("{},{}", hangs_up().await, double.endpoints));
    assert_eq!(client.cluster().await.unwrap().cluster_id, "c1");
}

#[tokio::test]
async fn without_a_quorum_it_is_asked_again_until_patience_ends() {
    let double = Double::open(5, 1).await;
    double.shop().faults.extend([Fault::Refuse(code::NO_QUORUM); 3]);
    let client = client(&double.endpoints);
    client.place_order(&one(), &IdempotencyKey::random()).await.unwrap();
    assert_eq!(double.count("POST /v1/orders"), 4);

    double.shop().always = Some(Fault::Refuse(code::NO_QUORUM));
    let short = client.with_policy(Policy { attempts: 5, ..Policy::default() });
    let error = short.place_order(&one(), &IdempotencyKey::random()).await.unwrap_err();
    assert_eq!(error.code(), Some(code::NO_QUORUM));
    assert_eq!(double.count("POST /v1/orders"), 9);
}

#[tokio::test]
async fn a_refusal_is_final() {
    let double = Double::open(0, 2).await;
    let error = client(&double.endpoints).place_order(&one(), &IdempotencyKey::random()).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(409), Some(code::SOLD_OUT)));
    assert_eq!(error.request_id(), "req_of_the_node");
    assert_eq!(double.count("POST /v1/orders"), 1);
}
