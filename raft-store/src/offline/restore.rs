//! A data directory of a new cluster, from the state of an old one.
//!
//! ```text
//!  RESTORING ── the state's files, checked ── label: moved forward, new members ── log: begins after it ── IDENTITY
//!      ▲                                                                                                      ▲
//!      from here: "half restored", and a restore may begin again                            from here: a node's
//! ```
//!
//! Every node of the new cluster is restored from the same file with the same members, and they find each other with one
//! state at one log id, as if each had installed the same snapshot.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use livedrop_domain::{Overlay, restored};

use crate::directory::Restoring;
use crate::directory::files::{rename_directory, sync_directory};
use crate::fail_stop::{FailStop, Step};
use crate::snapshot::Snapshots;
use crate::state::{Changes, Label, StateDatabase};
use crate::types::{LeaderId, LogId, Member, Membership, StoredMembership, Vote};
use crate::{Identity, Options, StoreError, log};

/// How far log indices are moved forward. The old cluster may have gone on after the backup and told clients of later
/// entries: no event id and no index of theirs is given out again, unless it made a thousand million more.
pub const INDEX_JUMP: u64 = 1_000_000_000;
/// As [`INDEX_JUMP`], for terms.
pub const TERM_JUMP: u64 = 1_000_000;

/// What is to be made.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The node of the new cluster whose directory it will be.
    pub identity: Identity,
    /// The voters of the new cluster, the node among them.
    pub members: BTreeMap<u64, Member>,
    /// The cluster that the backup is of.
    pub cluster_of_backup: String,
    /// What the backup says that its state is: the log index and the rolling hash.
    pub index: u64,
    pub hash: [u8; 32],
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The last entry of the old cluster in the state.
    pub from: LogId,
    /// What stands in its place in the new one: the log goes on after it.
    pub to: LogId,
    /// The state's rolling hash, as in the backup.
    pub hash: [u8; 32],
    /// Nodes of the old cluster that were forgotten.
    pub members_forgotten: usize,
}

/// Makes the data directory at `path` from the frames of a snapshot. Blocks. Interrupted at any point it leaves a
/// directory in which no node starts, and which can be restored into again, or a whole one.
///
/// Errors: `InUse`, `NotEmpty`, `NotOurs`; `Snapshot` when the frames are not what the backup says; what `frames` gives.
pub fn restore(
    path: &Path,
    wanted: &Restore,
    options: &Options,
    frames: impl IntoIterator<Item = Result<Bytes, StoreError>>,
) -> Result<Restored, StoreError> {
    let restoring = Restoring::begin(path, &wanted.identity, &wanted.cluster_of_backup)?;
    let stop = FailStop::new(options.hooks.clone());
    let at = |step| stop.at(step).map_err(StoreError::file("restoring into", path));
    at(Step::RestoreBegun)?;
    let state = restoring.directory().state(1);
    receive(&restoring, &stop, wanted, &state, frames)?;
    at(Step::RestoreReceived)?;
    let made = rewrite(&state, wanted, options, &stop)?;
    at(Step::RestoreRewritten)?;
    let Restored { to, .. } = made;
    let vote = Vote { leader_id: to.leader_id, committed: false };
    log::create_after(&restoring.directory().log(), &to, &vote)?;
    at(Step::RestoreLogged)?;
    restoring.identify()?;
    at(Step::RestoreIdentified)?;
    restoring.finish()?;
    Ok(made)
}

/// Checks the frames into the place of the state.
fn receive(
    restoring: &Restoring,
    stop: &FailStop,
    wanted: &Restore,
    state: &Path,
    frames: impl IntoIterator<Item = Result<Bytes, StoreError>>,
) -> Result<(), StoreError> {
    let snapshots = Snapshots::open(restoring.directory().clone(), stop.clone())?;
    let mut receiver = snapshots.receive()?;
    for frame in frames {
        receiver.push(&frame?)?;
    }
    let received = receiver.finish()?.snapshot;
    let index = received.meta().last_log_id.map(|id| id.index);
    if (index, received.hash()) != (Some(wanted.index), wanted.hash) {
        let why = format!("its state is that after entry {index:?}, and {} with another hash was said", wanted.index);
        return Err(StoreError::Snapshot(why));
    }
    rename_directory(&received.state_path(), state)?;
    drop(received);
    sync_directory(restoring.directory().path())
}

/// Moves the state's label forward and gives it the members of the new cluster.
fn rewrite(path: &Path, wanted: &Restore, options: &Options, stop: &FailStop) -> Result<Restored, StoreError> {
    let state = StateDatabase::open(path.to_owned(), 1, options, stop.clone())?;
    let label = state.label()?;
    let Some(from) = label.applied else {
        return Err(StoreError::Snapshot("it reflects no entry at all".to_owned()));
    };
    // No node has the id 0: nobody of the new cluster ever led in this term.
    let leader_id = LeaderId { term: from.leader_id.term + TERM_JUMP, node_id: 0 };
    let to = LogId { leader_id, index: from.index + INDEX_JUMP };
    let voters = vec![wanted.members.keys().copied().collect()];
    let membership = Membership::new(voters, wanted.members.clone());
    let membership = membership.map_err(|error| StoreError::CannotRecover(format!("the members: {error}")))?;
    let membership = StoredMembership::new(Some(to), membership);
    let mut overlay = Overlay::default();
    let moved = restored::Restored { from: from.index, to: to.index };
    let members_forgotten = restored::begin(&state.rows(), &mut overlay, moved)?;
    state.write(Changes { overlay: &overlay, applied: &to, membership: Some(&membership) })?;
    state.flush()?;
    let expected = Label { applied: Some(to), membership, hash: label.hash };
    match state.label()? == expected {
        true => Ok(Restored { from, to, hash: label.hash, members_forgotten }),
        false => Err(StoreError::corrupt(path.display().to_string(), "it does not read back as it was written")),
    }
}
