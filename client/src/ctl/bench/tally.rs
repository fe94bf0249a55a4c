//! What happened, counted.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::latency::Latencies;

/// What became of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 201, with a digest of the order's id.
    Acknowledged(u64),
    /// An answer that no order was placed.
    Refused,
    /// No answer that settles it came in time.
    Unknown,
}

/// A digest of an order's id: a few bytes for each of millions of keys.
pub fn digest(order_id: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    order_id.hash(&mut hasher);
    hasher.finish()
}

/// What one thread counted.
#[derive(Debug, Clone)]
pub struct Tally {
    /// From when a purchase was due to its acknowledgement, of those that ended after the warm-up.
    pub latencies: Latencies,
    /// Purchases acknowledged after the warm-up.
    pub acknowledged: u64,
    /// All answers other than 2xx, by status and code.
    pub refusals: BTreeMap<(u16, String), u64>,
    /// Connections lost while an answer was awaited.
    pub lost: u64,
    /// Answers that did not come in time.
    pub timed_out: u64,
    /// Answers that could not be read.
    pub garbled: u64,
    /// Requests sent again with the same key.
    pub repeated: u64,
    /// Requests sent.
    pub sent: u64,
    /// Purchases that were due in an open loop and never sent, because their connection was still waiting.
    pub overdue: u64,
}

impl Tally {
    pub fn new() -> Self {
        Tally {
            latencies: Latencies::new(),
            acknowledged: 0,
            refusals: BTreeMap::new(),
            lost: 0,
            timed_out: 0,
            garbled: 0,
            repeated: 0,
            sent: 0,
            overdue: 0,
        }
    }

    pub fn refused(&mut self, status: u16, code: &str) {
        match self.refusals.get_mut(&(status, code.to_owned())) {
            Some(count) => *count += 1,
            None => {
                self.refusals.insert((status, code.to_owned()), 1);
            }
        }
    }

    pub fn add(&mut self, other: Tally) {
        self.latencies.add(&other.latencies);
        for (answer, count) in other.refusals {
            *self.refusals.entry(answer).or_default() += count;
        }
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.timed_out += other.timed_out;
        self.garbled += other.garbled;
        self.repeated += other.repeated;
        self.sent += other.sent;
        self.overdue += other.overdue;
    }
}

/// What all threads see while the load runs.
#[derive(Debug)]
pub struct Shared {
    pub start: Instant,
    /// When measuring begins.
    pub measure_from: Instant,
    /// When nothing more is sent; none is until sold out.
    pub until: Option<Instant>,
    pub stop: AtomicBool,
    /// Purchases acknowledged, the warm-up included.
    pub acknowledged: AtomicU64,
    /// Nanoseconds from `start` to the last acknowledgement.
    last_ns: AtomicU64,
    /// The longest time without an acknowledgement after the warm-up, in nanoseconds.
    longest_gap_ns: AtomicU64,
}

impl Shared {
    pub fn new(warm_up: Duration, measured: Option<Duration>) -> Self {
        let start = Instant::now();
        let measure_from = start + warm_up;
        Shared {
            start,
            measure_from,
            until: measured.map(|measured| measure_from + measured),
            stop: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            last_ns: AtomicU64::new(warm_up.as_nanos() as u64),
            longest_gap_ns: AtomicU64::new(0),
        }
    }

    pub fn is_over(&self, now: Instant) -> bool {
        self.stop.load(Ordering::Relaxed) || self.until.is_some_and(|until| now >= until)
    }

    pub fn acknowledge(&self, now: Instant) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        if now >= self.measure_from {
            let now_ns = (now - self.start).as_nanos() as u64;
            let before_ns = self.last_ns.fetch_max(now_ns, Ordering::Relaxed);
            self.longest_gap_ns.fetch_max(now_ns.saturating_sub(before_ns), Ordering::Relaxed);
        }
    }

    /// From the end of the warm-up to the last acknowledgement.
    pub fn measured(&self) -> Duration {
        let last = Duration::from_nanos(self.last_ns.load(Ordering::Relaxed));
        last.saturating_sub(self.measure_from - self.start)
    }

    pub fn longest_gap(&self) -> Duration {
        Duration::from_nanos(self.longest_gap_ns.load(Ordering::Relaxed))
    }
}
