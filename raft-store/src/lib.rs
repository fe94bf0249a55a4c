//! The log and the state of one node, on its disk.
//!
//! In reading order: [`types`] (what consensus is made of), [`directory`] (what is where on the disk), [`log`] (entries
//! and votes, synced before anyone is told), [`state`] (what the entries made of the shop), [`snapshot`] (a state at one
//! moment, for a node that is too far behind), [`reader`] (rows and facts for everyone else).
//!
//! Three invariants of this crate:
//! - Nothing is acknowledged that a crash of the process or of the machine could take away.
//! - A state is always that right after some entry, and the log holds every entry after the one that a restart finds.
//! - A failed write stops the process. Nothing is tried again, repaired or cut off.

pub mod codec;
mod directory;
mod error;
mod fail_stop;
mod log;
mod offline;
mod options;
mod reader;
mod snapshot;
mod state;
mod tuning;
pub mod types;

use std::path::Path;
use std::sync::Arc;

pub use livedrop_domain as domain;

use self::directory::Directory;
pub use self::directory::{BALLAST, Identity, lay_ballast, mark_diverged};
pub use self::error::StoreError;
use self::fail_stop::FailStop;
pub use self::fail_stop::{Hooks, Step, fail_stop};
pub use self::log::{LogMetrics, LogReader, LogStore};
pub use self::offline::{INDEX_JUMP, Restore, Restored, Standing, Survivor, TERM_JUMP, restore};
pub use self::options::Options;
pub use self::reader::{Facts, ReadView, Reader, StoreMetrics};
pub use self::snapshot::{SnapshotHandle, SnapshotReader, SnapshotReceiver, Snapshots};
pub use self::state::{ApplyMetrics, Applying, SnapshotBuilder, StateMachine};
use self::state::{CurrentState, StateDatabase};
pub use self::types::{Member, Payload, Response, TypeConfig};

/// Everything that one node keeps.
pub struct Store {
    /// For consensus.
    pub log: LogStore,
    /// For consensus.
    pub machine: StateMachine,
    /// For everyone else.
    pub reader: Reader,
    /// For the network: snapshots come in and go out here.
    pub snapshots: Snapshots,
    /// Drawn when the directory was made: tells two lives of one node id apart.
    pub incarnation: [u8; 16],
    /// The directory was made just now: this node remembers nothing. With a node id that the cluster already knows
    /// it must not take part, for it may have voted and acknowledged before.
    pub fresh: bool,
}

/// Whose data directory this is; none when no node has used it yet. Nothing is locked or changed.
///
/// Errors: it cannot be read, is damaged, or was written by a newer program.
pub fn owner(directory: &Path) -> Result<Option<Identity>, StoreError> {
    directory::owner(directory)
}

/// Opens the data directory of a node, or makes it when it is empty. Blocks: it reads and writes files.
///
/// Refuses a directory that is in use, not ours, of another node or cluster, incomplete, or corrupt; the error says
/// what to do.
pub fn open(directory: &Path, identity: &Identity, options: Options) -> Result<Store, StoreError> {
    let stop = FailStop::new(options.hooks.clone());
    let directory = Arc::new(Directory::open(directory, identity, options.ballast_bytes, |log, state| {
        log::create(log)?;
        state::create(state)
    })?);
    let number = directory.current()?;
    let current = StateDatabase::open(directory.state(number), number, &options, stop.clone())?;
    let current = Arc::new(CurrentState::new(current));
    let snapshots = Snapshots::open(directory.clone(), stop.clone())?;
    let log = LogStore::open(directory.clone(), current.clone(), stop.clone(), &options)?;
    let machine = StateMachine::new(directory.clone(), current, snapshots.clone(), stop, &options)?;
    let reader = Reader::new(machine.shared(), log.clone());
    let (incarnation, fresh) = (directory.incarnation, directory.fresh);
    Ok(Store { log, machine, reader, snapshots, incarnation, fresh })
}
