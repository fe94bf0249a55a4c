//! Where creators are told, and who may say so.

use livedrop_domain::Request;
use livedrop_domain::webhooks::{self, Command, Enqueue};
use serde_json::{Value, json};

use super::super::shop::{Shop, look};
use super::{Node, items};
use crate::webhooks::gather;

#[tokio::test]
async fn an_endpoint_is_its_creators_and_shows_its_secret_once() {
    let node = Node::new();
    let (creator, other) = (node.account("ada", "creator").await, node.account("bob", "creator").await);
    let buyer = node.account("eve", "buyer").await;
    let body = json!({"url": "https://shop.example/hooks", "events": ["order.confirmed"]});
    node.post("/v1/webhook_endpoints", body.clone()).token(&buyer).send().await.problem(403, "forbidden");
    let made = node.post("/v1/webhook_endpoints", body).token(&creator).send().await.expect(201);
    let secret = made.text_at("secret");
    assert!(secret.starts_with("whsec_"), "{secret}");
    let path = made.header("location").to_owned();
    let shown = node.get(&path).token(&creator).send().await.expect(200);
    assert!(shown.json()["secret"].is_null(), "{}", shown.text);
    node.get(&path).token(&other).send().await.problem(404, "not_found");
    let rotated = node.post(&format!("{path}/rotate"), json!({})).token(&creator).send().await.expect(200);
    assert_ne!(rotated.text_at("secret"), secret);
    let off = node.call("PATCH", &path).json(json!({"enabled": false})).token(&creator).send().await.expect(200);
    assert_eq!((&off.json()["enabled"], &off.json()["url"]), (&json!(false), &json!("https://shop.example/hooks")));
    let list = async |who: &str| node.get("/v1/webhook_endpoints").token(who).send().await.expect(200).json();
    assert_eq!((items(&list(&creator).await, "id").len(), items(&list(&other).await, "id").len()), (1, 0));
    node.call("DELETE", &path).token(&other).send().await.problem(404, "not_found");
    node.call("DELETE", &path).token(&creator).send().await.expect(204);
    node.get(&path).token(&creator).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn an_endpoint_is_public_and_asks_for_events_that_there_are() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    for url in ["http://shop.example/", "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/", "nonsense"] {
        let refused = node.post("/v1/webhook_endpoints", json!({"url": url})).token(&creator).send().await;
        refused.wrong_fields(&["/url"]);
    }
    let body = json!({"url": "https://shop.example/", "events": ["order.sold"]});
    node.post("/v1/webhook_endpoints", body).token(&creator).send().await.wrong_fields(&["/events"]);
    for _ in 0..16 {
        let body = json!({"url": "https://shop.example/"});
        node.post("/v1/webhook_endpoints", body).token(&creator).send().await.expect(201);
    }
    let more = node.post("/v1/webhook_endpoints", json!({"url": "https://shop.example/"})).token(&creator);
    more.send().await.problem(409, "too_many_endpoints");
}

#[tokio::test]
async fn a_webhook_of_a_gateway_that_is_not_here_is_not_taken() {
    let node = Node::new();
    node.post("/v1/webhooks/stripe", json!({"id": "evt_1"})).send().await.problem(404, "not_found");
}

/// What the next stretch of the journal comes to, put in the log: the deliveries that it makes, and what was missed.
async fn enqueue(node: &Node, seen: u64) -> (Vec<Enqueue>, bool, u64) {
    let gathered = look(&*node.shop, |view| gather(view, seen)).expect("memory does not fail").what;
    let mut made = Vec::new();
    for command in gathered.commands {
        let Command::Enqueue(enqueue) = command.clone() else { panic!("{command:?} makes no deliveries") };
        let request = Request { request_id: "test".into(), idempotency: None, command: command.into(), by: None };
        let outcome = node.shop.propose(request).await.expect("it answers");
        outcome.answer.expect("the log takes it");
        made.push(enqueue);
    }
    (made, gathered.missed.is_some(), gathered.through)
}

#[tokio::test]
async fn events_that_the_journal_let_go_of_are_missed_and_their_creators_are_told_so() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let body = json!({"url": "https://shop.example/", "events": ["order.confirmed"]});
    let made = node.post("/v1/webhook_endpoints", body.clone()).token(&creator).send().await.expect(201);
    let deliveries = format!("{}/deliveries", made.header("location"));
    node.drop(&creator, json!({"stock": 1})).await;
    node.shop.pass(60_000);
    node.shop.forget();
    node.shop.forget();
    let late = node.post("/v1/webhook_endpoints", body).token(&creator).send().await.expect(201);
    let (made, missed, through) = enqueue(&node, 0).await;
    let told: Vec<_> = made.iter().flat_map(|enqueue| &enqueue.deliveries).collect();
    assert_eq!((told.len(), missed), (1, true), "whoever came later has missed nothing: {told:?}");
    let said: Value = serde_json::from_slice(&told[0].body).expect("it is JSON");
    assert_eq!(
        (&said["type"], &said["data"]["from_log_index"], &said["data"]["through_log_index"]),
        (&json!("deliveries.missed"), &json!("1"), &json!(through.to_string()))
    );
    let list = node.get(&deliveries).token(&creator).send().await.expect(200).json();
    assert_eq!(items(&list, "type"), [json!("deliveries.missed")], "{list}");
    let of_late = format!("{}/deliveries", late.header("location"));
    let list = node.get(&of_late).token(&creator).send().await.expect(200).json();
    assert_eq!(items(&list, "id").len(), 0);
    let cursor = look(&*node.shop, webhooks::cursor).expect("memory does not fail").what;
    assert_eq!(cursor, through);
    let (made, missed, _) = enqueue(&node, through).await;
    let deliveries: usize = made.iter().map(|enqueue| enqueue.deliveries.len()).sum();
    assert_eq!((deliveries, missed), (0, false), "it goes on after them");
}
