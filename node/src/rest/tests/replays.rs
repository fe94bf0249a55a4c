//! Idempotency keys: a purchase may be sent again, to any node, and is made once.

use std::sync::Arc;

use serde_json::json;

use super::Node;

#[tokio::test]
async fn the_same_key_gets_the_first_answer_again_on_any_node() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    let first = node.buy(&creator, &drop, 1, "key").send().await.expect(201);
    let other_node = Node::over(Arc::clone(&node.shop));
    for again in [node.buy(&creator, &drop, 1, "key"), other_node.buy(&creator, &drop, 1, "key")] {
        let again = again.send().await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("livedrop-index"), first.header("livedrop-index"));
    }
    let left = node.get(&format!("/v1/drops/{drop}")).send().await.json();
    assert_eq!(left["items"][0]["held"], json!(1));
}

#[tokio::test]
async fn a_key_is_required_and_has_its_form() {
    let node = Node::new();
    let buyer = node.account("eve", "creator").await;
    let drop = node.drop(&buyer, json!({"stock": 5})).await;
    let body = json!({"drop_id": drop, "quantity": 1});
    let without = node.post("/v1/orders", body).token(&buyer).send().await;
    without.problem(400, "idempotency_key_required");
    for wrong in ["", "with space", &"x".repeat(256), "ümlaut"] {
        node.buy(&buyer, &drop, 1, wrong).send().await.problem(400, "bad_request");
    }
    node.buy(&buyer, &drop, 1, &"x".repeat(255)).send().await.expect(201);
}

#[tokio::test]
async fn the_same_key_for_something_else_is_refused() {
    let node = Node::new();
    let (ada, bob) = (node.account("ada", "creator").await, node.account("bob", "buyer").await);
    let drop = node.drop(&ada, json!({"stock": 5})).await;
    node.buy(&ada, &drop, 1, "key").send().await.expect(201);
    node.buy(&ada, &drop, 2, "key").send().await.problem(422, "idempotency_key_reused");
    let theirs = node.buy(&bob, &drop, 2, "key").send().await.expect(201);
    assert!(!theirs.has("idempotent-replayed"), "another account's key is another key");
}

#[tokio::test]
async fn a_refusal_is_an_answer_that_is_kept_too() {
    let node = Node::new();
    let (ada, bob) = (node.account("ada", "creator").await, node.account("bob", "buyer").await);
    let drop = node.drop(&ada, json!({"stock": 1})).await;
    let taken = node.buy(&ada, &drop, 1, "first").send().await.expect(201).text_at("id");
    node.buy(&bob, &drop, 1, "key").send().await.problem(409, "sold_out");
    node.post(&format!("/v1/orders/{taken}/cancel"), json!({})).token(&ada).send().await.expect(200);
    let again = node.buy(&bob, &drop, 1, "key").send().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    again.problem(409, "sold_out");
    node.buy(&bob, &drop, 1, "another-key").send().await.expect(201);
}

#[tokio::test]
async fn an_order_is_found_by_the_key_that_decided_it() {
    let node = Node::new();
    let (ada, bob) = (node.account("ada", "creator").await, node.account("bob", "buyer").await);
    let drop = node.drop(&ada, json!({"stock": 1})).await;
    let find = |token: &str, key: &str| node.get(&format!("/v1/orders?idempotency_key={key}")).token(token);
    find(&ada, "key").send().await.problem(404, "not_found");
    let placed = node.buy(&ada, &drop, 1, "key%3F").send().await.expect(201);
    assert_eq!(find(&ada, "key%253F").send().await.expect(200).text, placed.text);
    find(&bob, "key%253F").send().await.problem(404, "not_found");
    let cancel = format!("{}/cancel", placed.header("location"));
    node.buy(&bob, &drop, 1, "late").send().await.problem(409, "sold_out");
    find(&bob, "late").send().await.problem(409, "sold_out");
    node.post(&cancel, json!({})).token(&ada).send().await.expect(200);
    assert_eq!(find(&ada, "key%253F").send().await.expect(200).text_at("status"), "cancelled");
    find(&ada, "").send().await.problem(400, "bad_request");
    node.get("/v1/orders").token(&ada).send().await.problem(400, "bad_request");
}
