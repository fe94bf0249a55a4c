//! Accounts, sessions, roles.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Node, OPERATOR_TOKEN, PASSWORD};

fn account(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password, "display_name": "Ada", "role": "creator"})
}

#[tokio::test]
async fn an_account_is_opened_once_and_its_password_is_never_shown() {
    let node = Node::new();
    let opened = node.post("/v1/accounts", account("ada@example.com", PASSWORD)).send().await.expect(201);
    assert_eq!((opened.text_at("email"), opened.text_at("role")), ("ada@example.com".into(), "creator".into()));
    let fields: Vec<_> = opened.json().as_object().expect("it is one").keys().cloned().collect();
    assert_eq!(fields, ["created_at", "display_name", "email", "id", "role"]);
    let again = node.post("/v1/accounts", account("Ada@Example.com", PASSWORD)).send().await;
    again.problem(409, "email_taken");
}

#[tokio::test]
async fn a_password_that_is_easy_to_guess_is_refused() {
    let node = Node::new();
    for easy in ["password", "12345678", "ada@example.com"] {
        node.post("/v1/accounts", account("ada@example.com", easy)).send().await.problem(422, "weak_password");
    }
    for wrong in ["short", &"x".repeat(1_025)] {
        node.post("/v1/accounts", account("ada@example.com", wrong)).send().await.wrong_fields(&["/password"]);
    }
}

#[tokio::test]
async fn a_password_of_1024_bytes_is_taken_and_every_byte_of_it_counts() {
    let node = Node::new();
    let longest: String = PASSWORD.chars().cycle().take(1_024).collect();
    node.post("/v1/accounts", account("ada@example.com", &longest)).send().await.expect(201);
    let sign_in = |password: &str| node.post("/v1/sessions", json!({"email": "ada@example.com", "password": password}));
    sign_in(&longest[..1_023]).send().await.problem(401, "bad_credentials");
    sign_in(&longest).send().await.expect(201);
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_account_get_the_same_answer() {
    let node = Node::new();
    node.account("ada", "buyer").await;
    let try_in = async |name: &str| {
        let body = json!({"email": format!("{name}@example.com"), "password": "wrong"});
        node.post("/v1/sessions", body).header("x-request-id", "same-request").send().await
    };
    let (known, unknown) = (try_in("ada").await, try_in("nobody").await);
    assert_eq!(known.text, unknown.text);
    known.problem(401, "bad_credentials");
    unknown.problem(401, "bad_credentials");
}

#[tokio::test]
async fn whoever_guesses_waits() {
    let node = Node::new();
    node.account("ada", "buyer").await;
    let try_in = |password: &str| {
        let body = json!({"email": "ada@example.com", "password": password});
        node.post("/v1/sessions", body)
    };
    for _ in 0..3 {
        try_in("wrong").send().await.problem(401, "bad_credentials");
    }
    let refused = try_in(PASSWORD).send().await;
    assert_eq!(refused.header("retry-after"), "4");
    refused.problem(429, "too_many_requests");
    node.rest.limits.as_ref().expect("they are on").pass(4_000);
    try_in(PASSWORD).send().await.expect(201);
    node.shop.pass(1);
    try_in("wrong").send().await.problem(401, "bad_credentials");
}

#[tokio::test]
async fn a_token_is_good_until_it_expires_and_everywhere() {
    let node = Node::new();
    let token = node.account("ada", "buyer").await;
    assert_eq!(node.get("/v1/me").token(&token).send().await.expect(200).text_at("email"), "ada@example.com");
    let other_node = Node::over(Arc::clone(&node.shop));
    other_node.get("/v1/me").token(&token).send().await.expect(200);
    node.get("/v1/me").header("authorization", &format!("bearer {token}")).send().await.expect(200);
    for wrong in ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x.y.z", &format!("Bearer {token}x")] {
        let refused = node.get("/v1/me").header("authorization", wrong).send().await;
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"livedrop\"");
        refused.problem(401, "unauthenticated");
    }
    node.shop.pass(15 * 60_000);
    node.get("/v1/me").token(&token).send().await.problem(401, "unauthenticated");
    other_node.get("/v1/me").token(&token).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn signing_out_ends_a_session_on_every_node() {
    let node = Node::new();
    let (token, other) = (node.account("ada", "buyer").await, node.account("bob", "buyer").await);
    let other_node = Node::over(Arc::clone(&node.shop));
    other_node.get("/v1/me").token(&token).send().await.expect(200);
    node.call("DELETE", "/v1/sessions/current").token(&token).send().await.expect(204);
    node.get("/v1/me").token(&token).send().await.problem(401, "unauthenticated");
    for event in node.shop.take_events() {
        other_node.rest.auth.observe(&event);
    }
    other_node.get("/v1/me").token(&token).send().await.problem(401, "unauthenticated");
    other_node.get("/v1/me").token(&other).send().await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_used_twice_ends_the_session() {
    let node = Node::new();
    node.account("ada", "buyer").await;
    let first = node.sign_in("ada").await;
    let refresh = |token: &Value| node.post("/v1/sessions/refresh", json!({"refresh_token": token}));
    let second = refresh(&first["refresh_token"]).send().await.expect(200).json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let access = second["access_token"].as_str().expect("it is text").to_owned();
    node.get("/v1/me").token(&access).send().await.expect(200);
    refresh(&first["refresh_token"]).send().await.problem(401, "unauthenticated");
    refresh(&second["refresh_token"]).send().await.problem(401, "unauthenticated");
    node.get("/v1/me").token(&access).send().await.problem(401, "unauthenticated");
    for wrong in [json!("rt_nonsense"), json!(""), second["access_token"].clone()] {
        refresh(&wrong).send().await.problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_node_that_lags_makes_sure_before_it_refuses_a_new_session() {
    let node = Node::new();
    let lagging = Node::over(Arc::clone(&node.shop));
    lagging.shop.lag();
    let token = node.account("ada", "buyer").await;
    node.shop.lag();
    lagging.get("/v1/me").token(&token).send().await.expect(200);
}

#[tokio::test]
async fn the_keys_that_sign_are_published_without_their_private_halves() {
    let node = Node::new();
    let jwks = node.get("/.well-known/jwks.json").send().await.expect(200);
    let keys = jwks.json()["keys"].as_array().expect("a list").clone();
    assert_eq!(keys.len(), 1);
    assert_eq!(
        (&keys[0]["kty"], &keys[0]["crv"], &keys[0]["alg"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"))
    );
    assert!(keys[0].get("d").is_none());
    let other_node = Node::over(Arc::clone(&node.shop));
    assert_eq!(other_node.get("/.well-known/jwks.json").send().await.expect(200).text, jwks.text);
}

#[tokio::test]
async fn only_operators_operate() {
    let node = Node::new();
    let (buyer, creator) = (node.account("ada", "buyer").await, node.account("bob", "creator").await);
    let operator = node.account("olga", "operator").await;
    for path in ["/v1/admin/status", "/v1/admin/hash"] {
        node.get(path).send().await.problem(401, "unauthenticated");
        node.get(path).token("op_of_another").send().await.problem(401, "unauthenticated");
        node.get(path).token(&buyer).send().await.problem(403, "forbidden");
        node.get(path).token(&creator).send().await.problem(403, "forbidden");
        node.get(path).token(&operator).send().await.expect(200);
        node.get(path).token(OPERATOR_TOKEN).send().await.expect(200);
    }
    let body = json!({"email": "eve@example.com", "password": PASSWORD, "display_name": "Eve", "role": "operator"});
    node.post("/v1/admin/accounts", body.clone()).token(&creator).send().await.problem(403, "forbidden");
    let opened = node.post("/v1/admin/accounts", body).token(&operator).send().await.expect(201);
    assert_eq!(opened.text_at("role"), "operator");
}

#[tokio::test]
async fn the_hash_of_an_index_is_told_or_waited_for() {
    let node = Node::new();
    let operator = node.account("olga", "operator").await;
    let hash = |query: &str| node.get(&format!("/v1/admin/hash{query}")).token(&operator);
    let now = hash("").send().await.expect(200);
    assert_eq!(now.text_at("hash").len(), 64);
    let index = now.text_at("index");
    assert_eq!(hash(&format!("?index={index}")).send().await.expect(200).text, now.text);
    assert_ne!(hash("?index=1").send().await.expect(200).text_at("hash"), now.text_at("hash"));
    hash("?index=999999").send().await.problem(503, "behind");
}
