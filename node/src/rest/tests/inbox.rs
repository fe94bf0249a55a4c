//! What an account is told and reads later.

use serde_json::{Value, json};

use super::{Answered, Node, items};

/// A creator and a buyer who follows them: their tokens, and the creator's id.
async fn followed(node: &Node) -> (String, String, String) {
    let (creator, buyer) = (node.account("ada", "creator").await, node.account("bo", "buyer").await);
    let creator_id = node.get("/v1/me").token(&creator).send().await.expect(200).text_at("id");
    node.call("PUT", &format!("/v1/me/following/{creator_id}")).token(&buyer).send().await.expect(204);
    (creator, buyer, creator_id)
}

async fn inbox(node: &Node, token: &str, query: &str) -> Value {
    node.get(&format!("/v1/me/notifications{query}")).token(token).send().await.expect(200).json()
}

async fn set(node: &Node, token: &str, preferences: Value) -> Answered {
    node.call("PUT", "/v1/me/notifications/preferences").token(token).json(preferences).send().await
}

#[tokio::test]
async fn a_drop_and_an_own_order_are_told_of_once_newest_first() {
    let node = Node::new();
    let (creator, buyer, creator_id) = followed(&node).await;
    let drop = node.drop(&creator, json!({"stock": 1, "hold_seconds": 60})).await;
    let order = node.buy(&buyer, &drop, 1, "key").send().await.expect(201).text_at("id");
    node.shop.pass(120_000);
    let page = inbox(&node, &buyer, "").await;
    assert_eq!(items(&page, "type"), ["order.expired", "drop.restocked", "drop.sold_out", "drop.live"]);
    let (expired, restocked) = (&page["items"][0], &page["items"][1]);
    assert_eq!((&restocked["drop_id"], &restocked["creator_id"]), (&json!(drop), &json!(creator_id)));
    assert_eq!((&expired["drop_id"], &expired["order_id"]), (&json!(drop), &json!(order)));
    assert!(inbox(&node, &creator, "").await["items"].as_array().is_some_and(Vec::is_empty), "one's own drops");
    let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let page = inbox(&node, &buyer, &query).await;
        seen.extend(items(&page, "id"));
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=3&cursor={next}");
    }
    assert_eq!(seen, items(&page, "id"));
}

#[tokio::test]
async fn what_was_read_stays_read() {
    let node = Node::new();
    let (creator, buyer, _) = followed(&node).await;
    node.drop(&creator, json!({"stock": 1})).await;
    node.drop(&creator, json!({"stock": 1})).await;
    let page = inbox(&node, &buyer, "").await;
    let ids = items(&page, "id");
    let read = async || -> Vec<bool> {
        let page = inbox(&node, &buyer, "").await;
        page["items"].as_array().expect("items").iter().map(|one| one["read"] == json!(true)).collect()
    };
    let mark =
        async |id: &str| node.post("/v1/me/notifications/read", json!({"through": id})).token(&buyer).send().await;
    assert_eq!(read().await, [false, false]);
    mark(&ids[1]).await.expect(204);
    assert_eq!(read().await, [false, true]);
    mark(&ids[0]).await.expect(204);
    mark(&ids[1]).await.expect(204);
    assert_eq!(read().await, [true, true]);
    mark("18446744073709551615-0").await.expect(204);
    node.drop(&creator, json!({"stock": 1})).await;
    assert_eq!(read().await, [false, true, true], "what is to come cannot have been read");
    mark("newest").await.wrong_fields(&["/through"]);
}

#[tokio::test]
async fn preferences_leave_out_creators_and_types() {
    let node = Node::new();
    let (creator, buyer, creator_id) = followed(&node).await;
    node.drop(&creator, json!({"stock": 1})).await;
    let count = async || inbox(&node, &buyer, "").await["items"].as_array().expect("items").len();
    assert_eq!(count().await, 1);
    let muted = set(&node, &buyer, json!({"muted_creators": [creator_id]})).await.expect(200).json();
    assert_eq!(muted, json!({"muted_creators": [creator_id], "types_off": []}));
    assert_eq!(count().await, 0);
    set(&node, &buyer, json!({"types_off": ["drop.live"]})).await.expect(200);
    assert_eq!(count().await, 0);
    set(&node, &buyer, json!({"types_off": ["drop.sold_out"]})).await.expect(200);
    assert_eq!(count().await, 1);
    let kept = node.get("/v1/me/notifications/preferences").token(&buyer).send().await.expect(200).json();
    assert_eq!(kept, json!({"muted_creators": [], "types_off": ["drop.sold_out"]}));
    let wrong = set(&node, &buyer, json!({"muted_creators": ["ada"], "types_off": ["drop.paused"]})).await;
    wrong.wrong_fields(&["/muted_creators/0", "/types_off/0"]);
}
