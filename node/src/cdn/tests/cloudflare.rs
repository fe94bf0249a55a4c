//! What Cloudflare is asked, and which of its answers is a yes.

use std::time::Duration;

use axum::response::IntoResponse;
use http::StatusCode;

use super::super::Call;
use super::super::cloudflare::Cloudflare;
use super::{Stub, refusal};

fn cloudflare(stub: &Stub) -> Cloudflare {
    let base = format!("{}/client/v4/", stub.url);
    Cloudflare::new(&base, "023e105f4ecef8ad9ca31a8372d0c353", "a-token", Duration::from_secs(5)).unwrap()
}

fn tags(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

#[tokio::test]
async fn requests_have_cloudflares_shape_line_by_line() {
    let stub = Stub::answering([]).await;
    let cloudflare = cloudflare(&stub);
    for call in [Call::Purge(tags(&["drop-1", "drops"])), Call::Invalidate(tags(&["product-2"])), Call::PurgeEverything]
    {
        cloudflare.ask(&call).await.unwrap();
    }
    let seen = stub.take();
    let zone = "POST /client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353";
    let said: Vec<_> = seen.iter().map(|seen| (seen.line.clone(), seen.body.as_str())).collect();
    assert_eq!(
        said,
        [
            (format!("{zone}/purge_cache"), r#"{"tags":["drop-1","drops"]}"#),
            (format!("{zone}/invalidate_cache"), r#"{"tags":["product-2"]}"#),
            (format!("{zone}/purge_cache"), r#"{"purge_everything":true}"#),
        ]
    );
    for seen in seen {
        assert_eq!(seen.header("authorization"), Some("Bearer a-token"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn only_200_with_success_is_a_yes() {
    let no = refusal(200);
    let elsewhere = (StatusCode::FOUND, [("location", "/elsewhere")]).into_response();
    let stub = Stub::answering([no, refusal(403), refusal(500), elsewhere, "no JSON".into_response()]).await;
    let cloudflare = cloudflare(&stub);
    for what in ["success: false", "403", "500", "a redirect", "no JSON"] {
        let trouble = cloudflare.ask(&Call::PurgeEverything).await.expect_err(what);
        assert!(!trouble.why.contains("a-token"), "{trouble}");
        assert_eq!(trouble.at_least, Duration::ZERO);
    }
    cloudflare.ask(&Call::PurgeEverything).await.expect("it says yes now");
    assert_eq!(stub.take().len(), 6, "nobody was sent elsewhere");
}

#[tokio::test]
async fn too_many_requests_say_how_long_to_wait() {
    let limited = |after: &'static str| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", after)]).into_response();
    let stub = Stub::answering([limited("30"), limited("soon"), limited("99999999")]).await;
    let cloudflare = cloudflare(&stub);
    for seconds in [30, 0, 600] {
        let trouble = cloudflare.ask(&Call::PurgeEverything).await.expect_err("it is limited");
        assert_eq!(trouble.at_least, Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn nobody_there_is_trouble_and_no_more() {
    let nobody = Cloudflare::new("http://127.0.0.1:9", "zone", "a-token", Duration::from_secs(5)).unwrap();
    let trouble = nobody.ask(&Call::PurgeEverything).await.expect_err("nobody is there");
    assert!(!trouble.why.contains("a-token"), "{trouble}");
}
