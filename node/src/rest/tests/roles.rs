//! Who may ask what: every route, asked by everybody, about a thing that is there and about one that is not.

mod requests;
mod table;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answered, Node};
use requests::Request;
use table::{NOT_ASKED, Row, TABLE};

/// Those who ask, in the order of the table's columns.
const ROLES: [&str; 5] = ["anonymous", "buyer", "creator", "other creator", "operator"];

/// A shop with one of each thing: the creator's product, drop and endpoint, and the buyer's order.
pub struct World {
    node: Node,
    /// One for each of [`ROLES`].
    tokens: [Option<String>; 5],
    pub product: String,
    pub product_version: String,
    pub drop: String,
    pub order: String,
    pub endpoint: String,
    pub creator: String,
    pub buyer: String,
    pub key: String,
}

impl World {
    async fn new() -> Self {
        let node = Node::new();
        let mut tokens = [const { None }; 5];
        let accounts = [("bo", "buyer"), ("cora", "creator"), ("oz", "creator"), ("olga", "operator")];
        for ((name, role), token) in accounts.into_iter().zip(&mut tokens[1..]) {
            *token = Some(node.account(name, role).await);
        }
        let [_, Some(buyer), Some(creator), _, Some(operator)] = &tokens else { panic!("four of them sign in") };
        let product = node.product(creator).await;
        let body = json!({"product_id": product.text_at("id"), "stock": 5, "starts_at": null});
        let drop = node.post("/v1/drops", body).token(creator).send().await.expect(201).text_at("id");
        let order = node.buy(buyer, &drop, 1, "first-order").send().await.expect(201).text_at("id");
        let endpoint = node.post("/v1/webhook_endpoints", json!({"url": "https://shop.example/hooks"}));
        let endpoint = endpoint.token(creator).send().await.expect(201).text_at("id");
        let id = async |token: &str| node.get("/v1/me").token(token).send().await.expect(200).text_at("id");
        let (buyer_id, creator_id) = (id(buyer).await, id(creator).await);
        let keys = node.get("/v1/admin/keys").token(operator).send().await.expect(200).json();
        World {
            product: product.text_at("id"),
            product_version: product.header("etag").to_owned(),
            drop,
            order,
            endpoint,
            creator: creator_id,
            buyer: buyer_id,
            key: keys["keys"][0]["id"].as_str().expect("it is text").to_owned(),
            node,
            tokens,
        }
    }

    /// Asks in a shop of its own, so that what was asked before does not matter.
    async fn ask(&self, role: usize, Request { method, path, body, if_match }: Request) -> Answered {
        let node = Node::over(Arc::new(self.node.shop.copy()));
        let mut call = node.call(&method, &path).header("x-request-id", "the-same-request");
        if method != "GET" {
            call = call.header("idempotency-key", "the-same-key");
        }
        if let Some(token) = &self.tokens[role] {
            call = call.token(token);
        }
        if let Some(version) = if_match {
            call = call.header("if-match", &version);
        }
        match body {
            Value::Null => call.send().await,
            body => call.json(body).send().await,
        }
    }

    async fn statuses(&self, request: impl Fn(&World) -> Request) -> [u16; 5] {
        let mut statuses = [0; 5];
        for (role, status) in statuses.iter_mut().enumerate() {
            *status = self.ask(role, request(self)).await.status;
        }
        statuses
    }
}

/// `401 200 …` of the table.
fn expected(columns: &str) -> [u16; 5] {
    let statuses: Vec<u16> = columns.split_whitespace().map(|status| status.parse().expect("a status")).collect();
    statuses.try_into().expect("a status for each role")
}

#[tokio::test]
async fn every_route_of_the_description_has_a_row() {
    let document = Node::new().get("/openapi.json").send().await.expect(200).json();
    for (path, item) in document["paths"].as_object().expect("there are paths") {
        for method in item.as_object().expect("a path has methods").keys() {
            let route = format!("{} {path}", method.to_uppercase());
            assert!(
                TABLE.iter().any(|row| row.route == route) || NOT_ASKED.contains(&&route[..]),
                "{route} has no row in rest/tests/roles/table.rs: add one that says what each role is answered, and in \
                 requests.rs the body that it needs"
            );
        }
    }
}

#[tokio::test]
async fn everybody_gets_what_the_table_says() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for Row { route, there, absent } in TABLE {
        let found = world.statuses(|world| requests::about(route, world)).await;
        let missing = match absent.is_empty() {
            true => None,
            false => Some(world.statuses(|_| requests::about_nothing(route, &world)).await),
        };
        let as_said = found == expected(there) && missing.is_none_or(|missing| missing == expected(absent));
        if !as_said {
            let show = |statuses: [u16; 5]| statuses.map(|status| status.to_string()).join(" ");
            wrong.push(format!(
                "{route}\n    there:  {}\n    absent: {}",
                show(found),
                missing.map_or("".into(), show)
            ));
        }
    }
    assert!(wrong.is_empty(), "{ROLES:?} were answered otherwise:\n{}", wrong.join("\n"));
}

/// Nobody finds out which ids there are.
#[tokio::test]
async fn what_is_somebody_elses_and_what_is_not_there_get_the_same_answer() {
    let world = World::new().await;
    let mut compared = 0;
    for Row { route, there, absent } in TABLE.iter().filter(|row| !row.absent.is_empty()) {
        for (role, (there, absent)) in expected(there).into_iter().zip(expected(absent)).enumerate() {
            if (there, absent) != (404, 404) {
                continue;
            }
            let theirs = world.ask(role, requests::about(route, &world)).await;
            let nothing = world.ask(role, requests::about_nothing(route, &world)).await;
            assert_eq!(theirs.text, nothing.text, "{route} to {}", ROLES[role]);
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} answers were compared");
}
