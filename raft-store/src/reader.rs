//! Reading beside apply: rows at one applied index, the index itself, and the facts as they happen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use livedrop_domain::view::{Order, Row};
use livedrop_domain::{Event, Fault, Timestamp, View, journal};
use tokio::sync::{broadcast, watch};

use crate::StoreError;
use crate::log::{LogMetrics, LogStore};
use crate::state::{ApplyMetrics, Applying, Rows, Shared, applied};

/// Reads the state. Clones are cheap; an installed snapshot is followed by itself.
#[derive(Clone)]
pub struct Reader {
    state: Arc<Shared>,
    log: LogStore,
}

/// Rows as they are right after the entry at [`ReadView::index`].
pub struct ReadView<'a> {
    rows: Rows<'a>,
    index: u64,
}

/// What one entry made known, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The log index of the entry.
    pub index: u64,
    /// The time that its commands saw.
    pub proposed_at: Timestamp,
    pub events: Vec<Event>,
    /// When this node had applied it.
    pub applied_at: Instant,
    /// A snapshot was installed instead: everything up to `index` may have changed without events.
    pub resync: bool,
}

/// The store in numbers. Sizes are bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreMetrics {
    pub log: LogMetrics,
    pub apply: ApplyMetrics,
    /// The last applied log index.
    pub applied_index: u64,
    pub state_bytes: u64,
    /// The log index of the newest snapshot.
    pub snapshot_index: Option<u64>,
    pub snapshot_bytes: u64,
    /// When it was made here or arrived, counted from the epoch.
    pub snapshot_taken: Option<Duration>,
}

impl Reader {
    pub(crate) fn new(state: Arc<Shared>, log: LogStore) -> Self {
        Reader { state, log }
    }

    /// Runs `read` on rows that do not change meanwhile, for apply waits: take out what is needed and return. `read` may
    /// not read through a reader once more.
    pub fn read<T>(&self, read: impl FnOnce(&ReadView<'_>) -> T) -> Result<T, StoreError> {
        let state = self.state.current.get();
        let rows = state.rows();
        let index = applied(&rows)?.map_or(0, |id| id.index);
        Ok(read(&ReadView { rows, index }))
    }

    /// The index of the last applied entry.
    pub fn applied(&self) -> u64 {
        *self.state.applied.borrow()
    }

    pub fn watch_applied(&self) -> watch::Receiver<u64> {
        self.state.applied.subscribe()
    }

    /// Returns when the entry at `index` is applied. Callers set their own deadline.
    pub async fn wait_applied(&self, index: u64) {
        let mut applied = self.state.applied.subscribe();
        applied.wait_for(|applied| *applied >= index).await.expect("the sender lives as long as this reader");
    }

    /// The facts from now on, entry by entry. A receiver that is too slow is told how many it missed.
    pub fn facts(&self) -> broadcast::Receiver<Arc<Facts>> {
        self.state.facts.subscribe()
    }

    /// The state's rolling hash as of `index`, while the journal reaches back that far.
    pub fn hash_at(&self, index: u64) -> Result<Option<[u8; 32]>, StoreError> {
        Ok(self.read(|view| journal::hash_at(view, index))??)
    }

    /// Returns when a restart would find all that is applied now and have nothing to apply again. Blocks.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.state.current.flush()
    }

    /// When the entry at `index` was applied here, if that was lately.
    pub fn when_applied(&self, index: u64) -> Option<Applying> {
        self.state.meter.when(index)
    }

    pub fn metrics(&self) -> StoreMetrics {
        let snapshot = self.state.snapshots.newest();
        StoreMetrics {
            log: self.log.metrics(),
            apply: self.state.meter.read(),
            applied_index: self.applied(),
            state_bytes: self.state.current.get().bytes(),
            snapshot_index: snapshot.as_ref().and_then(|newest| newest.meta.last_log_id).map(|id| id.index),
            snapshot_taken: snapshot.as_ref().and_then(|newest| newest.snapshot.taken()),
            snapshot_bytes: snapshot.map_or(0, |newest| newest.snapshot.bytes()),
        }
    }
}

impl ReadView<'_> {
    /// The index of the last entry that these rows reflect.
    pub fn index(&self) -> u64 {
        self.index
    }
}

impl View for ReadView<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.rows.get(key)
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        self.rows.read(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        self.rows.scan(from, to, order, limit)
    }
}
