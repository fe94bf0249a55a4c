//! How apply is doing, in plain numbers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Batches whose times are kept, for whoever asks where the time of a request went.
const TIMES_KEPT: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    times: Mutex<VecDeque<Applying>>,
    batches: AtomicU64,
    commands: AtomicU64,
    micros: AtomicU64,
}

/// Apply since the process started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApplyMetrics {
    /// Writes to the state database.
    pub batches_total: u64,
    pub commands_total: u64,
    /// Time spent in them, microseconds.
    pub micros_total: u64,
}

/// When a run of entries was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applying {
    /// The last of them.
    pub last_index: u64,
    pub began: Instant,
    pub took: Duration,
}

impl Meter {
    /// Notes when entries were applied; their answers are still to be given.
    pub(super) fn noted(&self, last_index: u64, began: Instant) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if times.len() >= TIMES_KEPT {
            times.pop_front();
        }
        times.push_back(Applying { last_index, began, took: began.elapsed() });
    }

    /// When the entry at `index` was applied, if that was lately.
    pub(crate) fn when(&self, index: u64) -> Option<Applying> {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before the first is not known to end before the index.
        let known = times.front().is_some_and(|first| first.last_index < index);
        times.iter().find(|times| times.last_index >= index).copied().filter(|_| known)
    }

    pub(super) fn applied(&self, commands: usize, took: Duration) {
        self.batches.fetch_add(1, Relaxed);
        self.commands.fetch_add(commands as u64, Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn read(&self) -> ApplyMetrics {
        ApplyMetrics {
            batches_total: self.batches.load(Relaxed),
            commands_total: self.commands.load(Relaxed),
            micros_total: self.micros.load(Relaxed),
        }
    }
}
