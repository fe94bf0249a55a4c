//! What became of one request, as far as the buyer can know.
//!
//! A failure of the harness itself (a file it could not write, a process it could not start) is none of these: it is
//! an `Err` of the scenario, and fails the run whatever the checkers would say.

use serde::{Deserialize, Serialize};

/// The four things that can be known about an attempt to buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// Acknowledged: the order exists and may never be lost.
    Ok { order_id: String, index: u64, replayed: bool },
    /// The state machine decided against it: sold out, limit reached. No order exists.
    Rejected { status: u16, code: String },
    /// Turned away before it was proposed. This attempt has no effect, ever.
    Refused { reason: String },
    /// It may have happened or may yet happen. Only asking again by its key can tell.
    Unknown { reason: String },
}

impl Outcome {
    /// Sorts an answer to `POST /v1/orders` into what it proves.
    pub fn of_answer(status: u16, code: &str, order: Option<(String, u64)>, replayed: bool) -> Self {
        match (status, code) {
            (200 | 201, _) => match order {
                Some((order_id, index)) => Self::Ok { order_id, index, replayed },
                None => Self::Unknown { reason: format!("{status} without an order in it") },
            },
            (429, _) | (503, "no_quorum" | "overloaded" | "stopping" | "disk_full") => {
                Self::Refused { reason: format!("{status} {code}") }
            }
            (500..=599, _) => Self::Unknown { reason: format!("{status} {code}") },
            _ => Self::Rejected { status, code: code.to_owned() },
        }
    }

    /// Sorts a request that got no answer. A connection that was never made carried nothing.
    pub fn of_broken(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Refused { reason: "no connection".to_owned() }
        } else if error.is_timeout() {
            Self::Unknown { reason: "no answer in time".to_owned() }
        } else {
            Self::Unknown { reason: "the connection broke".to_owned() }
        }
    }

    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok { .. })
    }

    /// Whether the purchase is decided, so that asking again must give the same.
    pub fn is_decided(&self) -> bool {
        matches!(self, Self::Ok { .. } | Self::Rejected { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_fate_is_never_taken_for_a_refusal() {
        assert!(matches!(Outcome::of_answer(503, "outcome_unknown", None, false), Outcome::Unknown { .. }));
        assert!(matches!(Outcome::of_answer(500, "", None, false), Outcome::Unknown { .. }));
        assert!(matches!(Outcome::of_answer(201, "", None, false), Outcome::Unknown { .. }));
        assert!(matches!(Outcome::of_answer(503, "no_quorum", None, false), Outcome::Refused { .. }));
        assert!(matches!(Outcome::of_answer(409, "sold_out", None, false), Outcome::Rejected { .. }));
    }
}
