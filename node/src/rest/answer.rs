//! Answers that are a success: a status, few headers, and a body written once.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use livedrop_proto::rest;
use serde::Serialize;

pub const INDEX: HeaderName = HeaderName::from_static(rest::INDEX_HEADER);
pub const MIN_INDEX: HeaderName = HeaderName::from_static(rest::MIN_INDEX_HEADER);
pub const NODE: HeaderName = HeaderName::from_static(rest::NODE_HEADER);
pub const LEADER: HeaderName = HeaderName::from_static(rest::LEADER_HEADER);
pub const REQUEST_ID: HeaderName = HeaderName::from_static(rest::REQUEST_ID_HEADER);
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static(rest::IDEMPOTENCY_KEY_HEADER);
pub const REPLAYED: HeaderName = HeaderName::from_static(rest::REPLAYED_HEADER);

/// The media type of what this API says.
pub const JSON: &str = "application/json";

/// Most answers fit into this many bytes.
const USUAL_BYTES: usize = 640;

/// An answer on its way to the front. It is not to be kept by anybody, unless it says so.
pub struct Answer(Response);

impl Answer {
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        serde_json::to_writer(&mut bytes, body).expect("shapes with text keys are JSON");
        Answer::written(status, JSON, bytes)
    }

    pub fn ok(body: &impl Serialize) -> Self {
        Answer::json(StatusCode::OK, body)
    }

    /// A body that is written already.
    pub fn written(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(Body::from(body.into()));
        *response.status_mut() = status;
        response.headers_mut().reserve(10);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Answer(response)
    }

    pub fn no_content() -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Answer(response)
    }

    /// Says which log index the answer reflects.
    pub fn at(self, index: u64) -> Self {
        self.with(INDEX, index.into())
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().insert(name, value);
        self
    }

    /// `value` must be visible ASCII, as our own paths and tags are.
    pub fn with_text(self, name: HeaderName, value: String) -> Self {
        let value = HeaderValue::from_maybe_shared(Bytes::from(value)).expect("our own text is visible ASCII");
        self.with(name, value)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        self.0
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Answer(response)
    }
}
