//! What came back from a node, before anybody knows what it means.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER, SERVER};
use http::{HeaderMap, StatusCode};
use livedrop_proto::rest::{Problem, REQUEST_ID_HEADER, problem};

use crate::{Endpoint, Refusal};

/// The longest answer that is read, in bytes: a page of 100 products with their longest descriptions is 2 MB.
const BODY_MAX: usize = 8 << 20;

/// The code of a refusal that is not from a node: what stands before the nodes does not know ours.
pub(crate) const FOREIGN: &str = "unknown";

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Received {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub endpoint: Endpoint,
}

impl Received {
    /// Reads the body. The error says why it did not arrive.
    pub(crate) async fn read(mut response: reqwest::Response, endpoint: &Endpoint) -> Result<Self, String> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| root_cause(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > BODY_MAX {
                return Err(format!("the answer is longer than {BODY_MAX} bytes"));
            }
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Received { status: response.status(), headers, body, endpoint: endpoint.clone() })
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Reads an answer that is not a success. One that is no problem document, from a proxy perhaps, becomes one.
    pub(crate) fn refusal(self, request_id: &str) -> Refusal {
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let is_problem = text(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with(problem::MEDIA_TYPE));
        let read = if is_problem { serde_json::from_slice(&self.body).ok() } else { None };
        let problem = read.unwrap_or_else(|| Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Unknown status").to_owned(),
            status: self.status.as_u16(),
            detail: foreign_detail(text(CONTENT_TYPE.as_str()), text(SERVER.as_str()), &self.body),
            code: FOREIGN.to_owned(),
            request_id: text(REQUEST_ID_HEADER).unwrap_or(request_id).to_owned(),
            errors: Vec::new(),
            opens_at: None,
            violated_policies: Vec::new(),
        });
        let retry_after = text(RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        Refusal { status: self.status.as_u16(), problem, retry_after, endpoint: self.endpoint }
    }
}

/// What can be said of an answer that no node gave. A page is for browsers: nobody wants to read its HTML in a terminal.
fn foreign_detail(kind: Option<&str>, server: Option<&str>, body: &[u8]) -> String {
    let who = server.map_or_else(String::new, |server| format!(" ({server})"));
    let text = String::from_utf8_lossy(body);
    let is_page = kind.is_some_and(|kind| kind.contains("html")) || text.trim_start().starts_with('<');
    let said = if is_page { String::new() } else { text.split_whitespace().collect::<Vec<_>>().join(" ") };
    let said: String = said.chars().take(200).collect();
    let colon = if said.is_empty() { "" } else { ": " };
    format!("Something before the nodes answered this{who}{colon}{said}")
}

/// The innermost reason: the outer ones say "error sending request" only.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_proxy_is_told_in_a_sentence() {
        let page = b"<!DOCTYPE html><html><head><title>503</title></head></html>";
        let detail = foreign_detail(Some("text/html; charset=utf-8"), Some("Varnish"), page);
        assert_eq!(detail, "Something before the nodes answered this (Varnish)");
        let detail = foreign_detail(Some("text/plain"), None, b"no server\nis available\n");
        assert_eq!(detail, "Something before the nodes answered this: no server is available");
    }
}
