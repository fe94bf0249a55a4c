//! What changes an answer that caches keep for long reaches them by one of the tags that the answer carries.

use serde_json::{Value, json};

use super::{Answered, NOW, Node};
use crate::cdn::{Call, News};
use crate::rest::text;

const STARTS_IN_MS: u64 = 60_000;

/// The tags that caches are told after what has happened since this was last asked.
fn told(node: &Node) -> Vec<String> {
    let mut news = News::default();
    node.shop.take_events().iter().for_each(|event| news.note(event));
    let tags = |call| match call {
        Call::Purge(tags) | Call::Invalidate(tags) => tags,
        Call::PurgeEverything => panic!("events are known by their tags"),
    };
    news.calls().into_iter().flat_map(tags).collect()
}

async fn read(node: &Node, path: &str) -> Answered {
    node.get(path).send().await.expect(200)
}

/// Answers without the time at which they were given.
fn shown(answered: &Answered) -> Value {
    let mut shown = answered.json();
    shown["server_time"] = Value::Null;
    shown
}

#[tokio::test]
async fn every_event_reaches_every_cached_answer_that_it_changes() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let product = node.product(&creator).await;
    let (id, etag) = (product.text_at("id"), product.header("etag").to_owned());
    let starts_at = text::time(NOW.after_ms(STARTS_IN_MS));
    let drop = json!({"product_id": id, "stock": 2, "starts_at": starts_at, "low_stock_threshold": 1});
    let drop = node.post("/v1/drops", drop).token(&creator).send().await.expect(201).text_at("id");
    let paths = [
        format!("/v1/products/{id}"),
        format!("/v1/drops/{drop}"),
        format!("/v1/creators/{}", product.text_at("creator_id")),
    ];
    let steer = |verb: &str| node.post(&format!("/v1/drops/{drop}/{verb}"), json!({})).token(&creator);
    let restock = || node.post(&format!("/v1/drops/{drop}/restock"), json!({"sku": "default", "quantity": 3}));
    let mut changed = 0;
    for step in 0..10 {
        let mut before = Vec::new();
        for path in &paths {
            before.push(read(&node, path).await);
        }
        told(&node);
        let name = |name: &str| node.call("PATCH", &paths[0]).json(json!({ "name": name })).token(&creator);
        match step {
            0 => drop_edit(&node, &paths[1], &creator).await,
            1 => name("Print").header("if-match", &etag).send().await.expect(200),
            2 => opened(&node, &paths[1]).await,
            3 => node.buy(&creator, &drop, 2, "all-of-them").send().await.expect(201),
            4 => restock().token(&creator).send().await.expect(200),
            5 => steer("pause").send().await.expect(200),
            6 => steer("resume").send().await.expect(200),
            7 => steer("end").send().await.expect(200),
            8 => steer("cancel").send().await,
            _ => node.call("DELETE", &paths[0]).token(&creator).send().await,
        };
        let told = told(&node);
        for (path, before) in paths.iter().zip(before) {
            if shown(&read(&node, path).await) != shown(&before) {
                let tags = before.header("cache-tag").split(',').map(str::to_owned).collect::<Vec<_>>();
                assert_eq!(tags.join(" "), before.header("surrogate-key"));
                assert!(tags.iter().any(|tag| told.contains(tag)), "step {step}: {path} is {tags:?}, told: {told:?}");
                changed += 1;
            }
        }
    }
    assert!(changed >= 8, "only {changed} answers changed");
}

async fn drop_edit(node: &Node, path: &str, creator: &str) -> Answered {
    node.call("PATCH", path).json(json!({"per_customer_limit": 2})).token(creator).send().await.expect(200)
}

/// The drop once it has started.
async fn opened(node: &Node, path: &str) -> Answered {
    node.shop.pass(STARTS_IN_MS);
    read(node, path).await
}
