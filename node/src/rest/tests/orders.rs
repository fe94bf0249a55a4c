//! Orders.

use serde_json::json;

use super::{NOW, Node, OPERATOR_TOKEN, items};
use crate::rest::text;

#[tokio::test]
async fn a_purchase_holds_units_until_its_hold_expires() {
    let node = Node::new();
    let (creator, buyer) = (node.account("ada", "creator").await, node.account("eve", "buyer").await);
    let drop = node.drop(&creator, json!({"stock": 5, "hold_seconds": 60})).await;
    let placed = node.buy(&buyer, &drop, 2, "key").send().await.expect(201);
    let order = placed.json();
    assert_eq!(placed.header("location"), format!("/v1/orders/{}", placed.text_at("id")));
    assert_eq!(placed.header("cache-control"), "no-store");
    assert_eq!(placed.header("content-type"), "application/json");
    assert!(!placed.has("idempotent-replayed"));
    assert_eq!(
        (&order["status"], &order["quantity"], &order["sku"]),
        (&json!("reserved"), &json!(2), &json!("default"))
    );
    assert_eq!(order["amount"], json!({"amount": 9_998, "currency": "EUR"}));
    assert_eq!(order["hold_expires_at"], json!(text::time(NOW.after_ms(60_000))));
    assert_eq!(order["log_index"], json!(placed.header("livedrop-index")));
    let path = placed.header("location");
    assert_eq!(node.get(path).token(&buyer).send().await.expect(200).json(), order);
    node.shop.pass(60_000);
    let buyer = node.sign_in("eve").await["access_token"].as_str().expect("it is text").to_owned();
    assert_eq!(node.get(path).token(&buyer).send().await.expect(200).text_at("status"), "expired");
}

#[tokio::test]
async fn every_way_not_to_get_one_has_its_answer() {
    let node = Node::new();
    let (creator, buyer) = (node.account("ada", "creator").await, node.account("eve", "buyer").await);
    let few = node.drop(&creator, json!({"stock": 3, "per_customer_limit": 2})).await;
    node.buy(&buyer, &few, 2, "a").send().await.expect(201);
    node.buy(&buyer, &few, 1, "b").send().await.problem(409, "limit_reached");
    node.buy(&creator, &few, 2, "c").send().await.problem(409, "sold_out");
    let steer = async |verb: &str| {
        node.post(&format!("/v1/drops/{few}/{verb}"), json!({})).token(&creator).send().await.expect(200);
    };
    steer("pause").await;
    node.buy(&creator, &few, 1, "d").send().await.problem(409, "drop_paused");
    steer("end").await;
    node.buy(&creator, &few, 1, "e").send().await.problem(409, "drop_ended");
    let opens_at = text::time(NOW.after_ms(5_000));
    let later = node.drop(&creator, json!({"stock": 1, "starts_at": opens_at})).await;
    let early = node.buy(&buyer, &later, 1, "f").send().await.problem(425, "drop_not_open");
    assert_eq!(early["opens_at"], json!(opens_at));
    node.shop.pass(5_000);
    node.buy(&buyer, &later, 1, "f").send().await.expect(201);
    let absent = "drp_01KAS0FJX0D2W8NMC0D3F5H7KA";
    node.buy(&buyer, absent, 1, "g").send().await.problem(404, "not_found");
    node.buy(&buyer, "nonsense", 1, "h").send().await.problem(404, "not_found");
    node.buy(&buyer, &few, 0, "i").send().await.wrong_fields(&["/quantity"]);
    node.buy(&buyer, &few, 1_001, "j").send().await.wrong_fields(&["/quantity"]);
    let body = json!({"drop_id": few, "quantity": 1, "price": 1});
    let more = node.post("/v1/orders", body).token(&buyer).header("idempotency-key", "k");
    more.send().await.wrong_fields(&["/price"]);
    node.post("/v1/orders", json!({"drop_id": few, "quantity": 1})).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_drop_with_variants_wants_one_named() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let variants = json!([{"sku": "S", "stock": 1}, {"sku": "größe \"M\"", "stock": 1}]);
    let drop = node.drop(&creator, json!({"items": variants})).await;
    node.buy(&creator, &drop, 1, "a").send().await.wrong_fields(&["/sku"]);
    let body = json!({"drop_id": drop, "sku": "größe \"M\"", "quantity": 1});
    let placed = node.post("/v1/orders", body).token(&creator).header("idempotency-key", "b").send().await.expect(201);
    assert_eq!(placed.text_at("sku"), "größe \"M\"");
}

#[tokio::test]
async fn an_order_is_for_its_buyer_and_for_operators() {
    let node = Node::new();
    let (creator, buyer) = (node.account("ada", "creator").await, node.account("eve", "buyer").await);
    let operator = node.account("olga", "operator").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    let id = node.buy(&buyer, &drop, 1, "key").send().await.expect(201).text_at("id");
    let (path, cancel) = (format!("/v1/orders/{id}"), format!("/v1/orders/{id}/cancel"));
    node.get(&path).token(&creator).send().await.problem(404, "not_found");
    node.get(&path).token(&operator).send().await.expect(200);
    node.get(&path).token(OPERATOR_TOKEN).send().await.problem(401, "unauthenticated");
    node.post(&cancel, json!({})).token(&creator).send().await.problem(404, "not_found");
    let somebody_elses = node.get("/v1/orders/ord_01KAS0FJX0D2W8NMC0D3F5H7KA").token(&creator).send().await;
    somebody_elses.problem(404, "not_found");
    assert_eq!(node.post(&cancel, json!({})).token(&buyer).send().await.expect(200).text_at("status"), "cancelled");
    let left = node.get(&format!("/v1/drops/{drop}")).send().await.json();
    assert_eq!(left["items"][0]["available"], json!(5));
    let mine = async |token: &str| items(&node.get("/v1/me/orders").token(token).send().await.expect(200).json(), "id");
    assert_eq!((mine(&buyer).await, mine(&creator).await), (vec![id], vec![]));
}

#[tokio::test]
async fn a_reader_who_waits_is_told_of_the_change() {
    let node = Node::new();
    let buyer = node.account("eve", "creator").await;
    let drop = node.drop(&buyer, json!({"stock": 5})).await;
    let id = node.buy(&buyer, &drop, 1, "key").send().await.expect(201).text_at("id");
    let path = format!("/v1/orders/{id}?wait=30s");
    let waiting = node.get(&path).token(&buyer).send();
    let cancelling = async { node.post(&format!("/v1/orders/{id}/cancel"), json!({})).token(&buyer).send().await };
    let (told, _) = tokio::join!(waiting, cancelling);
    assert_eq!(told.expect(200).text_at("status"), "cancelled");
    node.get(&path).token(&buyer).send().await.expect(200);
    node.get(&format!("/v1/orders/{id}?wait=31s")).token(&buyer).send().await.wrong_fields(&["wait"]);
}

#[tokio::test]
async fn orders_are_listed_page_by_page() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 50})).await;
    let mut newest_first = Vec::new();
    for n in 0..5 {
        node.shop.pass(1);
        newest_first
            .insert(0, node.buy(&creator, &drop, 1, &format!("key-{n}")).send().await.expect(201).text_at("id"));
    }
    for list in ["/v1/me/orders".to_owned(), format!("/v1/drops/{drop}/orders")] {
        let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
        for more in [true, true, false] {
            let page = node.get(&format!("{list}?{query}")).token(&creator).send().await.expect(200);
            seen.extend(items(&page.json(), "id"));
            assert_eq!(page.json()["has_more"], json!(more));
            if more {
                query = format!("limit=2&cursor={}", page.text_at("next_cursor"));
            }
        }
        assert_eq!(seen, newest_first, "{list}");
    }
}
