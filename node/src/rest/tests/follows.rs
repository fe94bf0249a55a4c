//! Following, and followers and accounts that are brought from elsewhere.

use serde_json::{Value, json};

use super::{Node, OPERATOR_TOKEN, PASSWORD, items};

async fn id_of(node: &Node, token: &str) -> String {
    node.get("/v1/me").token(token).send().await.expect(200).text_at("id")
}

#[tokio::test]
async fn following_is_seen_from_both_sides_and_said_twice_changes_nothing() {
    let node = Node::new();
    let (creator, buyer) = (node.account("ada", "creator").await, node.account("bo", "buyer").await);
    let (creator_id, buyer_id) = (id_of(&node, &creator).await, id_of(&node, &buyer).await);
    let edge = format!("/v1/me/following/{creator_id}");
    let page = format!("/v1/creators/{creator_id}");
    let look = async || node.get(&page).send().await.expect(200);
    node.get(&edge).token(&buyer).send().await.problem(404, "not_found");
    let before = look().await;
    for _ in 0..2 {
        node.call("PUT", &edge).token(&buyer).send().await.expect(204);
    }
    node.get(&edge).token(&buyer).send().await.expect(204);
    let after = look().await;
    assert_eq!((&before.json()["follower_count"], &after.json()["follower_count"]), (&json!(0), &json!(1)));
    assert_ne!(before.header("etag"), after.header("etag"), "a cache must not keep the old count for good");
    let list = node.get(&format!("{page}/followers")).send().await.expect(200).json();
    assert_eq!((items(&list, "id"), items(&list, "display_name")), (vec![buyer_id], vec!["bo".to_owned()]));
    assert!(!list.to_string().contains('@'), "no address is told: {list}");
    let list = node.get("/v1/me/following").token(&buyer).send().await.expect(200).json();
    assert_eq!(items(&list, "id"), [creator_id]);
    for _ in 0..2 {
        node.call("DELETE", &edge).token(&buyer).send().await.expect(204);
    }
    node.get(&edge).token(&buyer).send().await.problem(404, "not_found");
    assert_eq!(look().await.json()["follower_count"], json!(0));
}

#[tokio::test]
async fn only_creators_are_followed_and_by_others() {
    let node = Node::new();
    let (creator, buyer) = (node.account("ada", "creator").await, node.account("bo", "buyer").await);
    let (creator_id, buyer_id) = (id_of(&node, &creator).await, id_of(&node, &buyer).await);
    let put = |id: &str, token| node.call("PUT", &format!("/v1/me/following/{id}")).token(token);
    put(&creator_id, &creator).send().await.wrong_fields(&["creator_id"]);
    put(&buyer_id, &creator).send().await.problem(404, "not_found");
    put("nobody", &creator).send().await.problem(404, "not_found");
    node.get(&format!("/v1/creators/{buyer_id}/followers")).send().await.problem(404, "not_found");
    node.call("PUT", &format!("/v1/me/following/{creator_id}")).send().await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_long_list_of_followers_is_brought_and_read_page_by_page() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let creator_id = id_of(&node, &creator).await;
    let account = |n: u32| {
        json!({"id": format!("usr_01KAS0FJX0D2W8NMC0D3F5H{n:03}"),
        "email": format!("fan-{n}@example.com"), "display_name": format!("Fan {n}"), "role": "buyer"})
    };
    let accounts: Vec<Value> = (100..140).map(account).collect();
    let mut followers: Vec<String> = accounts.iter().map(|one| one["id"].as_str().expect("text").to_owned()).collect();
    let import = async || {
        let body = json!({"accounts": accounts});
        node.post("/v1/admin/accounts/import", body).token(OPERATOR_TOKEN).send().await.expect(200).json()
    };
    assert_eq!((import().await, import().await), (json!({"added": 40, "taken": 0}), json!({"added": 0, "taken": 40})));
    followers.push("usr_01KAS0FJX0D2W8NMC0D3F5HZZZ".into());
    let bring = async || {
        let body = json!({"creator_id": creator_id, "followers": followers});
        node.post("/v1/admin/followers", body).token(OPERATOR_TOKEN).send().await.expect(200).json()
    };
    assert_eq!(bring().await, json!({"added": 40, "already": 0, "unknown": 1, "refused": 0}));
    assert_eq!(bring().await, json!({"added": 0, "already": 40, "unknown": 1, "refused": 0}));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/creators/{creator_id}/followers?limit=7{cursor}");
        let page = node.get(&path).send().await.expect(200).json();
        seen.extend(items(&page, "id"));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.sort();
    assert_eq!(seen, followers[..40]);
}

#[tokio::test]
async fn only_operators_bring_accounts_and_followers() {
    let node = Node::new();
    let creator = node.account("ada", "creator").await;
    let body = json!({"creator_id": id_of(&node, &creator).await, "followers": []});
    node.post("/v1/admin/followers", body).token(&creator).send().await.problem(403, "forbidden");
    let body = json!({"accounts": []});
    node.post("/v1/admin/accounts/import", body).token(&creator).send().await.problem(403, "forbidden");
    let body = json!({"creator_id": "ada", "followers": ["bo"]});
    let wrong = node.post("/v1/admin/followers", body).token(OPERATOR_TOKEN).send().await;
    wrong.wrong_fields(&["/creator_id", "/followers/0"]);
}

#[tokio::test]
async fn an_account_that_was_brought_signs_in_with_its_own_hash_or_not_at_all() {
    let node = Node::new();
    let hash = {
        use argon2::{Argon2, PasswordHasher};
        Argon2::default().hash_password(PASSWORD.as_bytes()).expect("it can be hashed").to_string()
    };
    let account = |name: &str| json!({"email": format!("{name}@example.com"), "display_name": name, "role": "buyer"});
    let mut with_hash = account("with");
    with_hash["password_hash"] = json!(hash);
    let body = json!({"accounts": [with_hash, account("without")]});
    node.post("/v1/admin/accounts/import", body).token(OPERATOR_TOKEN).send().await.expect(200);
    node.sign_in("with").await;
    for password in ["", PASSWORD] {
        let body = json!({"email": "without@example.com", "password": password});
        node.post("/v1/sessions", body).send().await.problem(401, "bad_credentials");
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_account_that_is_brought_is_named() {
    let node = Node::new();
    let good = json!({"email": "a@b", "display_name": "A", "role": "buyer"});
    let bad = json!({"id": "a", "email": "nobody", "display_name": "", "role": "buyer", "password_hash": "secret"});
    let dear = json!({"email": "c@d", "display_name": "C", "role": "buyer",
        "password_hash": "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"});
    let body = json!({"accounts": [good, bad, dear]});
    let refused = node.post("/v1/admin/accounts/import", body).token(OPERATOR_TOKEN).send().await;
    let at = |at: u32, field: &str| format!("/accounts/{at}/{field}");
    let wrong = [at(1, "email"), at(1, "display_name"), at(1, "password_hash"), at(1, "id"), at(2, "password_hash")];
    refused.wrong_fields(&wrong.each_ref().map(String::as_str));
}
