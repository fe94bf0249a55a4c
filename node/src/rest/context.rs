//! What came with a request besides what it asks: its id, its body, where it comes from, the trace that it
//! belongs to.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::answer::REQUEST_ID;
use super::mint;
use crate::telemetry::{Place, Telemetry};

pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Put into the request by the front, taken out by the routes.
#[derive(Clone)]
pub struct Context {
    pub request_id: RequestId,
    pub body: Bytes,
    /// The client's address, beyond the proxies that are trusted.
    pub client: IpAddr,
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Context>().cloned().expect("the front gives every request a context"))
    }
}

/// Names a request in every log line, error and log entry that it causes.
#[derive(Clone)]
pub struct RequestId {
    name: HeaderValue,
    /// The span of this request, when it is traced.
    pub traced: Option<Place>,
}

impl RequestId {
    /// The caller's, if it has the form `[A-Za-z0-9_-]{8,64}`, else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let well_formed = |value: &&HeaderValue| {
            let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            (8..=64).contains(&value.len()) && value.as_bytes().iter().all(allowed)
        };
        match headers.get(REQUEST_ID).filter(well_formed) {
            Some(given) => RequestId { name: given.clone(), traced: None },
            None => {
                let made = Bytes::from(mint::request_id());
                let name = HeaderValue::from_maybe_shared(made).expect("what we make is visible ASCII");
                RequestId { name, traced: None }
            }
        }
    }

    pub fn as_str(&self) -> &str {
        self.name.to_str().expect("only visible ASCII was let in")
    }

    pub fn header(&self) -> HeaderValue {
        self.name.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A trace that began elsewhere and goes on here (W3C Trace Context).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    pub id: u128,
    /// Ours, new for each request.
    pub span: u64,
    /// The caller's; 0 when the trace begins here.
    parent: u64,
    flags: u8,
}

/// Whoever gave a trace wants it to be kept.
const SAMPLED: u8 = 1;

impl Trace {
    /// `None` without a `traceparent` or with one that is malformed, which the standard says to ignore.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(TRACEPARENT)?.to_str().ok()?;
        let mut parts = text.split('-');
        let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, digits: usize| {
            let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            (text.len() == digits && text.bytes().all(lower)).then(|| u128::from_str_radix(text, 16).ok()).flatten()
        };
        // Later versions may say more after these four; version ff is forbidden.
        let version = hex(version, 2).filter(|version| *version != 0xff)?;
        if version == 0 && parts.next().is_some() {
            return None;
        }
        let id = hex(id, 32).filter(|id| *id != 0)?;
        let parent = hex(parent, 16).filter(|parent| *parent != 0)? as u64;
        Some(Trace { id, span: mint::span(), parent, flags: hex(flags, 2)? as u8 })
    }

    /// The trace that a request belongs to, given or begun here, and its place in it when this node keeps it.
    pub fn begin(headers: &HeaderMap, telemetry: &Telemetry) -> (Option<Self>, Option<Place>) {
        let given = Self::of(headers);
        if !telemetry.picks(given.map(|trace| trace.flags & SAMPLED != 0)) {
            return (given, None);
        }
        let place = match given {
            Some(Trace { id, span, parent, .. }) => Place { trace: id, span, parent },
            None => Place::first(),
        };
        let flags = given.map_or(0, |trace| trace.flags) | SAMPLED;
        (Some(Trace { id: place.trace, span: place.span, parent: place.parent, flags }), Some(place))
    }

    pub fn header(&self) -> HeaderValue {
        let text = format!("00-{:032x}-{:016x}-{:02x}", self.id, self.span, self.flags);
        HeaderValue::try_from(text).expect("hexadecimal digits are visible ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::try_from(value).expect("a test's header is one"))])
    }

    #[test]
    fn a_request_id_of_the_caller_is_kept_when_it_is_well_formed() {
        let kept = "caller_made-0001";
        assert_eq!(RequestId::of(&headers(REQUEST_ID, kept)).as_str(), kept);
        for wrong in ["short", "with space", "semi;colon", &"x".repeat(65), ""] {
            let made = RequestId::of(&headers(REQUEST_ID, wrong));
            assert!(made.as_str().starts_with("req_") && made.as_str().len() == 30, "{wrong}");
        }
    }

    #[test]
    fn a_trace_goes_on_under_a_span_of_its_own() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = Trace::of(&headers(TRACEPARENT, given)).expect("it is well-formed");
        let sent = trace.header();
        let sent = sent.to_str().expect("it is ASCII");
        assert!(sent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && sent.ends_with("-01"));
        assert!(!sent.contains("00f067aa0ba902b7"));
    }

    #[test]
    fn a_malformed_trace_is_ignored() {
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Trace::of(&headers(TRACEPARENT, wrong)), None, "{wrong}");
        }
    }
}
