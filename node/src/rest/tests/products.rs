//! Products, and what all cacheable answers and lists have in common.

use serde_json::{Value, json};

use super::{Node, items};

#[tokio::test]
async fn a_creator_sells_and_everybody_sees() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let created = node.product(&creator).await;
    let (id, etag) = (created.text_at("id"), created.header("etag").to_owned());
    assert_eq!(created.header("location"), format!("/v1/products/{id}"));
    assert_eq!(created.header("cache-control"), "no-store");
    let seen = node.get(&format!("/v1/products/{id}")).send().await.expect(200);
    assert_eq!(seen.json(), created.json());
    assert_eq!(seen.header("etag"), etag);
    assert!(seen.header("cache-control").starts_with("public, max-age=0, s-maxage=60, stale-while-revalidate="));
    let creator_id = seen.text_at("creator_id");
    assert_eq!(seen.header("cache-tag"), format!("product-{id},creator-{creator_id}"));
    assert_eq!(seen.header("surrogate-key"), format!("product-{id} creator-{creator_id}"));
    let creator = node.get(&format!("/v1/creators/{creator_id}")).send().await.expect(200);
    assert_eq!((creator.text_at("display_name"), creator.json()["follower_count"].clone()), ("ada".into(), json!(0)));
    assert!(creator.has("etag"));
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let created = node.product(&creator).await;
    let (path, etag) = (format!("/v1/products/{}", created.text_at("id")), created.header("etag").to_owned());
    let fresh = node.get(&path).header("if-none-match", &etag).send().await.expect(304);
    assert_eq!((fresh.header("etag"), &fresh.text[..]), (&etag[..], ""));
    assert!(fresh.has("cache-control") && !fresh.has("content-type"));
    node.get(&path).header("if-none-match", "\"1\"").send().await.expect(200);
}

#[tokio::test]
async fn an_edit_needs_the_version_that_was_seen() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let created = node.product(&creator).await;
    let (path, etag) = (format!("/v1/products/{}", created.text_at("id")), created.header("etag").to_owned());
    let edit = |body: Value| node.call("PATCH", &path).json(body).token(&creator);
    edit(json!({"name": "Print"})).send().await.problem(428, "if_match_required");
    edit(json!({"name": "Print"})).header("if-match", "\"1\"").send().await.problem(412, "changed_since");
    edit(json!({"name": "Print"})).header("if-match", "nonsense").send().await.problem(412, "changed_since");
    edit(json!({"id": "x"})).header("if-match", &etag).send().await.wrong_fields(&["/id"]);
    edit(json!({"name": "", "tags": ["\n"]}))
        .header("if-match", &etag)
        .send()
        .await
        .wrong_fields(&["/name", "/tags/0"]);
    let edited = edit(json!({"name": "Print"})).header("if-match", &etag).send().await.expect(200);
    assert_eq!(edited.text_at("name"), "Print");
    assert_ne!(edited.header("etag"), etag);
    edit(json!({"name": "Again"})).header("if-match", &etag).send().await.problem(412, "changed_since");
    edit(json!({"name": "Any"})).header("if-match", "*").send().await.expect(200);
}

#[tokio::test]
async fn others_do_not_touch_it_and_buyers_do_not_sell() {
    let node = Node::new();
    let (creator, other) = (node.account("ada", "creator").await, node.account("bob", "creator").await);
    let buyer = node.account("eve", "buyer").await;
    let created = node.product(&creator).await;
    let path = format!("/v1/products/{}", created.text_at("id"));
    let edit =
        |token: &str| node.call("PATCH", &path).json(json!({"name": "Mine"})).header("if-match", "*").token(token);
    edit(&other).send().await.problem(404, "not_found");
    edit(&buyer).send().await.problem(403, "forbidden");
    node.call("DELETE", &path).token(&other).send().await.problem(404, "not_found");
    node.call("DELETE", &path).send().await.problem(401, "unauthenticated");
    node.post("/v1/products", json!({})).token(&buyer).send().await.problem(403, "forbidden");
}

#[tokio::test]
async fn a_retired_product_is_seen_and_not_sold() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let id = node.product(&creator).await.text_at("id");
    let path = format!("/v1/products/{id}");
    node.call("DELETE", &path).token(&creator).send().await.expect(204);
    assert_eq!(node.get(&path).send().await.expect(200).json()["retired"], json!(true));
    assert_eq!(items(&node.get("/v1/products").send().await.json(), "id"), Vec::<String>::new());
    let drop = json!({"product_id": id, "stock": 1});
    node.post("/v1/drops", drop).token(&creator).send().await.problem(409, "product_retired");
}

#[tokio::test]
async fn wrong_products_are_refused_with_all_that_is_wrong() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let body = json!({
        "name": "", "image_url": "javascript:alert(1)", "tags": ["ok", ""],
        "price": {"amount": 1_000_000_000_001u64, "currency": "euro"},
    });
    let wrong = ["/name", "/image_url", "/tags/1", "/price/amount", "/price/currency"];
    node.post("/v1/products", body).token(&creator).send().await.wrong_fields(&wrong);
    let negative = json!({"name": "A", "price": {"amount": -1, "currency": "EUR"}});
    node.post("/v1/products", negative).token(&creator).send().await.wrong_fields(&["/price/amount"]);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_while_it_grows() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let mut newest_first = Vec::new();
    for _ in 0..5 {
        node.shop.pass(1);
        newest_first.insert(0, node.product(&creator).await.text_at("id"));
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/products?limit=2".to_owned());
    loop {
        let page = node.get(&path).send().await.expect(200);
        seen.extend(items(&page.json(), "id"));
        node.shop.pass(1);
        node.product(&creator).await;
        if page.json()["has_more"] == json!(false) {
            assert_eq!((page.json()["next_cursor"].clone(), page.has("link")), (Value::Null, false));
            break;
        }
        let link = page.header("link");
        path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link").to_owned();
        assert!(path.ends_with(&format!("limit=2&cursor={}", page.text_at("next_cursor"))), "{path}");
    }
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn products_are_listed_by_creator_and_by_tag() {
    let node = Node::new();
    let (ada, bob) = (node.account("ada", "creator").await, node.account("bob", "creator").await);
    let of_ada = node.product(&ada).await;
    let tagged = json!({"name": "B", "price": {"amount": 1, "currency": "EUR"}, "tags": ["new & old"]});
    let of_bob = node.post("/v1/products", tagged).token(&bob).send().await.expect(201).text_at("id");
    let list =
        async |query: &str| items(&node.get(&format!("/v1/products?{query}")).send().await.expect(200).json(), "id");
    assert_eq!(list(&format!("creator_id={}", of_ada.text_at("creator_id"))).await, [of_ada.text_at("id")]);
    assert_eq!(list("tag=new%20%26%20old").await, std::slice::from_ref(&of_bob));
    let bob = node.get(&format!("/v1/products/{of_bob}")).send().await.text_at("creator_id");
    assert_eq!(list(&format!("creator_id={bob}&tag=new%20%26%20old")).await, [of_bob]);
    assert_eq!(list(&format!("creator_id={bob}&tag=other")).await, Vec::<String>::new());
    assert_eq!(list("tag=old").await, Vec::<String>::new());
    node.get("/v1/products?creator_id=nobody").send().await.wrong_fields(&["creator_id"]);
}

#[tokio::test]
async fn a_list_may_be_kept_for_a_moment_unless_it_is_wanted_as_it_is_now() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let id = node.product(&creator).await.json()["creator_id"].as_str().expect("it is text").to_owned();
    for (path, tags) in [
        ("/v1/products".to_owned(), "products".to_owned()),
        (format!("/v1/products?creator_id={id}"), format!("products,creator-{id}")),
        (format!("/v1/products?creator_id={id}&tag=art"), format!("products,creator-{id}")),
        (format!("/v1/drops?creator_id={id}"), format!("drops,creator-{id}")),
    ] {
        let list = node.get(&path).send().await.expect(200);
        assert!(list.header("cache-control").starts_with("public, max-age=0, s-maxage=1"), "{path}");
        assert_eq!((list.header("cache-tag"), list.header("vary")), (&*tags, "livedrop-min-index"), "{path}");
    }
    let now = node.get("/v1/products?consistency=linearizable").send().await.expect(200);
    assert_eq!(now.header("cache-control"), "no-store");
}
