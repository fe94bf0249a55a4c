//! What caches that know surrogate keys are asked.

use std::time::Duration;

use super::super::Call;
use super::super::generic::Generic;
use super::{Stub, refusal};

fn generic(stub: &Stub, token: Option<&str>) -> Generic {
    Generic::new(&stub.url, token, Duration::from_secs(5)).unwrap()
}

fn tags() -> Vec<String> {
    vec!["drop-1".into(), "drops".into()]
}

#[tokio::test]
async fn keys_go_in_the_headers_of_a_purge() {
    let stub = Stub::answering([]).await;
    let generic = generic(&stub, Some("a-token"));
    for call in [Call::Purge(tags()), Call::Invalidate(tags()), Call::PurgeEverything] {
        generic.ask(&call).await.unwrap();
    }
    let seen = stub.take();
    let headers = ["xkey-purge", "xkey-softpurge", "xkey-purge-all", "surrogate-key"];
    let said: Vec<_> = seen.iter().map(|seen| headers.map(|name| seen.header(name))).collect();
    let keys = Some("drop-1 drops");
    assert_eq!(said, [[keys, None, None, keys], [None, keys, None, keys], [None, None, Some("1"), None]]);
    assert!(seen.iter().all(|seen| seen.line == "PURGE /" && seen.header("authorization") == Some("Bearer a-token")));
}

#[tokio::test]
async fn it_is_done_when_the_cache_says_so() {
    let stub = Stub::answering([refusal(503)]).await;
    let generic = generic(&stub, None);
    let trouble = generic.ask(&Call::Purge(tags())).await.expect_err("it did not");
    assert!(trouble.why.contains("503"), "{trouble}");
    generic.ask(&Call::Purge(tags())).await.expect("it does now");
}

#[test]
fn each_address_is_a_cache_and_its_name_has_no_secret_in_it() {
    let caches = Generic::all("http://one:6081 http://user:secret@two/x", None, Duration::from_secs(5)).unwrap();
    assert_eq!(caches.iter().map(Generic::name).collect::<Vec<_>>(), ["one:6081", "two:80"]);
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    for wrong in ["", "  ", "varnish", "http://"] {
        assert!(Generic::all(wrong, None, Duration::from_secs(5)).is_err(), "{wrong:?}");
    }
}
