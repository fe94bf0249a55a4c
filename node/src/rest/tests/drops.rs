//! Drops.

use serde_json::{Value, json};

use super::{NOW, Node, items};
use crate::rest::text;

#[tokio::test]
async fn a_drop_without_a_start_is_live_at_once() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let product = node.product(&creator).await.json();
    let body = json!({"product_id": product["id"], "stock": 5, "per_customer_limit": 2, "hold_seconds": 60});
    let created = node.post("/v1/drops", body).token(&creator).send().await.expect(201);
    let drop = created.json();
    assert_eq!(created.header("location"), format!("/v1/drops/{}", created.text_at("id")));
    assert_eq!((&drop["status"], &drop["ends_at"]), (&json!("live"), &Value::Null));
    assert_eq!((&drop["per_customer_limit"], &drop["hold_seconds"]), (&json!(2), &json!(60)));
    let only = json!([{"sku": "default", "stock": 5, "available": 5, "held": 0, "sold": 0}]);
    assert_eq!(drop["items"], only);
    assert_eq!(drop["product"]["name"], json!("Poster"));
    assert_eq!(drop["product"]["price"], json!({"amount": 4_999, "currency": "EUR"}));
    assert_eq!(drop["server_time"], json!(text::time(NOW)));
    let read = node.get(created.header("location")).send().await.expect(200);
    assert_eq!(read.json(), drop);
    assert_eq!(read.header("etag"), created.header("etag"));
}

#[tokio::test]
async fn a_drop_is_cached_until_anything_of_it_changes() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    let path = format!("/v1/drops/{drop}");
    let read = node.get(&path).send().await.expect(200);
    let etag = read.header("etag").to_owned();
    assert!(read.header("cache-control").starts_with("public, max-age=0, s-maxage=1"));
    assert!(read.header("cache-tag").starts_with(&format!("drop-{drop},product-prd_")));
    node.shop.pass(1_000);
    node.get(&path).header("if-none-match", &etag).send().await.expect(304);
    node.buy(&creator, &drop, 1, "key").send().await.expect(201);
    let changed = node.get(&path).header("if-none-match", &etag).send().await.expect(200);
    assert_eq!(changed.json()["items"][0]["available"], json!(4));
}

#[tokio::test]
async fn wrong_drops_are_refused_with_all_that_is_wrong() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let product = node.product(&creator).await.json()["id"].clone();
    let create = |mut body: Value| {
        body["product_id"] = product.clone();
        node.post("/v1/drops", body).token(&creator)
    };
    create(json!({})).send().await.wrong_fields(&["/items"]);
    create(json!({"stock": 1, "items": []})).send().await.wrong_fields(&["/items"]);
    create(json!({"stock": 0, "hold_seconds": 0, "starts_at": "soon"})).send().await.wrong_fields(&[
        "/starts_at",
        "/stock",
        "/hold_seconds",
    ]);
    let twice = json!([{"sku": "a", "stock": 1}, {"sku": "a", "stock": 1}, {"sku": "", "stock": 0}]);
    create(json!({"items": twice})).send().await.wrong_fields(&["/items/1/sku", "/items/2/sku", "/items/2/stock"]);
    create(json!({"stock": 1, "ends_at": text::time(NOW)})).send().await.wrong_fields(&["/ends_at"]);
    create(json!({"stock": 1, "low_stock_threshold": 1_000_000_001}))
        .send()
        .await
        .wrong_fields(&["/low_stock_threshold"]);
    create(json!({"stock": 1, "sold": 1})).send().await.wrong_fields(&["/sold"]);
    create(json!({"stock": -1})).send().await.wrong_fields(&["/stock"]);
    let nothing = json!({"product_id": "prd_01KAS0FJX0D2W8NMC0D3F5H7KA", "stock": 1});
    node.post("/v1/drops", nothing).token(&creator).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_drop_goes_through_its_life() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let starts_at = text::time(NOW.after_ms(10_000));
    let drop = node
        .drop(&creator, json!({"stock": 1, "starts_at": starts_at, "ends_at": text::time(NOW.after_ms(99_000))}))
        .await;
    let path = format!("/v1/drops/{drop}");
    let status = async || node.get(&path).send().await.expect(200).text_at("status");
    let steer = async |verb: &str| node.post(&format!("{path}/{verb}"), json!({})).token(&creator).send().await;
    assert_eq!(status().await, "upcoming");
    steer("pause").await.problem(409, "wrong_status");
    node.shop.pass(10_000);
    assert_eq!(status().await, "live");
    assert_eq!(steer("pause").await.expect(200).text_at("status"), "paused");
    assert_eq!(steer("resume").await.expect(200).text_at("status"), "live");
    node.buy(&creator, &drop, 1, "key").send().await.expect(201);
    assert_eq!(status().await, "sold_out");
    let restocked =
        node.post(&format!("{path}/restock"), json!({"quantity": 2})).token(&creator).send().await.expect(200);
    assert_eq!(
        restocked.json()["items"][0],
        json!({"sku": "default", "stock": 3, "available": 2, "held": 1, "sold": 0})
    );
    assert_eq!(steer("end").await.expect(200).text_at("status"), "ended");
    steer("resume").await.problem(409, "wrong_status");
    let other = node.drop(&creator, json!({"stock": 1})).await;
    let cancelled = node.post(&format!("/v1/drops/{other}/cancel"), json!({})).token(&creator).send().await.expect(200);
    assert_eq!(cancelled.text_at("status"), "cancelled");
}

#[tokio::test]
async fn a_restock_names_a_variant_when_there_are_several() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let items = json!([{"sku": "S", "stock": 1}, {"sku": "M", "stock": 1}]);
    let path = format!("/v1/drops/{}/restock", node.drop(&creator, json!({"items": items})).await);
    let restock = |body: Value| node.post(&path, body).token(&creator);
    restock(json!({"quantity": 1})).send().await.wrong_fields(&["/sku"]);
    restock(json!({"quantity": 1, "sku": "XL"})).send().await.wrong_fields(&["/sku"]);
    restock(json!({"quantity": 0, "sku": "M"})).send().await.wrong_fields(&["/quantity"]);
    let restocked = restock(json!({"quantity": 4, "sku": "M"})).send().await.expect(200);
    assert_eq!(restocked.json()["items"][1]["available"], json!(5));
}

#[tokio::test]
async fn a_drop_is_edited_before_it_starts_only() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 1, "starts_at": text::time(NOW.after_ms(5_000))})).await;
    let path = format!("/v1/drops/{drop}");
    let etag = node.get(&path).send().await.expect(200).header("etag").to_owned();
    let edit = |body: Value| node.call("PATCH", &path).json(body).token(&creator);
    let edited = edit(json!({"per_customer_limit": 3})).header("if-match", &etag).send().await.expect(200);
    assert_eq!(edited.json()["per_customer_limit"], json!(3));
    edit(json!({"per_customer_limit": 4})).header("if-match", &etag).send().await.problem(412, "changed_since");
    edit(json!({"hold_seconds": 100_000})).send().await.wrong_fields(&["/hold_seconds"]);
    edit(json!({"items": [{"sku": "A", "stock": 7}]})).send().await.expect(200);
    node.shop.pass(5_000);
    edit(json!({"per_customer_limit": 5})).send().await.problem(409, "wrong_status");
}

#[tokio::test]
async fn drops_are_listed_by_stage_and_by_creator() {
    let node = Node::new();
    let (ada, bob) = (node.account("ada", "creator").await, node.account("bob", "creator").await);
    let live = node.drop(&ada, json!({"stock": 1})).await;
    node.shop.pass(1);
    let upcoming = node.drop(&ada, json!({"stock": 1, "starts_at": text::time(NOW.after_ms(60_000))})).await;
    let of_bob = node.drop(&bob, json!({"stock": 1})).await;
    node.post(&format!("/v1/drops/{of_bob}/end"), json!({})).token(&bob).send().await.expect(200);
    let list =
        async |query: &str| items(&node.get(&format!("/v1/drops?{query}")).send().await.expect(200).json(), "id");
    let creator = node.get(&format!("/v1/drops/{live}")).send().await.text_at("creator_id");
    assert_eq!(list("").await, std::slice::from_ref(&live));
    assert_eq!(list("status=upcoming").await, std::slice::from_ref(&upcoming));
    assert_eq!(list("status=ended").await, [of_bob]);
    assert_eq!(list(&format!("creator_id={creator}")).await, [upcoming, live.clone()]);
    assert_eq!(list(&format!("creator_id={creator}&status=live")).await, [live]);
}

#[tokio::test]
async fn the_drop_that_was_announced_last_is_listed_first_whenever_it_starts() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let mut announced = Vec::new();
    for starts_in in [20_000, 10_000, 30_000] {
        let starts_at = text::time(NOW.after_ms(starts_in));
        announced.insert(0, node.drop(&creator, json!({"stock": 1, "starts_at": starts_at})).await);
        node.shop.pass(1);
    }
    let page = node.get("/v1/drops?status=upcoming").send().await.expect(200).json();
    assert_eq!(items(&page, "id"), announced);
}

#[tokio::test]
async fn what_belongs_to_somebody_else_is_not_there() {
    let node = Node::new();
    let (ada, bob) = (node.account("ada", "creator").await, node.account("bob", "creator").await);
    let buyer = node.account("eve", "buyer").await;
    let drop = node.drop(&ada, json!({"stock": 5})).await;
    node.buy(&buyer, &drop, 2, "key").send().await.expect(201);
    for verb in ["pause", "resume", "end", "cancel"] {
        let path = format!("/v1/drops/{drop}/{verb}");
        node.post(&path, json!({})).token(&bob).send().await.problem(404, "not_found");
        node.post(&path, json!({})).token(&buyer).send().await.problem(403, "forbidden");
        node.post(&path, json!({})).send().await.problem(401, "unauthenticated");
    }
    let product = node.get(&format!("/v1/drops/{drop}")).send().await.json()["product"]["id"].clone();
    let foreign = json!({"product_id": product, "stock": 1});
    node.post("/v1/drops", foreign).token(&bob).send().await.problem(404, "not_found");
    let orders = format!("/v1/drops/{drop}/orders");
    node.get(&orders).token(&bob).send().await.problem(404, "not_found");
    node.get(&orders).token(&buyer).send().await.problem(403, "forbidden");
    let page = node.get(&orders).token(&ada).send().await.expect(200);
    assert_eq!(page.json()["items"][0]["quantity"], json!(2));
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn all_orders_of_a_drop_can_be_exported() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 2_000})).await;
    for key in 0..501 {
        node.buy(&creator, &drop, 1, &format!("key-{key}")).send().await.expect(201);
    }
    let last = node.buy(&creator, &drop, 2, "last").send().await.expect(201);
    let export = node.get(&format!("/v1/drops/{drop}/orders")).token(&creator).header("accept", "text/csv");
    let export = export.send().await.expect(200);
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<_> = export.text.split("\r\n").collect();
    assert_eq!((lines.len(), lines[503]), (504, ""));
    assert!(lines[0].starts_with("id,buyer_id,product_id,sku,"));
    assert!(lines[1].starts_with(&last.text_at("id")) && lines[1].contains(",\"default\",2,9998,EUR,reserved,2026-"));
}

#[tokio::test]
async fn a_body_that_is_kept_has_the_counts_and_the_time_of_its_own_answer() {
    let node = Node::new();
    let creator = node.account("cleo", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    let read = async || node.get(&format!("/v1/drops/{drop}")).send().await.expect(200).json();
    let first = read().await;
    node.shop.pass(1_000);
    let second = read().await;
    assert_ne!(first["server_time"], second["server_time"]);
    let mut later = first.clone();
    later["server_time"] = second["server_time"].clone();
    assert_eq!(second, later, "and nothing else has changed");
    let keys = |shape: &serde_json::Value| shape.as_object().expect("it is one").keys().cloned().collect::<Vec<_>>();
    let listed = node.get("/v1/drops").send().await.expect(200).json();
    assert_eq!((&listed["items"][0]["items"], keys(&second)), (&second["items"], keys(&listed["items"][0])));
    let buyer = node.account("bob", "buyer").await;
    node.buy(&buyer, &drop, 2, "key").send().await.expect(201);
    assert_eq!(read().await["items"][0]["available"], json!(3));
}
