//! What holds for every route.

use serde_json::json;

use super::super::Shop;
use super::Node;
use crate::propose::Unanswered;

#[tokio::test]
async fn every_answer_says_its_request_its_node_and_the_index_that_it_reflects() {
    let node = Node::new();
    let buyer = node.account("ada", "buyer").await;
    for call in [
        node.get("/v1/me").token(&buyer),
        node.get("/v1/products"),
        node.get("/nowhere"),
        node.get("/livez"),
        node.call("DELETE", "/v1/me"),
        node.get("/v1/me"),
    ] {
        let answered = call.header("x-request-id", "test-0001").send().await;
        assert_eq!(answered.header("x-request-id"), "test-0001");
        assert_eq!(answered.header("livedrop-node"), "1");
        assert_eq!(answered.header("livedrop-leader"), "1");
        assert_eq!(answered.header("x-content-type-options"), "nosniff");
        assert!(answered.header("livedrop-index").parse::<u64>().is_ok());
    }
    assert!(node.get("/livez").send().await.header("x-request-id").starts_with("req_"));
}

#[tokio::test]
async fn a_trace_goes_on() {
    let node = Node::new();
    let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answered = node.get("/livez").header("traceparent", given).send().await;
    assert!(answered.header("traceparent").starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert_ne!(answered.header("traceparent"), given);
    assert!(!node.get("/livez").send().await.has("traceparent"));
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_done_there_are_problems() {
    let node = Node::new();
    node.get("/v1/nothing").send().await.problem(404, "not_found");
    for path in ["/v1/products/prd_nonsense", "/v1/drops/ord_01KAS0FJX0D2W8NMC0D3F5H7KA", "/v1/creators/%00"] {
        node.get(path).send().await.problem(404, "not_found");
    }
    let answered = node.call("PUT", "/v1/products").send().await;
    assert!(["GET", "POST"].iter().all(|method| answered.header("allow").contains(method)));
    answered.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn too_much_is_refused() {
    let node = Node::new();
    let long = "x".repeat(65 << 10);
    node.post("/v1/accounts", json!({"email": long})).send().await.problem(413, "body_too_large");
    let declared = node.call("POST", "/v1/accounts").header("content-length", "70000");
    declared.send().await.problem(413, "body_too_large");
    node.get(&format!("/v1/products?tag={}", &long[..9_000])).send().await.problem(414, "uri_too_long");
    node.get("/v1/products").header("x-long", &long[..17_000]).send().await.problem(431, "header_too_large");
}

#[tokio::test]
async fn a_body_that_is_not_as_it_must_be_is_refused() {
    let node = Node::new();
    let post = || node.call("POST", "/v1/accounts");
    post().send().await.problem(400, "bad_request");
    post().body("{\"email\":").send().await.problem(400, "bad_request");
    post().header("content-type", "text/xml").body("<a/>").send().await.problem(415, "unsupported_media_type");
    let mut body = json!({"email": "a@b.c", "password": "x", "display_name": "A", "role": "buyer", "balance": 5});
    node.post("/v1/accounts", body.clone()).send().await.wrong_fields(&["/balance"]);
    body["role"] = json!("operator");
    body.as_object_mut().expect("it is one").remove("balance");
    node.post("/v1/accounts", body.clone()).send().await.wrong_fields(&["/role"]);
    body["role"] = json!("buyer");
    body["email"] = json!("nobody");
    node.post("/v1/accounts", body).send().await.wrong_fields(&["/email", "/password"]);
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let node = Node::new();
    node.get("/v1/products?limit=many").send().await.problem(400, "bad_request");
    node.get("/v1/products?color=red").send().await.problem(400, "bad_request");
    node.get("/v1/products?cursor=AAAA").send().await.problem(400, "bad_request");
    node.get("/v1/drops?status=gone").send().await.problem(400, "bad_request");
    node.get("/v1/products?limit=0").send().await.wrong_fields(&["limit"]);
    node.get("/v1/products?limit=101").send().await.wrong_fields(&["limit"]);
    node.get("/v1/products").header("livedrop-min-index", "soon").send().await.problem(400, "bad_request");
}

#[tokio::test]
async fn without_a_quorum_writes_and_fresh_reads_say_so_and_local_reads_go_on() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    let path = format!("/v1/drops/{drop}");
    for (why, code, retry_after) in [
        (Unanswered::NoQuorum, "no_quorum", "1"),
        (Unanswered::Unknown, "outcome_unknown", "1"),
        (Unanswered::Overloaded, "overloaded", "1"),
        (Unanswered::DiskFull, "disk_full", "5"),
    ] {
        node.shop.break_with(Some(why));
        let answered = node.buy(&creator, &drop, 1, "key").send().await;
        assert_eq!(answered.header("retry-after"), retry_after);
        assert!(!answered.has("livedrop-leader"));
        answered.problem(503, code);
        node.get(&path).send().await.problem(503, "no_quorum");
        node.get(&format!("{path}?consistency=local")).send().await.expect(200);
        node.get("/v1/drops").send().await.expect(200);
        node.get("/v1/me").token(&creator).send().await.expect(200);
    }
    node.shop.break_with(None);
    node.buy(&creator, &drop, 1, "key").send().await.expect(201);
}

#[tokio::test]
async fn a_read_waits_for_what_its_caller_has_seen() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    node.shop.lag();
    let product = node.product(&creator).await;
    let (path, index) =
        (format!("/v1/products/{}", product.text_at("id")), product.header("livedrop-index").to_owned());
    node.get(&path).send().await.problem(404, "not_found");
    let seen = node.get(&path).header("livedrop-min-index", &index).send().await.expect(200);
    assert_eq!(seen.header("livedrop-index"), index);
    for beyond in [node.shop.applied() + 1, 999_999, u64::MAX].map(|index| index.to_string()) {
        node.get(&path).header("livedrop-min-index", &beyond).send().await.problem(400, "bad_request");
    }
    // The index of a search may be far behind the log: what is a little further is waited for.
    node.get("/v1/search").header("livedrop-min-index", "999999").send().await.problem(400, "bad_request");
    node.shop.lag();
    node.shop.break_with(Some(Unanswered::NoQuorum));
    node.get(&path).header("livedrop-min-index", &index).send().await.expect(200);
    node.get(&path).header("livedrop-min-index", "999999").send().await.problem(503, "behind");
}

#[tokio::test]
async fn health_names_what_is_not_well() {
    let node = Node::new();
    assert_eq!(node.get("/readyz").send().await.expect(200).text, "ok");
    assert!(node.get("/readyz?verbose").send().await.expect(200).text.contains("[+]leader ok"));
    node.shop.break_with(Some(Unanswered::NoQuorum));
    let answered = node.get("/readyz").send().await.expect(503);
    assert!(answered.text.contains("[-]leader failed: no leader is known"), "{}", answered.text);
    node.get("/readyz?exclude=leader").send().await.expect(200);
    node.get("/livez").send().await.expect(200);
    node.rest.drain(true);
    node.get("/readyz?exclude=leader").send().await.expect(503);
    node.get("/v1/cluster").send().await.expect(200);
}

#[tokio::test]
async fn metrics_are_as_new_as_the_question() {
    let node = Node::new();
    let line = |node: &Node| format!("livedrop_raft_applied_index {}", node.shop.applied());
    for name in ["ada", "bob"] {
        let before = line(&node);
        node.account(name, "buyer").await;
        let answered = node.get("/metrics").send().await.expect(200);
        assert_eq!(answered.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        let shows = |line: &str| answered.text.lines().any(|shown| shown == line);
        assert!(shows(&line(&node)) && !shows(&before), "{}", answered.text);
    }
}
