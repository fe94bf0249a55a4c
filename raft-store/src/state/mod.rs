//! The state: what all entries up to some index have made of the shop.
//!
//! ```text
//!  consensus ── committed entries ──► apply: rules over an overlay ──► rows and applied log id, as one ──► answers
//!                                                                          │    └──► facts, applied index
//!                                                              memory ◄────┘ ──(a whole table)──► the database
//! ```

mod apply;
mod arena;
mod current;
mod database;
mod flush;
mod install;
mod meter;
mod row_cache;
mod rows;
mod table;

use std::io;
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use openraft::OptionalSend;
use openraft::storage::{EntryResponder, RaftSnapshotBuilder, RaftStateMachine};
use tokio::sync::{broadcast, watch};

pub(crate) use self::current::CurrentState;
pub(crate) use self::database::{Changes, Label, StateDatabase, applied, create, read_label};
use self::meter::Meter;
pub use self::meter::{ApplyMetrics, Applying};
use self::row_cache::RowCache;
pub(crate) use self::rows::Rows;
use crate::directory::Directory;
use crate::fail_stop::FailStop;
use crate::reader::Facts;
use crate::snapshot::{SnapshotHandle, Snapshots};
use crate::types::{Entry, EntryPayload, LogId, Snapshot, SnapshotMeta, StoredMembership, TypeConfig};
use crate::{Options, StoreError};

/// Entries and payload bytes after which a long run of entries is written before it goes on.
const BATCH_ENTRIES: usize = 512;
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// The state of this node as consensus drives it. There is one; readers have [`crate::Reader`].
pub struct StateMachine {
    shared: Arc<Shared>,
    cache: RowCache,
    applied: Option<LogId>,
    membership: StoredMembership,
}

/// What the state machine shares with readers and the snapshot builder.
pub(crate) struct Shared {
    pub current: Arc<CurrentState>,
    pub snapshots: Snapshots,
    /// The index of the last applied entry.
    pub applied: watch::Sender<u64>,
    pub facts: broadcast::Sender<Arc<Facts>>,
    pub meter: Meter,
    pub stop: FailStop,
    options: Options,
    directory: Arc<Directory>,
}

impl StateMachine {
    pub(crate) fn new(
        directory: Arc<Directory>,
        current: Arc<CurrentState>,
        snapshots: Snapshots,
        stop: FailStop,
        options: &Options,
    ) -> Result<Self, StoreError> {
        let Label { applied, membership, .. } = current.get().label()?;
        let shared = Shared {
            current,
            snapshots,
            applied: watch::Sender::new(applied.map_or(0, |id| id.index)),
            facts: broadcast::Sender::new(options.facts_capacity),
            meter: Meter::default(),
            stop,
            options: options.clone(),
            directory,
        };
        let cache = RowCache::new(options.row_cache_bytes);
        Ok(StateMachine { shared: Arc::new(shared), cache, applied, membership })
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Ends the process on the first fault: what comes after it would build on a state that is not the cluster's.
    fn or_stop<T>(&self, doing: &str, result: Result<T, StoreError>) -> Result<T, io::Error> {
        if let Err(error) = &result {
            self.shared.stop.fail_stop(format_args!("{doing}: {error}"));
        }
        Ok(result?)
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = SnapshotHandle;
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.applied, self.membership.clone()))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm: Stream<Item = Result<EntryResponder<TypeConfig>, io::Error>> + Unpin + OptionalSend,
    {
        let mut batch = Vec::with_capacity(entries.size_hint().0.min(BATCH_ENTRIES));
        let mut bytes = 0;
        while let Some(item) = entries.try_next().await? {
            bytes += payload_bytes(&item.0);
            batch.push(item);
            if batch.len() >= BATCH_ENTRIES || bytes >= BATCH_BYTES {
                let done = self.apply_batch(&mut batch);
                self.or_stop("applying entries", done)?;
                bytes = 0;
            }
        }
        let done = self.apply_batch(&mut batch);
        self.or_stop("applying entries", done)
    }

    async fn try_create_snapshot_builder(&mut self, _force: bool) -> Option<SnapshotBuilder> {
        Some(SnapshotBuilder { shared: self.shared.clone() })
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        SnapshotBuilder { shared: self.shared.clone() }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: SnapshotHandle) -> Result<(), io::Error> {
        let done = self.install(meta, snapshot).await;
        self.or_stop("installing a snapshot", done)
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, io::Error> {
        Ok(self.shared.snapshots.newest())
    }
}

/// Makes a snapshot while apply goes on.
pub struct SnapshotBuilder {
    shared: Arc<Shared>,
}

impl RaftSnapshotBuilder<TypeConfig> for SnapshotBuilder {
    type SnapshotData = SnapshotHandle;

    async fn build_snapshot(&mut self) -> Result<Snapshot, io::Error> {
        let shared = self.shared.clone();
        shared.stop.check()?;
        let built = tokio::task::spawn_blocking(move || shared.snapshots.build(&shared.current.get())).await;
        let snapshot = built.map_err(io::Error::other)?.inspect_err(|error| {
            self.shared.stop.fail_stop(format_args!("building a snapshot: {error}"));
        })?;
        Ok(Snapshot { meta: snapshot.meta(), snapshot })
    }
}

fn payload_bytes(entry: &Entry) -> usize {
    match &entry.payload {
        EntryPayload::Normal(payload) => payload.0.len(),
        EntryPayload::Blank | EntryPayload::Membership(_) => 0,
    }
}
