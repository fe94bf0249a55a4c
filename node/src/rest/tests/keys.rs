//! The keys that sign: replaced without anybody noticing, revoked at once.

use std::sync::Arc;

use serde_json::Value;

use super::{Node, OPERATOR_TOKEN};

fn access(session: &Value) -> String {
    session["access_token"].as_str().expect("it is text").to_owned()
}

async fn rotate(node: &Node) -> String {
    node.call("POST", "/v1/admin/keys").token(OPERATOR_TOKEN).send().await.expect(201).text_at("id")
}

async fn keys(node: &Node) -> Vec<(String, bool)> {
    let keys = node.get("/v1/admin/keys").token(OPERATOR_TOKEN).send().await.expect(200).json();
    let keys = keys["keys"].as_array().expect("a list").iter();
    keys.map(|key| (key["id"].as_str().expect("it is text").to_owned(), key["signs"] == true)).collect()
}

async fn published(node: &Node) -> Vec<String> {
    let keys = node.get("/.well-known/jwks.json").send().await.expect(200).json();
    let mut ids: Vec<_> = keys["keys"].as_array().expect("a list").iter().map(|key| key["kid"].to_string()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn tokens_of_the_old_key_and_of_the_new_one_are_good_on_every_node_while_keys_change() {
    let node = Node::new();
    node.account("ada", "buyer").await;
    let other_node = Node::over(Arc::clone(&node.shop));
    let mut tokens = Vec::new();
    for _ in 0..5 {
        // The other node hears of nothing: it finds the keys by itself.
        tokens.push(access(&node.sign_in("ada").await));
        rotate(&node).await;
        tokens.push(access(&node.sign_in("ada").await));
        for token in &tokens {
            for node in [&node, &other_node] {
                node.get("/v1/me").token(token).send().await.expect(200);
            }
        }
    }
    let all = keys(&node).await;
    assert_eq!((all.len(), all.iter().filter(|(_, signs)| *signs).count()), (6, 1));
    assert_eq!(published(&node).await.len(), 6);
}

#[tokio::test]
async fn a_node_that_has_not_applied_the_new_key_makes_sure_before_it_refuses() {
    let node = Node::new();
    node.account("ada", "buyer").await;
    let lagging = Node::over(Arc::clone(&node.shop));
    let before = node.shop.copy();
    rotate(&node).await;
    let token = access(&node.sign_in("ada").await);
    node.shop.show(&before);
    lagging.get("/v1/me").token(&token).send().await.expect(200);
    node.shop.show(&before);
    let of_another_cluster = Node::new();
    let forged = of_another_cluster.account("ada", "operator").await;
    lagging.get("/v1/me").token(&forged).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_old_key_goes_when_the_last_token_that_it_signed_has_run_out() {
    let node = Node::new();
    node.account("ada", "buyer").await;
    let [(old, true)] = &keys(&node).await[..] else { panic!("one key signs") };
    let new = rotate(&node).await;
    let token = access(&node.sign_in("ada").await);
    node.shop.pass(15 * 60_000 - 1);
    assert_eq!(keys(&node).await.len(), 2);
    node.get("/v1/me").token(&token).send().await.expect(200);
    node.shop.pass(5 * 60_000 + 1);
    assert_eq!(keys(&node).await, [(new, true)]);
    node.hear(&node.shop.take_events());
    assert!(!published(&node).await.contains(&format!("{old:?}")));
}

#[tokio::test]
async fn a_revoked_key_takes_its_tokens_along_on_every_node() {
    let node = Node::new();
    let other_node = Node::over(Arc::clone(&node.shop));
    node.account("ada", "buyer").await;
    let session = node.sign_in("ada").await;
    let by_first = access(&session);
    let [(first, true)] = &keys(&node).await[..] else { panic!("one key signs") };
    rotate(&node).await;
    let by_second = access(&node.sign_in("ada").await);
    for token in [&by_first, &by_second] {
        other_node.get("/v1/me").token(token).send().await.expect(200);
    }
    node.shop.take_events();
    let revoke = |id: &str| node.call("DELETE", &format!("/v1/admin/keys/{id}")).token(OPERATOR_TOKEN);
    revoke(first).send().await.expect(204);
    other_node.hear(&node.shop.take_events());
    for node in [&node, &other_node] {
        node.get("/v1/me").token(&by_first).send().await.problem(401, "unauthenticated");
        node.get("/v1/me").token(&by_second).send().await.expect(200);
    }
    revoke(first).send().await.problem(404, "not_found");
    let [(second, true)] = &keys(&node).await[..] else { panic!("one key signs") };
    revoke(second).send().await.expect(204);
    other_node.hear(&node.shop.take_events());
    for node in [&node, &other_node] {
        node.get("/v1/me").token(&by_second).send().await.problem(401, "unauthenticated");
    }
    let [(third, true)] = &keys(&node).await[..] else { panic!("another key signs") };
    assert!(third != first && third != second);
    // The session is as good as before: only what was signed for it is not.
    let refreshed = node.post("/v1/sessions/refresh", serde_json::json!({"refresh_token": session["refresh_token"]}));
    let fresh = refreshed.send().await.expect(200).json();
    other_node.get("/v1/me").token(&access(&fresh)).send().await.expect(200);
}
