//! How sessions end: everywhere at once, by another password, another role, or an operator.

use std::sync::Arc;

use livedrop_domain::audit::Head;
use livedrop_domain::{AccountId, audit};
use serde_json::{Value, json};

use super::super::shop::look;
use super::{Call, Node, OPERATOR_TOKEN, PASSWORD};

const OTHER_PASSWORD: &str = "marble-heron-4-compass";

fn access(session: &Value) -> String {
    session["access_token"].as_str().expect("it is text").to_owned()
}

fn refresh<'a>(node: &'a Node, session: &Value) -> Call<'a> {
    node.post("/v1/sessions/refresh", json!({"refresh_token": session["refresh_token"]}))
}

fn sign_in<'a>(node: &'a Node, name: &str, password: &str) -> Call<'a> {
    node.post("/v1/sessions", json!({"email": format!("{name}@example.com"), "password": password}))
}

/// Two nodes over one shop, both of which have seen both sessions of ada, and one of bob.
async fn two_nodes() -> (Node, Node, [Value; 2], String) {
    let node = Node::new();
    let (_, bob) = (node.account("ada", "buyer").await, node.account("bob", "buyer").await);
    let sessions = [node.sign_in("ada").await, node.sign_in("ada").await];
    let other_node = Node::over(Arc::clone(&node.shop));
    for session in &sessions {
        for node in [&node, &other_node] {
            node.get("/v1/me").token(&access(session)).send().await.expect(200);
        }
    }
    other_node.get("/v1/me").token(&bob).send().await.expect(200);
    node.shop.take_events();
    (node, other_node, sessions, bob)
}

async fn id(node: &Node, token: &str) -> String {
    node.get("/v1/me").token(token).send().await.expect(200).text_at("id")
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_on_every_node_at_once() {
    let (node, other_node, sessions, bob) = two_nodes().await;
    node.call("DELETE", "/v1/sessions").token(&access(&sessions[0])).send().await.expect(204);
    other_node.hear(&node.shop.take_events());
    for session in &sessions {
        for node in [&node, &other_node] {
            node.get("/v1/me").token(&access(session)).send().await.problem(401, "unauthenticated");
            refresh(node, session).send().await.problem(401, "unauthenticated");
        }
    }
    other_node.get("/v1/me").token(&bob).send().await.expect(200);
    let again = sign_in(&other_node, "ada", PASSWORD).send().await.expect(201).json();
    node.get("/v1/me").token(&access(&again)).send().await.expect(200);
    refresh(&node, &again).send().await.expect(200);
}

#[tokio::test]
async fn another_password_ends_all_sessions_but_the_one_that_set_it() {
    let (node, other_node, sessions, _) = two_nodes().await;
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        node.call("PUT", "/v1/me/password").json(body).token(&access(&sessions[0]))
    };
    change("wrong", OTHER_PASSWORD).send().await.problem(401, "bad_credentials");
    change(PASSWORD, "short").send().await.wrong_fields(&["/new_password"]);
    change(PASSWORD, "ada@example.com").send().await.problem(422, "weak_password");
    change(PASSWORD, OTHER_PASSWORD).send().await.expect(204);
    other_node.hear(&node.shop.take_events());
    for node in [&node, &other_node] {
        node.get("/v1/me").token(&access(&sessions[0])).send().await.expect(200);
        node.get("/v1/me").token(&access(&sessions[1])).send().await.problem(401, "unauthenticated");
        sign_in(node, "ada", PASSWORD).send().await.problem(401, "bad_credentials");
    }
    refresh(&node, &sessions[1]).send().await.problem(401, "unauthenticated");
    refresh(&node, &sessions[0]).send().await.expect(200);
    sign_in(&other_node, "ada", OTHER_PASSWORD).send().await.expect(201);
}

#[tokio::test]
async fn whoever_guesses_at_the_old_password_waits_as_at_the_door() {
    let node = Node::new();
    let ada = node.account("ada", "buyer").await;
    let change = |current: &str| {
        let body = json!({"current_password": current, "new_password": OTHER_PASSWORD});
        node.call("PUT", "/v1/me/password").json(body).token(&ada)
    };
    for _ in 0..3 {
        change("wrong").send().await.problem(401, "bad_credentials");
    }
    change(PASSWORD).send().await.problem(429, "too_many_requests");
    sign_in(&node, "ada", PASSWORD).send().await.problem(429, "too_many_requests");
}

#[tokio::test]
async fn a_disabled_account_is_refused_everywhere_and_its_things_stay() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let buyer = node.account("eve", "buyer").await;
    let session = node.sign_in("ada").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    let path = format!("/v1/admin/accounts/{}", id(&node, &creator).await);
    let other_node = Node::over(Arc::clone(&node.shop));
    other_node.get("/v1/me").token(&creator).send().await.expect(200);
    node.shop.take_events();
    let operator = |verb: &str| node.call("POST", &format!("{path}/{verb}")).token(OPERATOR_TOKEN);
    let disabled = operator("disable").send().await.expect(200);
    assert!(disabled.json()["disabled_at"].is_string(), "{}", disabled.text);
    assert_eq!(operator("disable").send().await.expect(200).json(), disabled.json(), "since then, and not since now");
    other_node.hear(&node.shop.take_events());
    for node in [&node, &other_node] {
        node.get("/v1/me").token(&creator).send().await.problem(401, "unauthenticated");
        sign_in(node, "ada", PASSWORD).send().await.problem(403, "account_disabled");
        sign_in(node, "ada", "wrong").send().await.problem(401, "bad_credentials");
    }
    refresh(&node, &session).send().await.problem(401, "unauthenticated");
    node.buy(&buyer, &drop, 1, "key").send().await.expect(201);
    operator("enable").send().await.expect(200);
    node.get("/v1/me").token(&creator).send().await.problem(401, "unauthenticated");
    sign_in(&node, "ada", PASSWORD).send().await.expect(201);
}

#[tokio::test]
async fn another_role_counts_from_the_next_sign_in_and_the_old_one_ends_at_once() {
    let node = Node::new();
    let olga = node.account("olga", "operator").await;
    let path = format!("/v1/admin/accounts/{}", id(&node, &olga).await);
    let role = |role: &str| node.call("PUT", &format!("{path}/role")).json(json!({"role": role})).token(OPERATOR_TOKEN);
    role("operator").send().await.expect(200);
    node.get("/v1/admin/status").token(&olga).send().await.expect(200);
    assert_eq!(role("buyer").send().await.expect(200).text_at("role"), "buyer");
    node.get("/v1/admin/status").token(&olga).send().await.problem(401, "unauthenticated");
    let now = access(&node.sign_in("olga").await);
    node.get("/v1/admin/status").token(&now).send().await.problem(403, "forbidden");
    role("queen").send().await.wrong_fields(&["/role"]);
}

#[tokio::test]
async fn an_operator_gives_a_new_password_and_ends_sessions() {
    let (node, _, sessions, _) = two_nodes().await;
    let path = format!("/v1/admin/accounts/{}", id(&node, &access(&sessions[0])).await);
    for _ in 0..4 {
        sign_in(&node, "ada", "wrong").send().await;
    }
    let password =
        |new: &str| node.call("PUT", &format!("{path}/password")).json(json!({"password": new})).token(OPERATOR_TOKEN);
    password("short").send().await.wrong_fields(&["/password"]);
    password("password").send().await.problem(422, "weak_password");
    password(OTHER_PASSWORD).send().await.expect(204);
    node.get("/v1/me").token(&access(&sessions[0])).send().await.problem(401, "unauthenticated");
    let session = sign_in(&node, "ada", OTHER_PASSWORD).send().await.expect(201).json();
    node.call("DELETE", &format!("{path}/sessions")).token(OPERATOR_TOKEN).send().await.expect(204);
    refresh(&node, &session).send().await.problem(401, "unauthenticated");
    let nobody = format!("/v1/admin/accounts/{}", AccountId::from_u128(9));
    for (method, verb) in [("DELETE", "/sessions"), ("POST", "/disable"), ("POST", "/enable"), ("GET", "")] {
        node.call(method, &format!("{nobody}{verb}")).token(OPERATOR_TOKEN).send().await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn all_accounts_are_listed_and_no_hash_of_a_password_with_them() {
    let node = Node::new();
    for name in ["ada", "bob", "eve"] {
        node.account(name, "buyer").await;
    }
    let list = async |query: &str| {
        let answered = node.get(&format!("/v1/admin/accounts?limit=2{query}")).token(OPERATOR_TOKEN).send().await;
        assert!(!answered.text.contains("argon2"), "{}", answered.text);
        answered.expect(200).json()
    };
    let first = list("").await;
    let second = list(&format!("&cursor={}", first["next_cursor"].as_str().expect("there is more"))).await;
    let mut emails = super::items(&first, "email");
    emails.extend(super::items(&second, "email"));
    emails.sort();
    assert_eq!(emails, ["ada@example.com", "bob@example.com", "eve@example.com"]);
    assert_eq!((&first["has_more"], &second["has_more"]), (&json!(true), &json!(false)));
}

/// One token, shown to two nodes at the same moment, a thousand times.
#[tokio::test]
async fn of_two_nodes_that_are_shown_one_refresh_token_one_exchanges_it() {
    let node = Node::new();
    node.account("ada", "buyer").await;
    let other_node = Node::over(Arc::clone(&node.shop));
    for race in 0..1_000 {
        let session = node.sign_in("ada").await;
        let (one, other) = match race % 2 {
            0 => tokio::join!(refresh(&node, &session).send(), refresh(&other_node, &session).send()),
            _ => tokio::join!(refresh(&other_node, &session).send(), refresh(&node, &session).send()),
        };
        let mut statuses = [one.status, other.status];
        statuses.sort();
        assert_eq!(statuses, [200, 401], "race {race}");
        let winner = if one.status == 200 { one } else { other };
        // The token was copied: nobody can tell who of the two is the thief.
        refresh(&node, &winner.json()).send().await.problem(401, "unauthenticated");
    }
    let trail = look(&*node.shop, |view| Ok((audit::after(view, 0, usize::MAX)?, audit::head(view)?)));
    let (records, head) = trail.expect("memory does not fail").what;
    assert_eq!(audit::verify(Head::default(), &records), Ok(head));
}
