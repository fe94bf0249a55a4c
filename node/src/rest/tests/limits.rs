//! How often callers may ask, and what they are told of it.

use std::sync::Arc;

use serde_json::json;

use super::double::Double;
use super::{CallerOptions, NOW, Node, Rate, caller_limits};

fn limited(account: u32, address: u32) -> Node {
    let rate = |burst| Rate { per_minute: 60, burst };
    let limits = CallerOptions { account: rate(account), address: rate(address), ..caller_limits() };
    Node::limited(Arc::new(Double::at(NOW)), limits)
}

#[tokio::test]
async fn an_account_that_asks_too_often_is_told_how_long_to_wait() {
    let node = limited(3, 1_000);
    let token = node.account("ada", "buyer").await;
    // The first request of a token counts for its address alone.
    let first = node.get("/v1/me").token(&token).send().await.expect(200);
    assert_eq!(first.header("ratelimit-policy"), "\"address\";q=1000;w=1000");
    for left in (0..3).rev() {
        let answered = node.get("/v1/me").token(&token).send().await.expect(200);
        assert_eq!(answered.header("ratelimit-policy"), "\"account\";q=3;w=3");
        assert_eq!(answered.header("ratelimit"), format!("\"account\";r={left};t={}", 3 - left));
    }
    let refused = node.get("/v1/me").token(&token).send().await;
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit"), "\"account\";r=0;t=3");
    assert_eq!(refused.json()["violated-policies"], json!(["account"]));
    refused.problem(429, "rate_limited");
    node.rest.limits.as_ref().expect("they are on").pass(1_000);
    node.get("/v1/me").token(&token).send().await.expect(200);
}

#[tokio::test]
async fn two_buyers_behind_one_address_both_buy() {
    let node = limited(5, 1_000);
    let creator = node.account("eve", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 10})).await;
    for buyer in ["ada", "bob"] {
        let token = node.account(buyer, "buyer").await;
        for order in 0..3 {
            node.buy(&token, &drop, 1, &format!("{buyer}-{order}")).send().await.expect(201);
        }
    }
}

#[tokio::test]
async fn an_address_has_a_limit_of_its_own_and_a_network_of_ipv6_is_one_address() {
    let node = limited(1_000, 3);
    for _ in 0..3 {
        node.get("/v1/products").from("2001:db8::1").send().await.expect(200);
    }
    let refused = node.get("/v1/products").from("2001:db8::ffff").send().await;
    assert_eq!(refused.json()["violated-policies"], json!(["address"]));
    refused.problem(429, "rate_limited");
    node.get("/v1/products").from("2001:db8:0:1::1").send().await.expect(200);
    node.get("/livez").from("2001:db8::1").send().await.expect(200);
}

#[tokio::test]
async fn whoever_guesses_at_many_accounts_from_one_address_waits_too() {
    let wrong_from_address = Rate { per_minute: 60, burst: 5 };
    let node = Node::limited(Arc::new(Double::at(NOW)), CallerOptions { wrong_from_address, ..caller_limits() });
    let try_in = |name: usize, from: &'static str| {
        let body = json!({"email": format!("user{name}@example.com"), "password": "wrong"});
        node.post("/v1/sessions", body).from(from)
    };
    for name in 0..5 {
        try_in(name, "192.0.2.1").send().await.problem(401, "bad_credentials");
    }
    try_in(9, "192.0.2.1").send().await.problem(429, "too_many_requests");
    try_in(9, "192.0.2.2").send().await.problem(401, "bad_credentials");
}
