//! Which state database counts: the one that was opened, until a snapshot is installed in its place.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::database::StateDatabase;
use crate::StoreError;

/// Shared by apply, readers, the log's purge guard and the snapshot builder.
#[derive(Debug)]
pub(crate) struct CurrentState(ArcSwap<StateDatabase>);

impl CurrentState {
    pub(crate) fn new(state: StateDatabase) -> Self {
        CurrentState(ArcSwap::from_pointee(state))
    }

    /// The state that counts now; it stays open as long as this is held.
    pub(crate) fn get(&self) -> Arc<StateDatabase> {
        self.0.load_full()
    }

    /// From here on `state` counts. The one before is gone when its last reader is.
    pub(crate) fn replace(&self, state: StateDatabase) {
        self.0.swap(Arc::new(state)).retire();
    }

    /// The index of the last entry that a restart would find applied: the log before it is not needed any more.
    pub(crate) fn flushed(&self) -> Result<Option<u64>, StoreError> {
        self.get().flushed()
    }

    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.get().flush()
    }

    pub(crate) fn flush_soon(&self) {
        self.get().flush_soon();
    }
}
