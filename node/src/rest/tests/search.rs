//! Search: what was found, as it is now.

use serde_json::{Value, json};

use super::{Node, items};
use crate::search::tests::shelf::Indexed;

fn indexed(node: &Node) -> Indexed {
    Indexed::of(node.shop.clone(), node.rest.search.clone().expect("this node searches"))
}

async fn product(node: &Node, creator: &str, name: &str, amount: u64) -> String {
    let body = json!({
        "name": name,
        "description": "Printed by hand on <grey> board.",
        "price": {"amount": amount, "currency": "EUR"},
        "tags": ["Art", "print"],
    });
    node.post("/v1/products", body).token(creator).send().await.expect(201).text_at("id")
}

async fn sell(node: &Node, creator: &str, product: &str, stock: u64) -> String {
    let body = json!({"product_id": product, "stock": stock});
    node.post("/v1/drops", body).token(creator).send().await.expect(201).text_at("id")
}

async fn search(node: &Node, query: &str) -> Value {
    node.get(&format!("/v1/search?{query}")).send().await.expect(200).json()
}

#[tokio::test]
async fn a_product_is_found_with_its_drop_marks_and_counts() {
    let node = Node::new();
    let creator = node.account("nora", "creator").await;
    let id = product(&node, &creator, "Night Ferry <1>", 4_999).await;
    product(&node, &creator, "Day Ferry", 1_999).await;
    let drop = sell(&node, &creator, &id, 3).await;
    let mut index = indexed(&node);
    index.bring_up();
    let answered = node.get("/v1/search?q=night+printed").send().await.expect(200);
    assert_eq!(answered.header("livedrop-index"), answered.text_at("indexed_index"));
    let page = answered.json();
    assert_eq!(items(&page, "id"), [id]);
    let found = &page["items"][0];
    assert_eq!(found["drop"]["id"], json!(drop));
    assert_eq!((&found["drop"]["status"], &found["drop"]["purchasable"]), (&json!("live"), &json!(true)));
    assert_eq!(found["drop"]["items"][0]["available"], json!(3));
    assert_eq!(found["highlights"]["name"], json!("<mark>Night</mark> Ferry &lt;1&gt;"));
    let description = "<mark>Printed</mark> by hand on &lt;grey&gt; board.";
    assert_eq!(found["highlights"]["description"], json!(description));
    let page = search(&node, "q=ferry").await;
    assert_eq!((&page["total"], &page["has_more"]), (&json!(2), &json!(false)));
    let facets = &page["facets"];
    assert_eq!(facets["creator"][0]["name"], json!("nora"));
    assert_eq!(facets["tag"], json!([{"tag": "art", "count": 2}, {"tag": "print", "count": 2}]));
    assert_eq!(facets["status"], json!([{"status": "none", "count": 1}, {"status": "live", "count": 1}]));
    assert_eq!(facets["price"][0], json!({"min": 1_000, "max": 2_499, "count": 1}));
}

#[tokio::test]
async fn what_is_sold_out_or_retired_is_never_shown_otherwise_however_the_index_lags() {
    let node = Node::new();
    let (creator, buyer) = (node.account("nora", "creator").await, node.account("ada", "buyer").await);
    let id = product(&node, &creator, "Night Ferry", 4_999).await;
    let drop = sell(&node, &creator, &id, 1).await;
    let gone = product(&node, &creator, "Day Ferry", 4_999).await;
    let mut index = indexed(&node);
    index.bring_up();
    assert_eq!(items(&search(&node, "q=ferry&in_stock=true").await, "id"), std::slice::from_ref(&id));
    node.buy(&buyer, &drop, 1, "key-1").send().await.expect(201);
    node.call("DELETE", &format!("/v1/products/{gone}")).token(&creator).send().await.expect(204);
    // The index has not seen it yet.
    let page = search(&node, "q=ferry").await;
    assert_eq!(items(&page, "id"), std::slice::from_ref(&id));
    let shown = &page["items"][0]["drop"];
    assert_eq!((&shown["status"], &shown["purchasable"]), (&json!("sold_out"), &json!(false)));
    assert!(items(&search(&node, "q=ferry&in_stock=true").await, "id").is_empty());
    assert!(items(&search(&node, "status=live").await, "id").is_empty());
    index.bring_up();
    assert_eq!(items(&search(&node, "status=sold_out").await, "id"), std::slice::from_ref(&id));
    assert_eq!(items(&search(&node, "in_stock=false").await, "id"), std::slice::from_ref(&id));
    // Units that come back are for sale again.
    node.shop.pass(700_000);
    index.bring_up();
    assert_eq!(items(&search(&node, "in_stock=true&q=ferry").await, "id"), [id]);
}

#[tokio::test]
async fn pages_lead_to_each_other_and_a_cursor_to_its_own_search_only() {
    let node = Node::new();
    let creator = node.account("nora", "creator").await;
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(product(&node, &creator, &format!("Ferry {n}"), 1_000 + n).await);
    }
    let _index = indexed(&node);
    let (mut seen, mut query) = (Vec::new(), "q=ferry&sort=price&limit=3".to_owned());
    loop {
        let answered = node.get(&format!("/v1/search?{query}")).send().await.expect(200);
        let page = answered.json();
        seen.extend(items(&page, "id"));
        assert_eq!(page["facets"].is_null(), seen.len() > 3, "only the first page has them");
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("q=ferry&sort=price&limit=3&cursor={cursor}");
        assert_eq!(answered.header("link"), format!("</v1/search?{query}>; rel=\"next\""));
    }
    assert_eq!(seen, made);
    let other = query.replace("ferry", "boat");
    node.get(&format!("/v1/search?{other}")).send().await.problem(400, "bad_request");
    node.get("/v1/search?cursor=zzz").send().await.problem(400, "bad_request");
}

#[tokio::test]
async fn whatever_is_typed_is_a_search() {
    let node = Node::new();
    let creator = node.account("nora", "creator").await;
    product(&node, &creator, "Ferry", 1_000).await;
    let _index = indexed(&node);
    let long = "x".repeat(2_000);
    for typed in
        ["%22", "-", "tag:", "%00", "%ff%fe", "AND(OR", "*:*", "-ferry", "%22%22", "a:b~2^9", "\u{1F600}", &long]
    {
        let typed: String = typed.chars().filter(char::is_ascii).collect();
        node.get(&format!("/v1/search?q={typed}")).send().await.expect(200);
        node.get(&format!("/v1/search/suggest?q={typed}")).send().await.expect(200);
    }
    let many = vec!["ferry"; 200].join("+");
    assert_eq!(search(&node, &format!("q={many}")).await["total"], json!(1));
    node.get("/v1/search?price_min=2&price_max=1").send().await.wrong_fields(&["price_max"]);
    node.get("/v1/search?creator_id=nora").send().await.wrong_fields(&["creator_id"]);
    node.get("/v1/search?limit=101").send().await.wrong_fields(&["limit"]);
    node.get("/v1/search?status=lost").send().await.problem(400, "bad_request");
}

#[tokio::test]
async fn names_are_suggested_once() {
    let node = Node::new();
    let creator = node.account("nora", "creator").await;
    for _ in 0..3 {
        product(&node, &creator, "Night Ferry", 1_000).await;
    }
    product(&node, &creator, "Night Train", 1_000).await;
    let _index = indexed(&node);
    let suggested = node.get("/v1/search/suggest?q=nig").send().await.expect(200).json();
    let mut names = items(&suggested, "name");
    names.sort_unstable();
    assert_eq!(names, ["Night Ferry", "Night Train"]);
}

#[tokio::test]
async fn without_an_index_only_search_is_not_served() {
    let node = Node::new();
    let creator = node.account("nora", "creator").await;
    let id = product(&node, &creator, "Ferry", 1_000).await;
    let answered = node.get("/v1/search?q=ferry").send().await;
    assert_eq!(answered.header("retry-after"), "1");
    answered.problem(503, "search_rebuilding");
    node.get(&format!("/v1/products/{id}")).send().await.expect(200);
    node.get("/readyz").send().await.expect(200);
    let mut index = indexed(&node);
    // Whoever has seen a later state is told that the index is not there yet, and served once it is.
    let seen = node.get(&format!("/v1/products/{id}")).send().await.header("livedrop-index").to_owned();
    node.get("/v1/search?q=ferry").header("livedrop-min-index", &seen).send().await.expect(200);
    product(&node, &creator, "Ferry", 1_000).await;
    let later = (seen.parse::<u64>().expect("a number") + 1).to_string();
    node.get("/v1/search?q=ferry").header("livedrop-min-index", &later).send().await.problem(503, "behind");
    index.bring_up();
    let found = node.get("/v1/search?q=ferry").header("livedrop-min-index", &later).send().await.expect(200).json();
    assert_eq!(items(&found, "id").len(), 2);
}
