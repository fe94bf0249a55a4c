//! Waiting in line, and whose place is whose.

use serde_json::{Value, json};

use super::{Call, Node};

/// A node with a creator's drop of one unit, held by `eve`.
async fn sold_out() -> (Node, String, String) {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 1})).await;
    let eve = node.account("eve", "buyer").await;
    let order = node.buy(&eve, &drop, 1, "hold").send().await.expect(201).text_at("id");
    (node, drop, order)
}

fn line<'a>(node: &'a Node, method: &str, drop: &str, token: &str) -> Call<'a> {
    node.call(method, &format!("/v1/drops/{drop}/waitlist")).token(token)
}

async fn join(node: &Node, drop: &str, token: &str) -> Value {
    line(node, "PUT", drop, token).json(json!({})).send().await.expect(200).json()
}

#[tokio::test]
async fn who_waits_sees_their_place_and_then_their_offer() {
    let (node, drop, order) = sold_out().await;
    let (bob, cleo) = (node.account("bob", "buyer").await, node.account("cleo", "buyer").await);
    let waiting = |position: u32| {
        json!({
            "drop_id": drop, "sku": "default", "quantity": 1, "status": "waiting", "position": position,
            "position_at_least": null, "order_id": null, "offer_expires_at": null,
        })
    };
    assert_eq!((join(&node, &drop, &bob).await, join(&node, &drop, &cleo).await), (waiting(1), waiting(2)));
    assert_eq!(join(&node, &drop, &bob).await, waiting(1), "again changes nothing");
    let ada = node.sign_in("ada").await["access_token"].as_str().expect("it is text").to_owned();
    let stats = node.get(&format!("/v1/drops/{drop}/stats")).token(&ada).send().await.expect(200).json();
    assert_eq!(stats["waiting"], json!(2));
    let eve = node.sign_in("eve").await["access_token"].as_str().expect("it is text").to_owned();
    node.post(&format!("/v1/orders/{order}/cancel"), json!({})).token(&eve).send().await.expect(200);
    node.buy(&eve, &drop, 1, "again").send().await.problem(409, "sold_out");
    let offer = line(&node, "GET", &drop, &bob).send().await.expect(200);
    assert_eq!((&offer.json()["status"], &offer.json()["position"]), (&json!("offered"), &Value::Null));
    assert_eq!(join(&node, &drop, &bob).await, offer.json(), "an open offer is the answer");
    let id = offer.text_at("order_id");
    let order = node.get(&format!("/v1/orders/{id}")).token(&bob).send().await.expect(200);
    assert_eq!(
        (order.text_at("status"), order.text_at("hold_expires_at")),
        ("reserved".into(), offer.text_at("offer_expires_at"))
    );
    assert_eq!(line(&node, "GET", &drop, &cleo).send().await.expect(200).json(), waiting(1));
    let pay = node.post(&format!("/v1/orders/{id}/pay"), json!({"payment_method": "pm_card_ok"}));
    pay.token(&bob).header("idempotency-key", "pay").send().await.expect(202);
}

#[tokio::test]
async fn who_leaves_is_not_in_line_and_may_leave_again() {
    let (node, drop, _) = sold_out().await;
    let bob = node.account("bob", "buyer").await;
    line(&node, "GET", &drop, &bob).send().await.problem(404, "not_found");
    join(&node, &drop, &bob).await;
    for _ in 0..2 {
        line(&node, "DELETE", &drop, &bob).send().await.expect(204);
    }
    line(&node, "GET", &drop, &bob).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn who_cannot_wait_is_told_why() {
    let (node, drop, order) = sold_out().await;
    let (ada, bob) = (node.sign_in("ada").await, node.account("bob", "buyer").await);
    let ada = ada["access_token"].as_str().expect("it is text").to_owned();
    let put = |drop: &str, body: Value| line(&node, "PUT", drop, &bob).json(body).send();
    node.call("PUT", &format!("/v1/drops/{drop}/waitlist"))
        .json(json!({}))
        .send()
        .await
        .problem(401, "unauthenticated");
    put("drp_01KAS0FJX0D2W8NMC0D3F5H7KA", json!({})).await.problem(404, "not_found");
    put(&drop, json!({"sku": "XL"})).await.wrong_fields(&["/sku"]);
    for quantity in [0, 11] {
        put(&drop, json!({"quantity": quantity})).await.wrong_fields(&["/quantity"]);
    }
    put(&drop, json!({})).await.expect(200);
    put(&drop, json!({"quantity": 2})).await.problem(409, "already_waiting");
    node.post(&format!("/v1/drops/{drop}/end"), json!({})).token(&ada).send().await.expect(200);
    put(&drop, json!({})).await.problem(409, "drop_ended");
    let later = node.drop(&ada, json!({"stock": 1, "starts_at": "2027-01-01T00:00:00Z"})).await;
    let early = put(&later, json!({})).await.problem(425, "drop_not_open");
    assert_eq!(early["opens_at"], json!("2027-01-01T00:00:00.000Z"));
    let limited = node.drop(&ada, json!({"stock": 1, "per_customer_limit": 1})).await;
    put(&limited, json!({})).await.problem(409, "units_available");
    node.buy(&bob, &limited, 1, "mine").send().await.expect(201);
    put(&limited, json!({})).await.problem(409, "limit_reached");
    assert!(order.starts_with("ord_"));
}
