//! Whether the node lives, whether it should be sent requests, and what it has counted.

use std::sync::atomic::Ordering;

use axum::extract::{RawQuery, State};
use http::StatusCode;

use super::answer::Answer;
use super::code;
use super::docs::Problems;
use super::problem::Problem;
use super::shop::Check;
use super::{Exposition, Rest};

const TEXT: &str = "text/plain; charset=utf-8";
/// The media type of Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether the process works at all. Whoever supervises it restarts it when it does not.
#[utoipa::path(get, path = "/livez", tag = "operations", params(("verbose" = Option<String>, Query, description = "Lists the checks.")), responses(
    (status = 200, description = "It does.", body = String, content_type = "text/plain"),
    Problems,
))]
pub async fn livez(RawQuery(query): RawQuery) -> Answer {
    report(query.as_deref().unwrap_or_default(), vec![Check { name: "process", problem: None }])
}

/// Whether the node should be sent requests: 503 and the names of what is not well otherwise.
#[utoipa::path(get, path = "/readyz", tag = "operations", params(
    ("verbose" = Option<String>, Query, description = "Lists the checks."),
    ("exclude" = Option<String>, Query, description = "A check to leave out; may be given again.")), responses(
    (status = 200, description = "It should.", body = String, content_type = "text/plain"),
    (status = 503, description = "It should not.", body = String, content_type = "text/plain"),
    Problems,
))]
pub async fn readyz(State(rest): State<Rest>, RawQuery(query): RawQuery) -> Answer {
    let stopping = rest.draining.load(Ordering::Relaxed).then(|| "the node is stopping".to_owned());
    let mut checks = rest.shop.checks();
    checks.push(Check { name: "not_draining", problem: stopping });
    report(query.as_deref().unwrap_or_default(), checks)
}

/// What the node counts of its requests, its consensus and its store, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "The metrics, in Prometheus' text format.", body = String, content_type = "text/plain"),
    Problems,
))]
pub async fn metrics(State(rest): State<Rest>) -> Result<Answer, Problem> {
    let metrics = rest.metrics.as_ref().ok_or_else(|| Problem::new(&code::NOT_FOUND, "This node counts nothing."))?;
    let mut collected = Exposition::default();
    rest.shop.collect(&mut collected);
    rest.rendered.collect(&mut collected);
    Ok(Answer::written(StatusCode::OK, METRICS, metrics.render() + collected.text()))
}

/// One line a check when asked for or when one is not well, `ok` otherwise.
fn report(query: &str, checks: Vec<Check>) -> Answer {
    let parameters = || query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let verbose = parameters().any(|(name, _)| name == "verbose");
    let excluded = |check: &Check| parameters().any(|(name, value)| name == "exclude" && value == check.name);
    let mut lines = String::new();
    let mut well = true;
    for check in &checks {
        lines.push_str(&match &check.problem {
            _ if excluded(check) => format!("[+]{} excluded: ok\n", check.name),
            None => format!("[+]{} ok\n", check.name),
            Some(problem) => {
                well = false;
                format!("[-]{} failed: {problem}\n", check.name)
            }
        });
    }
    match (well, verbose) {
        (true, false) => Answer::written(StatusCode::OK, TEXT, "ok"),
        (true, true) => Answer::written(StatusCode::OK, TEXT, lines + "all checks passed\n"),
        (false, _) => Answer::written(StatusCode::SERVICE_UNAVAILABLE, TEXT, lines + "not ready\n"),
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http_body_util::BodyExt;

    use super::*;

    async fn told(query: &str) -> (u16, String) {
        let checks = vec![
            Check { name: "leader_known", problem: None },
            Check { name: "recovered", problem: Some("3 entries behind".into()) },
        ];
        let response = report(query, checks).into_response();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("it is in memory").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("it is text"))
    }

    #[tokio::test]
    async fn what_is_not_well_is_named_and_can_be_excluded() {
        let failed = "[+]leader_known ok\n[-]recovered failed: 3 entries behind\nnot ready\n";
        assert_eq!(told("").await, (503, failed.into()));
        assert_eq!(told("exclude=recovered").await, (200, "ok".into()));
        let (status, text) = told("verbose&exclude=recovered").await;
        assert_eq!((status, text.ends_with("all checks passed\n")), (200, true));
    }
}
