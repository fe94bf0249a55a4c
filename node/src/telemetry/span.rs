//! One stretch of a request's way, once it is over.

use std::borrow::Cow;
use std::time::Duration;

use super::ring::{Moment, Name, What};

/// Where a span is in its trace (W3C Trace Context).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub trace: u128,
    /// Never 0.
    pub span: u64,
    /// The span that this one is a part of; 0 for the first of its trace.
    pub parent: u64,
}

impl Place {
    /// The place of a new part of this span.
    pub fn inside(self) -> Self {
        Place { trace: self.trace, span: random_span(), parent: self.span }
    }

    /// The first place of a new trace.
    pub fn first() -> Self {
        let trace = u128::from(random_span()) << 64 | u128::from(random_span());
        Place { trace, span: random_span(), parent: 0 }
    }
}

/// Names a stretch of work in a trace; never 0.
///
/// # Panics
///
/// When the system has no random bytes to give; nothing else works then either.
fn random_span() -> u64 {
    getrandom::u64().expect("the system gives random bytes").max(1)
}

/// Which side of a call a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It answers somebody outside of this process.
    Server,
    /// It waits for somebody outside of this process.
    Client,
    Internal,
}

/// One stretch of a request's way.
#[derive(Debug, Clone)]
pub struct Span {
    pub request: Name,
    pub name: Cow<'static, str>,
    pub kind: Kind,
    /// None when the request is not traced, and only remembered.
    pub place: Option<Place>,
    /// Since the epoch.
    pub began: Duration,
    pub took: Duration,
    pub failed: bool,
    pub details: Vec<(&'static str, String)>,
    /// Other requests that share this stretch: the spans that they wait in.
    pub links: Vec<Place>,
}

impl Span {
    /// `began` is counted from the epoch.
    pub fn new(request: Name, name: impl Into<Cow<'static, str>>, began: Duration, took: Duration) -> Self {
        Span {
            request,
            name: name.into(),
            kind: Kind::Internal,
            place: None,
            began,
            took,
            failed: false,
            details: Vec::new(),
            links: Vec::new(),
        }
    }

    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    pub fn failed(mut self, failed: bool) -> Self {
        self.failed = failed;
        self
    }

    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.details.push((key, value.to_string()));
        self
    }

    pub fn linked(mut self, links: Vec<Place>) -> Self {
        self.links = links;
        self
    }

    /// What the ring keeps of it.
    pub(super) fn moment(&self) -> Moment {
        Moment {
            at_micros: self.began.as_micros() as u64,
            request: self.request,
            place: self.place,
            what: What::Span {
                name: self.name.clone(),
                took_micros: self.took.as_micros() as u64,
                failed: self.failed,
            },
            details: self.details.iter().map(|(key, value)| (Cow::Borrowed(*key), value.clone())).collect(),
        }
    }
}
