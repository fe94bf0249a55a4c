//! The last moments of requests that failed, were slow or are traced: bounded, in memory, gone with the process.
//!
//! Requests that are merely refused (sold out, limit reached) have a ring of their own, so that a rush of them does not
//! push out what an operator must see, and only so many a second are taken at all.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::span::Place;

/// Refused requests that are remembered in one second.
const REFUSALS_A_SECOND: u64 = 200;
/// The most characters of a request's id.
const NAME_MAX: usize = 64;

/// A request's id, without an allocation of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; NAME_MAX],
    length: u8,
}

impl Name {
    /// What is longer than an id may be is cut.
    pub fn of(id: &str) -> Self {
        let length = id.floor_char_boundary(NAME_MAX.min(id.len()));
        let mut bytes = [0; NAME_MAX];
        bytes[..length].copy_from_slice(&id.as_bytes()[..length]);
        Name { bytes, length: length as u8 }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("it was cut where a character ends")
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Something that happened to a request on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When it began, in microseconds since the epoch, by this node's clock.
    pub at_micros: u64,
    pub request: Name,
    pub place: Option<Place>,
    pub what: What,
    pub details: Vec<(Cow<'static, str>, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A line of the log.
    Line { level: &'static str, message: String },
    /// A stretch of its way.
    Span { name: Cow<'static, str>, took_micros: u64, failed: bool },
}

pub(super) struct Ring {
    limit: usize,
    failed: Mutex<VecDeque<Moment>>,
    refused: Mutex<VecDeque<Moment>>,
    began: Instant,
    /// The second since `began` in which refusals are counted, in the upper half, and how many there were.
    refusals: AtomicU64,
}

impl Ring {
    pub fn new(limit: usize) -> Self {
        Ring {
            limit,
            failed: Mutex::default(),
            refused: Mutex::default(),
            began: Instant::now(),
            refusals: AtomicU64::new(0),
        }
    }

    /// Counts a refused request. Two that come at the same moment may be counted as one.
    pub fn has_room_for_refusal(&self) -> bool {
        let second = self.began.elapsed().as_secs() << 32;
        let seen = self.refusals.load(Ordering::Relaxed);
        let count = if seen & !0xffff_ffff == second { seen & 0xffff_ffff } else { 0 };
        if count >= REFUSALS_A_SECOND || self.limit == 0 {
            return false;
        }
        self.refusals.store(second | (count + 1), Ordering::Relaxed);
        true
    }

    /// Adds a moment, in the place of the oldest one when there is no room.
    pub fn add(&self, moment: Moment) {
        let worse = match &moment.what {
            What::Line { level, .. } => matches!(*level, "WARN" | "ERROR"),
            What::Span { failed, .. } => *failed,
        };
        let mut ring = if worse { &self.failed } else { &self.refused }.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= self.limit {
            ring.pop_front();
        }
        if self.limit > 0 {
            ring.push_back(moment);
        }
    }

    /// All moments of one request, oldest first.
    pub fn recall(&self, request: &str) -> Vec<Moment> {
        let mut found = Vec::new();
        for ring in [&self.failed, &self.refused] {
            let ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
            found.extend(ring.iter().filter(|moment| moment.request.as_str() == request).cloned());
        }
        found.sort_by_key(|moment| moment.at_micros);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(request: &str, at_micros: u64, failed: bool) -> Moment {
        let what = What::Span { name: "test".into(), took_micros: 1, failed };
        Moment { at_micros, request: Name::of(request), place: None, what, details: vec![] }
    }

    #[test]
    fn a_rush_of_refusals_does_not_push_out_a_failure() {
        let ring = Ring::new(4);
        ring.add(moment("req_failed_1", 1, true));
        (0..100).for_each(|at| ring.add(moment("req_refused_1", at, false)));
        assert_eq!(ring.recall("req_failed_1").len(), 1);
        assert_eq!(ring.recall("req_refused_1").len(), 4, "the oldest are forgotten");
    }

    #[test]
    fn what_happened_is_told_in_the_order_of_time() {
        let ring = Ring::new(10);
        ring.add(moment("req_00000001", 30, true));
        ring.add(moment("req_00000002", 15, true));
        ring.add(moment("req_00000001", 10, false));
        let at: Vec<u64> = ring.recall("req_00000001").iter().map(|moment| moment.at_micros).collect();
        assert_eq!(at, [10, 30]);
    }

    #[test]
    fn only_so_many_refusals_are_taken_in_a_second() {
        let ring = Ring::new(10);
        let taken = (0..10_000).filter(|_| ring.has_room_for_refusal()).count();
        // A second may end meanwhile.
        assert!((200..=400).contains(&taken), "{taken}");
        assert!(!Ring::new(0).has_room_for_refusal());
    }

    #[test]
    fn an_id_that_is_too_long_is_cut_where_a_character_ends() {
        let long = "é".repeat(40);
        assert_eq!(Name::of(&long).as_str(), "é".repeat(32));
        assert_eq!(Name::of("req_1").as_str(), "req_1");
    }
}
