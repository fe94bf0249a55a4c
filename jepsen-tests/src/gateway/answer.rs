//! What a call is answered, in Stripe's words.

use serde_json::{Value, json};

/// A status and a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// Whether the same key gives it again. What was refused before anything was looked at is not kept.
    pub is_kept: bool,
}

impl Answer {
    pub fn ok(body: Value) -> Self {
        Answer { status: 200, body, is_kept: true }
    }

    /// It was not done, because of how things stand.
    pub fn refused(status: u16, error: Value) -> Self {
        Answer { status, body: json!({ "error": error }), is_kept: true }
    }

    /// It was not even looked at.
    pub fn invalid(status: u16, kind: &str, code: &str, message: &str) -> Self {
        let error = json!({ "type": kind, "code": code, "message": message });
        Answer { status, body: json!({ "error": error }), is_kept: false }
    }

    pub fn missing(what: &str) -> Self {
        Answer::invalid(404, "invalid_request_error", "resource_missing", &format!("No such {what}"))
    }

    /// Something went wrong inside. Stripe keeps these too, once it has begun.
    pub fn broken(status: u16) -> Self {
        let error = json!({ "type": "api_error", "message": "An unknown error occurred" });
        Answer { status, body: json!({ "error": error }), is_kept: true }
    }
}
