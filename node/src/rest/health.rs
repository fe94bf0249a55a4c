//! Whether the node lives, whether it should be sent requests, and what it has counted.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use axum::extract::{RawQuery, State};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::Rest;
use super::answer::Answer;
use super::code;
use super::docs::Problems;
use super::problem::Problem;
use crate::readiness::Check;

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
    ("verbose" = Option<String>, Query, description = "Lists the checks; `verbose=json` as JSON."),
    ("exclude" = Option<String>, Query, description = "A check to leave out; may be given again.")), responses(
    (status = 200, description = "It should.", body = String, content_type = "text/plain"),
    (status = 503, description = "It should not.", body = String, content_type = "text/plain"),
    Problems,
))]
pub async fn readyz(State(rest): State<Rest>, RawQuery(query): RawQuery) -> Answer {
    let draining = rest.draining.load(Ordering::Relaxed);
    let mut checks = rest.shop.checks();
    let problem = || "the node is stopping, or an operator drains it".to_owned();
    checks.push(Check::of("not_draining", !draining, problem));
    report(query.as_deref().unwrap_or_default(), checks)
}

/// What the node counts of its requests, its consensus and its store, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "The metrics, in Prometheus' text format.", body = String, content_type = "text/plain"),
    Problems,
))]
pub async fn metrics(State(rest): State<Rest>) -> Result<Answer, Problem> {
    let text = rest.exposition().ok_or_else(|| Problem::new(&code::NOT_FOUND, "This node counts nothing."))?;
    Ok(Answer::written(StatusCode::OK, METRICS, text))
}

/// One line a check when asked for or when one is not well, `ok` otherwise.
fn report(query: &str, checks: Vec<Check>) -> Answer {
    let parameters = || query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let verbose = parameters().any(|(name, _)| name == "verbose");
    let excluded = |check: &Check| parameters().any(|(name, value)| name == "exclude" && value == check.name);
    let json = parameters().any(|(name, value)| name == "verbose" && value == "json");
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
    if json {
        let shown = |check: &Check| {
            (
                check.name,
                CheckShown { ok: check.problem.is_none(), excluded: excluded(check), problem: check.problem.clone() },
            )
        };
        let body = Report { ready: well, checks: checks.iter().map(shown).collect() };
        let body = serde_json::to_vec(&body).expect("text is JSON");
        let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        return Answer::written(status, "application/json", body);
    }
    match (well, verbose) {
        (true, false) => Answer::written(StatusCode::OK, TEXT, "ok"),
        (true, true) => Answer::written(StatusCode::OK, TEXT, lines + "all checks passed\n"),
        (false, _) => Answer::written(StatusCode::SERVICE_UNAVAILABLE, TEXT, lines + "not ready\n")
            .with(header::RETRY_AFTER, HeaderValue::from_static("1")),
    }
}

/// What `verbose=json` shows.
#[derive(Serialize)]
struct Report {
    ready: bool,
    checks: BTreeMap<&'static str, CheckShown>,
}

#[derive(Serialize)]
struct CheckShown {
    ok: bool,
    /// It does not count.
    excluded: bool,
    problem: Option<String>,
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
        let (status, text) = told("verbose=json").await;
        let expected = r#"{"ready":false,"checks":{"leader_known":{"ok":true,"excluded":false,"problem":null},"recovered":{"ok":false,"excluded":false,"problem":"3 entries behind"}}}"#;
        assert_eq!((status, text.as_str()), (503, expected));
        let (status, text) = told("verbose&exclude=recovered").await;
        assert_eq!((status, text.ends_with("all checks passed\n")), (200, true));
    }
}
