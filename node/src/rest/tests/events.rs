//! Streams of what happens.

use std::sync::Arc;

use livedrop_domain::{Request, follows};
use serde_json::{Value, json};

use super::super::shop::Shop;
use super::double::Double;
use super::{NOW, Node, OPERATOR_TOKEN};
use crate::feed;

/// A node with a drop of fifty units, its creator and its creator's token.
async fn with_drop() -> (Node, String, String) {
    let node = Node::new();
    let creator = node.account("cleo", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 50})).await;
    (node, drop, creator)
}

impl Node {
    async fn steer(&self, drop: &str, creator: &str, verb: &str) {
        self.post(&format!("/v1/drops/{drop}/{verb}"), json!({})).token(creator).send().await.expect(200);
    }

    /// Has an account follow another one, of these tokens.
    pub async fn follow(&self, follower: &str, creator: &str) {
        let mut ids = Vec::new();
        for token in [follower, creator] {
            let id = self.get("/v1/me").token(token).send().await.expect(200).text_at("id");
            ids.push(id.parse().expect("it is an account's"));
        }
        let command = follows::Command::Follow(follows::Follow { follower_id: ids[0], creator_id: ids[1] });
        let request = Request { request_id: "test".into(), idempotency: None, command: command.into(), by: None };
        self.shop.propose(request).await.expect("the shop works").answer.expect("it may follow");
    }

    /// The whole feed.
    pub async fn feed(&self) -> Vec<Value> {
        self.feed_after("0-0").await
    }

    /// The feed after an event, as operators read it, a few events at a time.
    pub async fn feed_after(&self, after: &str) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), after.to_owned());
        loop {
            let path = format!("/v1/admin/events?limit=3&after={after}");
            let page = self.get(&path).token(OPERATOR_TOKEN).send().await.expect(200).json();
            events.extend(page["items"].as_array().expect("a page has items").clone());
            if page["has_more"] == json!(false) {
                return events;
            }
            after = page["next_after"].as_str().expect("it is text").to_owned();
        }
    }
}

#[tokio::test]
async fn a_drop_tells_whoever_watches_what_happens_to_it() {
    let (node, drop, creator) = with_drop().await;
    let mut reader = node.get(&format!("/v1/drops/{drop}/events")).stream().await;
    node.steer(&drop, &creator, "pause").await;
    node.steer(&drop, &creator, "resume").await;
    let paused = reader.event().await;
    assert_eq!((&paused.kind[..], &paused.data["drop_id"]), ("drop.paused", &json!(drop)));
    assert_eq!(paused.data["id"], json!(paused.id));
    assert_eq!(reader.kinds(1).await, ["drop.live"]);
}

#[tokio::test]
async fn a_reader_goes_on_after_what_it_saw_on_any_node() {
    let (node, drop, creator) = with_drop().await;
    let mut reader = node.get(&format!("/v1/drops/{drop}/events")).stream().await;
    for verb in ["pause", "resume", "pause", "resume"] {
        node.steer(&drop, &creator, verb).await;
    }
    let seen = reader.event().await.id.expect("events have ids");
    let other = Node::over(node.shop.clone());
    node.steer(&drop, &creator, "pause").await;
    let expected = ["drop.live", "drop.paused", "drop.live", "drop.paused"];
    for node in [&node, &other] {
        assert_eq!(node.resume(&drop, &seen).await.kinds(4).await, expected);
        let first = node.get(&format!("/v1/drops/{drop}/events?last_event_id={seen}")).stream().await.kinds(4).await;
        assert_eq!(first, expected, "a reader that cannot send a header the first time");
    }
}

#[tokio::test]
async fn a_stream_begins_with_the_stock_and_goes_on_with_it() {
    let (node, drop, _) = with_drop().await;
    let buyer = node.account("bob", "buyer").await;
    let mut reader = node.get(&format!("/v1/drops/{drop}/events")).stream().await;
    assert_eq!(reader.available().await, 50);
    for (key, left) in [("one", 40), ("two", 30), ("three", 20), ("four", 10)] {
        node.buy(&buyer, &drop, 10, key).send().await.expect(201);
        let mut available = reader.available().await;
        while available > left {
            available = reader.available().await;
        }
        assert_eq!(available, left);
    }
}

#[tokio::test]
async fn an_account_is_told_of_its_orders_and_of_creators_that_it_follows_and_of_nothing_else() {
    let (node, drop, creator) = with_drop().await;
    let (bob, eve) = (node.account("bob", "buyer").await, node.account("eve", "buyer").await);
    let mut told = node.get("/v1/events").token(&bob).stream().await;
    node.buy(&eve, &drop, 1, "of-eve").send().await.expect(201);
    node.steer(&drop, &creator, "pause").await;
    node.follow(&bob, &creator).await;
    node.steer(&drop, &creator, "resume").await;
    let order = node.buy(&bob, &drop, 1, "of-bob").send().await.expect(201).text_at("id");
    assert_eq!(told.event().await.kind, "drop.live", "what happened before it followed is not told");
    let reserved = told.event().await;
    assert_eq!((&reserved.kind[..], &reserved.data["order_id"]), ("order.reserved", &json!(order)));
    for node in [&node, &Node::over(node.shop.clone())] {
        let mut again = node.get("/v1/events").token(&bob).header("last-event-id", "1-0").stream().await;
        assert_eq!(again.kinds(2).await, ["drop.live", "order.reserved"]);
    }
    node.get("/v1/events").send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_stream_ends_politely_with_its_session_its_token_and_its_node() {
    let (node, drop, _) = with_drop().await;
    let bob = node.account("bob", "buyer").await;
    let mut own = node.get("/v1/events").token(&bob).stream().await;
    let mut watching = node.get(&format!("/v1/drops/{drop}/events")).stream().await;
    node.call("DELETE", "/v1/sessions/current").token(&bob).send().await.expect(204);
    assert!(own.says_bye().await);
    assert_eq!(watching.available().await, 50, "others go on");
    node.rest.feed.close();
    assert!(watching.says_bye().await);
    node.get(&format!("/v1/drops/{drop}/events")).send().await.problem(503, "stopping");
    std::mem::drop(watching);
    std::mem::drop(own);
    assert_eq!(node.rest.feed.streams(), 0);
}

#[tokio::test]
async fn an_id_that_is_none_or_lies_ahead_is_refused() {
    let (node, drop, _) = with_drop().await;
    for id in ["soon", "7", "99999-0", "1-x"] {
        let asked = node.get(&format!("/v1/drops/{drop}/events")).header("last-event-id", id);
        asked.send().await.problem(400, "bad_request");
    }
    node.get("/v1/drops/drp_01KAS0FJX0D2W8NMC0D3F5H7KA/events").send().await.problem(404, "not_found");
}

#[tokio::test]
async fn whoever_comes_back_too_late_is_told_so_once_and_goes_on_from_there() {
    let (node, drop, creator) = with_drop().await;
    node.steer(&drop, &creator, "pause").await;
    node.shop.forget();
    node.shop.forget();
    let late = Node::over(node.shop.clone());
    let mut reader = late.resume(&drop, "1-0").await;
    let reset = reader.event().await;
    assert_eq!(reset.kind, "reset");
    node.steer(&drop, &creator, "resume").await;
    let live = reader.event().await;
    assert_eq!(live.kind, "drop.live");
    let again = late.resume(&drop, &reset.id.expect("it says where the reader is now")).await.event().await;
    assert_eq!(again, live);
}

#[tokio::test]
async fn an_account_and_an_address_have_so_many_streams_and_no_more() {
    let limits = feed::Settings { per_account_max: 1, per_address_max: 1, ..feed::Settings::default() };
    let node = Node::with_streams(Arc::new(Double::at(NOW)), limits);
    let creator = node.account("cleo", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 50})).await;
    let path = format!("/v1/drops/{drop}/events");
    let watching = node.get(&path).stream().await;
    node.get(&path).send().await.problem(429, "too_many_requests");
    // The address has as many as it may have; streams of accounts are counted by account.
    let own = node.get("/v1/events").token(&creator).stream().await;
    let refused = node.get("/v1/events").token(&creator).send().await;
    assert!(refused.has("retry-after"));
    refused.problem(429, "too_many_requests");
    std::mem::drop((own, watching));
    node.get("/v1/events").token(&creator).stream().await;
    node.get(&path).stream().await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_cut_off_and_misses_nothing() {
    let (node, drop, creator) = with_drop().await;
    let mut slow = node.get(&format!("/v1/drops/{drop}/events")).stream().await;
    let before = node.feed().await.last().expect("the drop was told")["id"].as_str().expect("it is text").to_owned();
    for _ in 0..200 {
        node.steer(&drop, &creator, "pause").await;
        node.steer(&drop, &creator, "resume").await;
    }
    while node.rest.feed.through().0 < node.shop.applied() {
        tokio::task::yield_now().await;
    }
    let (mut last, mut seen) = (before, Vec::new());
    while let Some(frame) = slow.frame().await {
        if let Some(id) = frame.id {
            last.clone_from(&id);
            seen.push(id);
        }
    }
    assert!(seen.len() < 400, "it is cut off at some time");
    let mut again = node.resume(&drop, &last).await;
    while seen.len() < 400 {
        seen.extend(again.event().await.id);
    }
    let told: Vec<_> =
        node.feed().await.iter().map(|event| event["id"].as_str().expect("it is text").to_owned()).collect();
    assert_eq!(seen, told[told.len() - 400..]);
}

#[tokio::test]
async fn whoever_begins_to_watch_while_a_sample_is_due_gets_one() {
    let (node, drop, creator) = with_drop().await;
    let watch = async || node.get(&format!("/v1/drops/{drop}/events")).stream().await;
    assert_eq!(watch().await.available().await, 50);
    let mut first = watch().await;
    assert_eq!(first.available().await, 50);
    // It changes no count: the sample that is due because of it says nothing new.
    node.steer(&drop, &creator, "pause").await;
    assert_eq!(first.event().await.kind, "drop.paused");
    assert_eq!(watch().await.available().await, 50);
}
