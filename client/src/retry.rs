//! What is repeated when an answer does not come, and when.
//!
//! | what happened | read, keyed write, sign-in | other write |
//! |---|---|---|
//! | the connection was refused: nothing was sent | next node | next node |
//! | the connection was lost, or no answer came in time | next node, same key | never: it may have been done |
//! | 503 `outcome_unknown`, 502, 504, 503 of something before the nodes | same key | never: it may have been done |
//! | 503 of a node otherwise, 429: nothing was done | again | again |
//! | any other answer | never: it is the answer | never |
//!
//! Between two attempts the client waits as long as `Retry-After` says, or a random time that doubles; not at all
//! while there is a node that this request has not tried. When it gives up, a write that may have been done in one of
//! the attempts is reported as such, even when the last attempt certainly was not done.

use std::time::Duration;

use livedrop_proto::rest::problem::code;

use crate::answer::FOREIGN;
use crate::{Error, random};

/// How often and how long one request is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The most times it is sent, 1 or more.
    pub attempts: u32,
    /// The longest first pause; each later one may be twice as long.
    pub first_pause: Duration,
    /// The longest pause that the client chooses itself.
    pub longest_pause: Duration,
    /// No attempt begins later than this after the first. A longer `Retry-After` ends the request.
    pub patience: Duration,
}

impl Default for Policy {
    /// Outlives an election: 12 attempts in at most 15 seconds.
    fn default() -> Self {
        Policy {
            attempts: 12,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(2),
            patience: Duration::from_secs(15),
        }
    }
}

impl Policy {
    /// Every request is sent once.
    pub fn never() -> Self {
        Policy { attempts: 1, ..Policy::default() }
    }

    /// The pause before attempt `next` (the second is 1): random between half of its limit and the limit.
    pub fn pause(&self, next: u32) -> Duration {
        let doubled = self.first_pause.saturating_mul(1 << (next.saturating_sub(1)).min(16));
        let limit = doubled.min(self.longest_pause).as_micros() as u64;
        Duration::from_micros(limit / 2 + random::below(limit / 2 + 1))
    }
}

/// Whether it does harm to send a request twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// A read, a sign-in, or a write that carries an idempotency key or says the same however often it is said.
    Safe,
    /// A write that would be done twice.
    Unsafe,
}

/// Why there is no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure<'a> {
    /// No connection: nothing was sent.
    NotSent,
    /// Something was sent and no answer came.
    Lost,
    Answered {
        status: u16,
        code: &'a str,
    },
}

impl<'a> Failure<'a> {
    pub fn of(error: &'a Error) -> Self {
        match error {
            Error::Unreachable { .. } => Failure::NotSent,
            Error::Unanswered { .. } => Failure::Lost,
            Error::Refused(refusal) => Failure::Answered { status: refusal.status, code: &refusal.problem.code },
            Error::Unreadable { .. } => Failure::Answered { status: 200, code: "" },
        }
    }
}

/// Whether a request that failed is sent again: the table at the top of this page.
pub fn again(repeat: Repeat, failure: Failure<'_>) -> bool {
    let known_not_done = match failure {
        Failure::NotSent => true,
        Failure::Lost => false,
        // A proxy says 503 also of a request that a node took and did not answer.
        Failure::Answered { status: 503, code } => code != code::OUTCOME_UNKNOWN && code != FOREIGN,
        Failure::Answered { status: 429, .. } => true,
        Failure::Answered { status: 502 | 504, .. } => false,
        Failure::Answered { .. } => return false,
    };
    known_not_done || repeat == Repeat::Safe
}

/// Whether a write may have been done in spite of the failure.
pub fn leaves_open(failure: Failure<'_>) -> bool {
    again(Repeat::Safe, failure) && !again(Repeat::Unsafe, failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str) -> Failure<'_> {
        Failure::Answered { status, code }
    }

    #[test]
    fn a_request_that_was_not_sent_goes_to_the_next_node() {
        assert!(again(Repeat::Safe, Failure::NotSent));
        assert!(again(Repeat::Unsafe, Failure::NotSent));
    }

    #[test]
    fn a_write_without_a_key_is_not_sent_again_once_it_may_have_been_done() {
        let proxy = [503, 502, 504].map(|status| answered(status, FOREIGN));
        for failure in [Failure::Lost, answered(503, code::OUTCOME_UNKNOWN)].into_iter().chain(proxy) {
            assert!(!again(Repeat::Unsafe, failure), "{failure:?}");
            assert!(again(Repeat::Safe, failure), "{failure:?}");
            assert!(leaves_open(failure), "{failure:?}");
        }
        for failure in [Failure::NotSent, answered(503, code::NO_QUORUM), answered(429, ""), answered(409, "")] {
            assert!(!leaves_open(failure), "{failure:?}");
        }
    }

    #[test]
    fn what_was_not_done_for_want_of_a_quorum_is_sent_again() {
        for failure in [answered(503, code::NO_QUORUM), answered(503, code::STOPPING), answered(429, "")] {
            assert!(again(Repeat::Unsafe, failure), "{failure:?}");
        }
    }

    #[test]
    fn an_answer_is_an_answer() {
        for status in [400, 401, 403, 404, 409, 412, 422, 425, 500] {
            assert!(!again(Repeat::Safe, answered(status, code::SOLD_OUT)), "{status}");
        }
    }

    #[test]
    fn pauses_double_up_to_their_limit_and_are_never_the_same_for_all() {
        let policy = Policy::default();
        for (next, limit_ms) in [(1, 100), (2, 200), (3, 400), (6, 2_000), (40, 2_000)] {
            let pauses: Vec<u128> = (0..64).map(|_| policy.pause(next).as_millis()).collect();
            assert!(pauses.iter().all(|pause| (limit_ms / 2..=limit_ms).contains(pause)), "{next}: {pauses:?}");
            assert!(pauses.iter().any(|pause| pause != &pauses[0]), "{next}: {pauses:?}");
        }
    }
}
