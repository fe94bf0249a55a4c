//! Paying and paying back, with the desk and the sandbox over a shop in memory.

use std::sync::Arc;
use std::time::Duration;

use livedrop_config::NodeConfig;
use livedrop_domain::OrderId;
use serde_json::{Value, json};

use super::{Answered, Node};
use crate::payments::Gateways;
use crate::payments::desk::{Bounds, Desk};

const ONE: &str = r#"
[cluster]
id = "shop"
members = [{ id = 1, peer = "127.0.0.1:9090", http = "http://127.0.0.1:8080" }]
"#;

/// A shop with a drop, somebody who sells there and somebody who buys.
struct Stall {
    node: Node,
    desk: Arc<Desk>,
    creator: String,
    buyer: String,
    drop: String,
}

impl Stall {
    async fn with(stock: u64) -> Self {
        let node = Node::new();
        let config = NodeConfig::parse(Some(("shop.toml", ONE)), std::iter::empty(), Default::default());
        let config = config.expect("this is a configuration").payments;
        let gateways = Gateways::open(&config, node.shop.clone()).expect("the sandbox needs nothing");
        let desk = Desk::new(node.shop.clone(), gateways, &Bounds { calls: 4, pause_max: Duration::from_millis(1) });
        let (creator, buyer) = (node.account("ada", "creator").await, node.account("eve", "buyer").await);
        let drop = node.drop(&creator, json!({"stock": stock})).await;
        Stall { node, desk, creator, buyer, drop }
    }

    async fn buy(&self, key: &str, method: Option<&str>) -> Answered {
        let mut body = json!({"drop_id": self.drop, "quantity": 1});
        if let Some(method) = method {
            body["payment_method"] = json!(method);
        }
        self.keyed("/v1/orders", &self.buyer, key, body).await
    }

    async fn keyed(&self, path: &str, who: &str, key: &str, body: Value) -> Answered {
        self.node.post(path, body).token(who).header("idempotency-key", key).send().await
    }

    /// Lets the desk bring the payment of an order to its end.
    async fn attend(&self, order: &str) {
        let order: OrderId = order.parse().expect("it is an order's id");
        self.desk.attend(order, &tokio::sync::Notify::new()).await;
    }

    async fn order(&self, order: &str) -> Value {
        self.node.get(&format!("/v1/orders/{order}")).token(&self.buyer).send().await.expect(200).json()
    }

    async fn counts(&self) -> Value {
        let drop = self.node.get(&format!("/v1/drops/{}", self.drop)).send().await.expect(200).json();
        let item = &drop["items"][0];
        json!([item["available"], item["held"], item["sold"]])
    }

    async fn ledger(&self) -> Vec<Value> {
        let operator = super::OPERATOR_TOKEN;
        let page = self.node.get("/v1/admin/payments/ledger").token(operator).send().await.expect(200).json();
        page["items"].as_array().expect("a page has items").clone()
    }
}

#[tokio::test]
async fn an_order_that_is_paid_is_confirmed_and_charged_once() {
    let stall = Stall::with(2).await;
    let id = stall.buy("a", None).await.expect(201).text_at("id");
    let pay = format!("/v1/orders/{id}/pay");
    let body = json!({"payment_method": "pm_card_ok"});
    stall.node.post(&pay, body.clone()).token(&stall.buyer).send().await.problem(400, "idempotency_key_required");
    stall.keyed(&pay, &stall.creator, "b", body.clone()).await.problem(404, "not_found");
    let accepted = stall.keyed(&pay, &stall.buyer, "b", body.clone()).await.expect(202);
    assert_eq!(
        (accepted.text_at("status"), &accepted.json()["payment"]["status"]),
        ("paying".into(), &json!("processing"))
    );
    assert!(stall.keyed(&pay, &stall.buyer, "b", body.clone()).await.expect(202).has("idempotent-replayed"));
    stall.keyed(&pay, &stall.buyer, "c", body).await.problem(409, "wrong_status");
    stall.attend(&id).await;
    let order = stall.order(&id).await;
    assert_eq!((&order["status"], &order["payment"]["status"]), (&json!("confirmed"), &json!("charged")));
    assert_eq!(stall.counts().await, json!([1, 0, 1]));
    let ledger = stall.ledger().await;
    assert_eq!(
        (ledger.len(), &ledger[0]["kind"], &ledger[0]["amount"]["amount"]),
        (1, &json!("charge"), &json!(4_999))
    );
}

#[tokio::test]
async fn every_method_of_the_sandbox_ends_as_it_says() {
    let stall = Stall::with(9).await;
    for (method, status, charged) in [
        ("pm_card_ok", "confirmed", "charged"),
        ("pm_card_timeout", "confirmed", "charged"),
        ("pm_card_declined", "failed", "not_charged"),
        ("pm_card_insufficient_funds", "failed", "not_charged"),
        ("pm_of_another_gateway", "failed", "not_charged"),
    ] {
        let placed = stall.buy(method, Some(method)).await.expect(201);
        assert_eq!(placed.text_at("status"), "paying", "with a method the payment starts at once");
        let id = placed.text_at("id");
        stall.attend(&id).await;
        let order = stall.order(&id).await;
        assert_eq!((&order["status"], &order["payment"]["status"]), (&json!(status), &json!(charged)), "{method}");
        assert_eq!(order["payment"]["declined"].is_null(), status == "confirmed", "{order}");
    }
    assert_eq!(stall.counts().await, json!([7, 0, 2]));
    assert_eq!(stall.ledger().await.len(), 2);
}

#[tokio::test]
async fn a_method_that_cannot_be_one_is_refused_before_anything_is_held() {
    let stall = Stall::with(1).await;
    for method in ["", "pm card", &"m".repeat(256)] {
        stall.buy("key", Some(method)).await.wrong_fields(&["/payment_method"]);
    }
    assert_eq!(stall.counts().await, json!([1, 0, 0]));
}

#[tokio::test]
async fn the_key_of_an_order_that_was_paid_at_once_leads_to_it() {
    let stall = Stall::with(2).await;
    let first = stall.buy("key", Some("pm_card_ok")).await.expect(201);
    stall.attend(&first.text_at("id")).await;
    let again = stall.buy("key", Some("pm_card_ok")).await.expect(201);
    assert_eq!(
        (again.text_at("id"), again.text_at("status")),
        (first.text_at("id"), "paying".into()),
        "the first answer"
    );
    let found = stall.node.get("/v1/orders?idempotency_key=key").token(&stall.buyer).send().await.expect(200);
    assert_eq!(found.text_at("status"), "confirmed", "the order as it is now");
    stall.buy("key", None).await.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn money_goes_back_in_parts_and_never_more_than_came() {
    let stall = Stall::with(1).await;
    let id = stall.buy("a", Some("pm_card_ok")).await.expect(201).text_at("id");
    let refund = format!("/v1/orders/{id}/refund");
    stall.keyed(&refund, &stall.creator, "early", json!({})).await.problem(409, "wrong_status");
    stall.attend(&id).await;
    stall.keyed(&refund, &stall.buyer, "r", json!({})).await.problem(403, "forbidden");
    for wrong in [json!({"amount": 5_000}), json!({"amount": 0})] {
        stall
            .keyed(&refund, &stall.creator, &wrong.to_string().replace('"', ""), wrong)
            .await
            .wrong_fields(&["/amount"]);
    }
    stall.keyed(&refund, &stall.creator, "s", json!({"amount": 1, "restock": true})).await.wrong_fields(&["/restock"]);
    let part = json!({"amount": 1_000});
    stall.keyed(&refund, &stall.creator, "t", part.clone()).await.expect(202);
    stall.keyed(&refund, &stall.creator, "t", part).await.expect(202);
    stall.attend(&id).await;
    let order = stall.order(&id).await;
    assert_eq!((&order["status"], &order["payment"]["refunded"]["amount"]), (&json!("confirmed"), &json!(1_000)));
    let rest = stall.keyed(&refund, &stall.creator, "u", json!({"restock": true})).await.expect(202);
    assert_eq!(rest.text_at("status"), "refunding");
    stall.attend(&id).await;
    let order = stall.order(&id).await;
    assert_eq!((&order["status"], &order["payment"]["refunded"]["amount"]), (&json!("refunded"), &json!(4_999)));
    assert_eq!(stall.counts().await, json!([1, 0, 0]));
    stall.keyed(&refund, &stall.creator, "v", json!({})).await.problem(409, "wrong_status");
    let amounts: Vec<u64> =
        stall.ledger().await.iter().map(|line| line["amount"]["amount"].as_u64().expect("a number")).collect();
    assert_eq!(amounts, [4_999, 1_000, 3_999]);
}

#[tokio::test]
async fn a_payment_is_called_off_by_its_buyer_before_it_is_charged() {
    let stall = Stall::with(1).await;
    let id = stall.buy("a", Some("pm_card_ok")).await.expect(201).text_at("id");
    let cancelled = stall.node.post(&format!("/v1/orders/{id}/cancel"), json!({})).token(&stall.buyer).send().await;
    assert_eq!(cancelled.expect(200).text_at("status"), "cancelled", "nothing was asked of the gateway yet");
    stall.attend(&id).await;
    assert_eq!((stall.counts().await, stall.ledger().await.len()), (json!([1, 0, 0]), 0));
}

#[tokio::test]
async fn a_drop_that_is_called_off_pays_everything_back() {
    let stall = Stall::with(3).await;
    let mut ids = Vec::new();
    for (key, method) in [("a", Some("pm_card_ok")), ("b", Some("pm_card_ok")), ("c", None)] {
        ids.push(stall.buy(key, method).await.expect(201).text_at("id"));
    }
    stall.attend(&ids[0]).await;
    let cancelled = stall.node.post(&format!("/v1/drops/{}/cancel", stall.drop), json!({})).token(&stall.creator);
    assert_eq!(cancelled.send().await.expect(200).text_at("status"), "cancelled");
    stall.node.shop.pass(1);
    for id in &ids {
        stall.attend(id).await;
    }
    let mut statuses = Vec::new();
    for id in &ids {
        statuses.push(stall.order(id).await["status"].clone());
    }
    assert_eq!(statuses, [json!("refunded"), json!("cancelled"), json!("cancelled")]);
    assert_eq!(stall.ledger().await.len(), 2, "one charge, and it went back");
    stall.buy("d", None).await.problem(409, "drop_ended");
}

#[tokio::test]
async fn a_creator_sees_how_a_drop_sells_and_nobody_else_does() {
    let stall = Stall::with(5).await;
    for (key, method) in [("a", "pm_card_ok"), ("b", "pm_card_ok"), ("c", "pm_card_declined")] {
        let id = stall.buy(key, Some(method)).await.expect(201).text_at("id");
        stall.attend(&id).await;
    }
    let path = format!("/v1/drops/{}/stats", stall.drop);
    stall.node.get(&path).token(&stall.buyer).send().await.problem(403, "forbidden");
    let stats = stall.node.get(&path).token(&stall.creator).send().await.expect(200).json();
    assert_eq!((&stats["confirmed_orders"], &stats["failed_orders"]), (&json!(2), &json!(1)));
    assert_eq!(stats["revenue"], json!([{"amount": 9_998, "currency": "EUR"}]));
    assert_eq!(stats["hold_conversion"], json!(2.0 / 3.0));
    assert_eq!(stats["per_minute"][0]["units"], json!(2));
}

#[tokio::test]
async fn an_operator_sees_every_payment_beside_its_order_and_the_books() {
    let stall = Stall::with(2).await;
    let id = stall.buy("a", Some("pm_card_ok")).await.expect(201).text_at("id");
    let list = async || {
        let asked = stall.node.get("/v1/admin/payments").token(super::OPERATOR_TOKEN).send().await;
        asked.expect(200).json()["items"][0].clone()
    };
    let line = list().await;
    assert_eq!((&line["order_id"], &line["stage"], &line["open"]), (&json!(id), &json!("creating"), &json!(true)));
    stall.attend(&id).await;
    let line = list().await;
    assert_eq!((&line["order_status"], &line["open"]), (&json!("confirmed"), &json!(false)));
    assert_eq!((&line["charged"], &line["ledger"]["charged"]), (&line["amount"], &line["amount"]));
    stall.node.get("/v1/admin/payments").token(&stall.buyer).send().await.problem(403, "forbidden");
}
