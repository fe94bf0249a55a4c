//! Where creators are told, and who may say so.

use serde_json::json;

use super::{Node, items};

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
