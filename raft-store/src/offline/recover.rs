//! One node goes on alone after the majority is gone for good.
//!
//! Two entries at the end of its log, written as one: a membership of this node alone, and a command that gives up the
//! ids of all the others. With the next start the node elects itself and commits everything in its log, also what was not
//! known to be committed: some of it may have been acknowledged, and nobody is left who could say that it was not.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::{Request, Timestamp, codec, members};

use crate::directory::Directory;
use crate::fail_stop::{FailStop, Step};
use crate::log::OfflineLog;
use crate::state::{self, Label};
use crate::types::{Entry, EntryPayload, LeaderId, LogId, Member, Membership, Payload, Vote};
use crate::{Identity, Options, StoreError, log};

/// What a directory knows, before anything is done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The term of the last vote, and who it was for.
    pub term: u64,
    pub voted_for: u64,
    /// The last entry of the log.
    pub last: Option<LogId>,
    /// The last entry that is known here to be on a majority. There may have been later ones.
    pub committed: Option<LogId>,
    /// The last entry that the state on the disk reflects.
    pub applied: Option<LogId>,
    /// The members as the log last said, this node among them, and which of them vote.
    pub members: BTreeMap<u64, Member>,
    pub voters: Vec<u64>,
}

/// The directory of a node that is to go on alone. Locked while this lives; nothing is changed before
/// [`Survivor::recover`].
pub struct Survivor {
    directory: Arc<Directory>,
    log: OfflineLog,
    standing: Standing,
    stop: FailStop,
}

impl Survivor {
    /// Reads the directory. Blocks.
    ///
    /// Errors: as for starting a node in it; `CannotRecover` when it is empty or its node is no member.
    pub fn open(path: &Path, identity: &Identity, options: &Options) -> Result<Self, StoreError> {
        if !path.join("IDENTITY").exists() {
            let why = format!("{} is no data directory of a node: there is nothing to go on with", path.display());
            return Err(StoreError::CannotRecover(why));
        }
        let nothing_is_made = |_: &Path, _: &Path| unreachable!("the directory has an identity");
        let directory = Arc::new(Directory::open(path, identity, 0, nothing_is_made)?);
        let Label { applied, membership, .. } = state::read_label(&directory.state(directory.current()?))?;
        let log = log::open_offline(&directory.log(), options)?;
        let found = log.found();
        let members =
            log.last_membership(applied.map(|id| id.index))?.unwrap_or_else(|| membership.membership().clone());
        let standing = Standing {
            term: found.vote.map_or(0, |vote| vote.leader_id.term),
            voted_for: found.vote.map_or(0, |vote| vote.leader_id.node_id),
            last: found.last.max(applied),
            committed: found.committed.max(applied),
            applied,
            voters: members.voter_ids().collect(),
            members: members.nodes().map(|(id, member)| (*id, member.clone())).collect(),
        };
        if !standing.members.contains_key(&identity.node_id) {
            let why = format!("node {} is not a member of its cluster: recover another node", identity.node_id);
            return Err(StoreError::CannotRecover(why));
        }
        Ok(Survivor { directory, log, standing, stop: FailStop::new(options.hooks.clone()) })
    }

    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Makes the node the only member of its cluster, as of a new term. Blocks. Interrupted it has done all or nothing.
    /// The last entry that it wrote.
    pub fn recover(self, now: Timestamp) -> Result<LogId, StoreError> {
        let Survivor { directory, log, standing, stop } = self;
        let own = directory.identity.node_id;
        let leader_id = LeaderId { term: standing.term + 1, node_id: own };
        let next = standing.last.map_or(0, |last| last.index + 1);
        let id = |index| LogId { leader_id, index };
        let member = standing.members[&own].clone();
        let alone = Membership::new(vec![[own].into()], BTreeMap::from([(own, member)]))
            .map_err(|error| StoreError::CannotRecover(format!("the membership: {error}")))?;
        let others = standing.members.keys().copied().filter(|other| *other != own).collect();
        let entries = [
            Entry { log_id: id(next), payload: EntryPayload::Membership(alone) },
            Entry { log_id: id(next + 1), payload: EntryPayload::Normal(leave_behind(others, now)) },
        ];
        let at = |step| stop.at(step).map_err(StoreError::file("recovering", directory.path()));
        at(Step::RecoverWrite)?;
        log.append_as_one(&Vote { leader_id, committed: false }, standing.last.as_ref(), &entries)?;
        at(Step::RecoverWritten)?;
        Ok(id(next + 1))
    }
}

fn leave_behind(node_ids: Vec<u64>, now: Timestamp) -> Payload {
    let command = members::Command::LeaveBehind(members::LeaveBehind { node_ids });
    let request = Request { request_id: "recover".to_owned(), idempotency: None, command: command.into(), by: None };
    let mut batch = BatchBuilder::new();
    batch.push(&codec::encode(&request));
    Payload(Bytes::from(batch.finish(now)))
}
