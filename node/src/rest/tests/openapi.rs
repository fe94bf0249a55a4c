//! The description and the routes say the same.

use livedrop_proto::rest::problem;
use serde_json::{Value, json};

use super::super::code;
use super::Node;

/// What this part of the API is made of.
const ROUTES: [&str; 85] = [
    "POST /v1/accounts",
    "GET /v1/me",
    "POST /v1/sessions",
    "POST /v1/sessions/refresh",
    "DELETE /v1/sessions",
    "DELETE /v1/sessions/current",
    "PUT /v1/me/password",
    "GET /.well-known/jwks.json",
    "GET /v1/creators/{id}",
    "GET /v1/creators/{id}/followers",
    "GET /v1/me/following",
    "GET /v1/me/following/{creator_id}",
    "PUT /v1/me/following/{creator_id}",
    "DELETE /v1/me/following/{creator_id}",
    "GET /v1/me/notifications",
    "POST /v1/me/notifications/read",
    "GET /v1/me/notifications/preferences",
    "PUT /v1/me/notifications/preferences",
    "POST /v1/products",
    "GET /v1/products",
    "GET /v1/products/{id}",
    "PATCH /v1/products/{id}",
    "DELETE /v1/products/{id}",
    "GET /v1/search",
    "GET /v1/search/suggest",
    "POST /v1/drops",
    "GET /v1/drops",
    "GET /v1/drops/{id}",
    "PATCH /v1/drops/{id}",
    "POST /v1/drops/{id}/restock",
    "POST /v1/drops/{id}/pause",
    "POST /v1/drops/{id}/resume",
    "POST /v1/drops/{id}/end",
    "POST /v1/drops/{id}/cancel",
    "GET /v1/drops/{id}/orders",
    "GET /v1/drops/{id}/stats",
    "GET /v1/drops/{id}/events",
    "GET /v1/events",
    "PUT /v1/drops/{id}/waitlist",
    "GET /v1/drops/{id}/waitlist",
    "DELETE /v1/drops/{id}/waitlist",
    "POST /v1/orders",
    "GET /v1/orders",
    "GET /v1/orders/{id}",
    "POST /v1/orders/{id}/pay",
    "POST /v1/orders/{id}/cancel",
    "POST /v1/orders/{id}/refund",
    "GET /v1/me/orders",
    "POST /v1/webhooks/stripe",
    "POST /v1/webhook_endpoints",
    "GET /v1/webhook_endpoints",
    "GET /v1/webhook_endpoints/{id}",
    "PATCH /v1/webhook_endpoints/{id}",
    "DELETE /v1/webhook_endpoints/{id}",
    "POST /v1/webhook_endpoints/{id}/rotate",
    "GET /v1/webhook_endpoints/{id}/deliveries",
    "POST /v1/webhook_endpoints/{id}/deliveries/{delivery}/resend",
    "GET /v1/cluster",
    "GET /v1/admin/status",
    "GET /v1/admin/hash",
    "GET /v1/admin/events",
    "POST /v1/admin/accounts",
    "POST /v1/admin/accounts/import",
    "POST /v1/admin/followers",
    "GET /v1/admin/accounts",
    "GET /v1/admin/accounts/{id}",
    "PUT /v1/admin/accounts/{id}/role",
    "PUT /v1/admin/accounts/{id}/password",
    "DELETE /v1/admin/accounts/{id}/sessions",
    "POST /v1/admin/accounts/{id}/disable",
    "POST /v1/admin/accounts/{id}/enable",
    "GET /v1/admin/keys",
    "POST /v1/admin/keys",
    "DELETE /v1/admin/keys/{id}",
    "GET /v1/admin/audit",
    "GET /v1/admin/payments",
    "GET /v1/admin/payments/ledger",
    "GET /livez",
    "GET /readyz",
    "GET /metrics",
    "GET /problems/{code}",
    "GET /openapi.json",
    "DELETE /v1/admin/drain",
    "GET /v1/admin/errors/{request_id}",
    "PUT /v1/admin/drain",
];

async fn document(node: &Node) -> Value {
    node.get("/openapi.json").send().await.expect(200).json()
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("there are paths");
    let of_path = |(path, item): (&String, &'_ Value)| -> Vec<(String, String)> {
        let methods = item.as_object().expect("a path has methods").keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect()
    };
    let all = paths.iter().flat_map(of_path);
    all.map(|(method, path)| {
        let operation = &document["paths"][&path][method.to_lowercase()];
        (method, path, operation)
    })
    .collect()
}

#[tokio::test]
async fn every_route_is_described() {
    let node = Node::new();
    let document = document(&node).await;
    let mut described: Vec<_> =
        operations(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let mut expected = ROUTES.map(String::from).to_vec();
    described.sort();
    expected.sort();
    assert_eq!(described, expected);
}

#[tokio::test]
async fn every_description_is_routed() {
    let node = Node::new();
    for (method, path, _) in operations(&document(&node).await) {
        let path = path.replace("{id}", "x").replace("{code}", "sold_out");
        let answered = node.call(&method, &path).send().await;
        assert_ne!(answered.status, 405, "{method} {path}");
        let nowhere = "There is nothing at this address.";
        assert!(!answered.text.contains(nowhere), "{method} {path}");
    }
}

#[tokio::test]
async fn every_operation_names_its_parameters_and_whether_it_needs_a_token() {
    let node = Node::new();
    for (method, path, operation) in operations(&document(&node).await) {
        let named = operation["parameters"].as_array().cloned().unwrap_or_default();
        for part in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(
                named.iter().any(|one| one["name"] == json!(part) && one["in"] == json!("path")),
                "{method} {path}"
            );
        }
        assert!(operation["responses"].get("default").is_some(), "{method} {path}");
        let open_path = path.replace("{id}", "x").replace("{code}", "sold_out");
        let refused = node.call(&method, &open_path).send().await.status == 401;
        assert_eq!(operation.get("security").is_some(), refused, "{method} {path}");
    }
}

#[tokio::test]
async fn every_schema_that_is_named_is_there() {
    let node = Node::new();
    let text = node.get("/openapi.json").send().await.text;
    let document: Value = serde_json::from_str(&text).expect("it is JSON");
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a reference ends");
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

#[tokio::test]
async fn every_problem_has_its_page_and_every_code_of_the_client_is_one() {
    let node = Node::new();
    for code in code::ALL {
        let page = node.get(&format!("/problems/{}", code.name)).send().await.expect(200).json();
        assert_eq!(page["status"], json!(code.status));
    }
    assert!(code::ALL.iter().any(|code| code.name == problem::code::BEHIND));
    node.get("/problems/nonsense").send().await.problem(404, "not_found");
}

#[tokio::test]
async fn people_can_read_it_too() {
    let node = Node::new();
    let page = node.get("/docs/").send().await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
}
