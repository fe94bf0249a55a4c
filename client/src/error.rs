//! The ways in which a request does not give what was asked for.

use std::fmt;
use std::time::Duration;

use livedrop_proto::rest::Problem;

use crate::Endpoint;

/// Why a request gave nothing. Each says what is known about whether it was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No node took the request in any attempt, so it was not done.
    #[error("no node can be reached: {}", Listed(tried))]
    Unreachable { tried: Vec<Attempt>, request_id: String },
    /// A node answered that it was not done. (One code says otherwise: `outcome_unknown`.)
    #[error("{} ({} {})", .0.problem.title, .0.status, .0.problem.code)]
    Refused(Box<Refusal>),
    /// It was sent and no answer came. It may have been done; it is not safe to send it again.
    #[error("no answer came from {endpoint}: {why}")]
    Unanswered { endpoint: Endpoint, why: String, request_id: String },
    /// The answer was a success that cannot be read. It was done.
    #[error("the answer of {endpoint} cannot be read: {why}")]
    Unreadable { endpoint: Endpoint, why: String, request_id: String },
}

/// One node that could not be asked.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub endpoint: Endpoint,
    pub why: String,
}

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: u16,
    pub problem: Problem,
    /// How long the node asks to wait.
    pub retry_after: Option<Duration>,
    pub endpoint: Endpoint,
}

impl Error {
    /// The `code` of a refusal: one of [`livedrop_proto::rest::problem::code`].
    pub fn code(&self) -> Option<&str> {
        match self {
            Error::Refused(refusal) => Some(&refusal.problem.code),
            _ => None,
        }
    }

    /// The HTTP status of a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }

    /// How long the node asks to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Names the request in the logs of every node that it touched.
    pub fn request_id(&self) -> &str {
        match self {
            Error::Refused(refusal) => &refusal.problem.request_id,
            Error::Unreachable { request_id, .. }
            | Error::Unanswered { request_id, .. }
            | Error::Unreadable { request_id, .. } => request_id,
        }
    }
}

/// Each node once, with what it said last.
struct Listed<'a>(&'a [Attempt]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told: Vec<&Attempt> = Vec::new();
        for attempt in self.0.iter().rev() {
            if told.iter().all(|other| other.endpoint != attempt.endpoint) {
                told.push(attempt);
            }
        }
        for (place, attempt) in told.iter().rev().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{} ({})", attempt.endpoint, attempt.why)?;
        }
        Ok(())
    }
}
