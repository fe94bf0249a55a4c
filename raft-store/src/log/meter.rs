//! How the log is doing, in plain numbers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Group times are counted in powers of two of a microsecond: bucket `n` holds those below `2^n`.
pub(crate) const BUCKETS: usize = 24;

#[derive(Debug, Default)]
pub(super) struct Meter {
    groups: AtomicU64,
    bytes: AtomicU64,
    micros: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
    /// When the group began that is being synced.
    syncing: Mutex<Option<Instant>>,
}

/// The log since the process started, and as it is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogMetrics {
    pub first_index: Option<u64>,
    pub last_index: Option<u64>,
    /// Bytes on the disk.
    pub disk_bytes: u64,
    /// Groups written and synced.
    pub groups_total: u64,
    pub written_bytes_total: u64,
    /// Time spent writing and syncing them, microseconds.
    pub group_micros_total: u64,
    /// How many took less than `2^n` microseconds and not less than `2^(n-1)`; the last one also the longer ones.
    pub group_micros_buckets: [u64; BUCKETS],
    /// How long the group that is being written has taken so far, microseconds; 0 when none is.
    pub lasting_micros: u64,
}

impl Meter {
    /// A group begins to be written that somebody waits for.
    pub(super) fn begins(&self, now: Instant) {
        *self.syncing() = Some(now);
    }

    /// It is written, or nothing is written any more.
    pub(super) fn ends(&self) {
        *self.syncing() = None;
    }

    fn syncing(&self) -> MutexGuard<'_, Option<Instant>> {
        self.syncing.lock().expect("nothing panics with it")
    }

    pub(super) fn wrote(&self, took: Duration, bytes: usize) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.groups.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
        self.micros.fetch_add(micros, Relaxed);
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.buckets[bucket.min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }

    pub(super) fn read(&self, first_index: Option<u64>, last_index: Option<u64>, disk_bytes: u64) -> LogMetrics {
        LogMetrics {
            first_index,
            last_index,
            disk_bytes,
            groups_total: self.groups.load(Relaxed),
            written_bytes_total: self.bytes.load(Relaxed),
            group_micros_total: self.micros.load(Relaxed),
            group_micros_buckets: std::array::from_fn(|bucket| self.buckets[bucket].load(Relaxed)),
            lasting_micros: self.syncing().map_or(0, |since| since.elapsed().as_micros() as u64),
        }
    }
}
