//! Who did what, as operators read it.

use livedrop_proto::rest::audit::AuditRecord;
use serde_json::json;

use super::{Answered, Node, OPERATOR_TOKEN, PASSWORD};

async fn read(node: &Node, query: &str) -> Answered {
    node.get(&format!("/v1/admin/audit{query}")).token(OPERATOR_TOKEN).send().await.expect(200)
}

fn records(page: &Answered) -> Vec<AuditRecord> {
    serde_json::from_value(page.json()["items"].clone()).expect("these are records")
}

#[tokio::test]
async fn every_record_says_who_did_what_and_can_be_checked_by_whoever_reads_it() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let olga = node.account("olga", "operator").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    let me = async |token: &str| node.get("/v1/me").token(token).send().await.expect(200).text_at("id");
    let (ada, operator) = (me(&creator).await, me(&olga).await);
    let pause = node.post(&format!("/v1/drops/{drop}/pause"), json!({})).token(&creator);
    pause.header("x-request-id", "pause-0001").send().await.expect(200);
    node.buy(&olga, &drop, 1, "key").send().await.problem(409, "drop_paused");
    let disable = node.call("POST", &format!("/v1/admin/accounts/{ada}/disable"));
    disable.token(&olga).send().await.expect(200);
    let trail = records(&read(&node, "").await);
    let told: Vec<_> = trail.iter().map(|it| (&it.actor[..], &it.action[..])).collect();
    let expected = [
        ("operator", "account.registered"),
        (&ada, "session.opened"),
        ("system", "signing_key.added"),
        ("operator", "account.registered"),
        (&operator, "session.opened"),
        (&ada, "product.created"),
        (&ada, "drop.scheduled"),
        (&ada, "drop.paused"),
        (&operator, "account.disabled"),
    ];
    assert_eq!(told, expected);
    assert_eq!((&trail[7].subject, &trail[7].request_id[..]), (&drop, "pause-0001"));
    let mut previous = "0".repeat(64);
    for (record, number) in trail.iter().zip(1..) {
        assert_eq!((record.number.0, &record.previous), (number, &previous));
        previous = blake3::hash(&record.hashed()).to_hex().to_string();
        assert_eq!(record.hash, previous);
    }
    let whole = read(&node, "").await.text;
    assert!(!whole.contains(PASSWORD) && !whole.contains("argon2") && !whole.contains("ada@example.com"));
}

#[tokio::test]
async fn what_somebody_did_or_what_was_done_to_something_is_found() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    node.account("bob", "creator").await;
    let drop = node.drop(&creator, json!({"stock": 5})).await;
    for verb in ["pause", "resume", "end"] {
        node.post(&format!("/v1/drops/{drop}/{verb}"), json!({})).token(&creator).send().await.expect(200);
    }
    let of_drop = records(&read(&node, &format!("?subject={drop}")).await);
    let actions: Vec<_> = of_drop.iter().map(|record| &record.action[..]).collect();
    assert_eq!(actions, ["drop.scheduled", "drop.paused", "drop.resumed", "drop.ended"]);
    let ada = &of_drop[0].actor;
    assert_eq!(records(&read(&node, &format!("?actor={ada}&limit=100")).await).len(), 6);
    assert_eq!(records(&read(&node, "?actor=operator").await).len(), 2);
    assert!(records(&read(&node, "?actor=nobody").await).is_empty());
}

#[tokio::test]
async fn pages_are_as_long_as_asked_and_go_on_where_they_ended() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    for _ in 0..7 {
        node.product(&creator).await;
    }
    for filter in ["", "&actor=operator", "&subject=none"] {
        let (mut numbers, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = read(&node, &format!("?limit=3{filter}{cursor}")).await;
            let found = records(&page);
            assert!(found.len() <= 3);
            numbers.extend(found.iter().map(|record| record.number.0));
            match page.json()["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let all = records(&read(&node, &format!("?limit=100{filter}")).await);
        assert_eq!(numbers, all.iter().map(|record| record.number.0).collect::<Vec<_>>());
    }
    let later = records(&read(&node, "?after=8").await);
    assert_eq!(later.iter().map(|record| record.number.0).collect::<Vec<_>>(), [9, 10]);
}
