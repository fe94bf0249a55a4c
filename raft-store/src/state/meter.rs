//! How apply is doing, in plain numbers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Meter {
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

impl Meter {
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
