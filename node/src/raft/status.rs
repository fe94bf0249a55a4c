//! What a node says of itself to operators and to its peers.

use std::collections::BTreeMap;

use livedrop_proto::admin as pb;
use livedrop_store::types::{Member, Raft};
use openraft::async_runtime::watch::WatchReceiver;
use openraft::{Instant as _, LogIdOptionExt, ServerState};

use super::identity::Identity;
use crate::disk::Flags;

/// The state of one node's consensus. Indexes are log indexes; they are absent before the first entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    pub node_id: u64,
    pub incarnation: Vec<u8>,
    pub version: String,
    pub term: u64,
    /// The node it voted for in this term, itself included.
    pub voted_for: Option<u64>,
    pub leader: Option<u64>,
    pub role: Role,
    pub last_log_index: Option<u64>,
    pub committed_index: Option<u64>,
    pub applied_index: Option<u64>,
    pub snapshot_index: Option<u64>,
    pub purged_index: Option<u64>,
    pub members: BTreeMap<u64, MemberStatus>,
    /// On the leader: how far each other member is.
    pub followers: BTreeMap<u64, FollowerStatus>,
    /// On the leader: milliseconds since it sent the newest message that a quorum has answered.
    pub quorum_age_ms: Option<u64>,
    /// What is wrong with its disk.
    pub disk: Flags,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStatus {
    pub member: Member,
    pub voter: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowerStatus {
    /// The newest entry that it certainly has.
    pub matched_index: Option<u64>,
    /// Entries that it may lack.
    pub lag: u64,
    /// Milliseconds since it answered a heartbeat.
    pub heartbeat_age_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Leader,
    Follower,
    Candidate,
    Learner,
    Stopped,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Leader => "leader",
            Role::Follower => "follower",
            Role::Candidate => "candidate",
            Role::Learner => "learner",
            Role::Stopped => "stopped",
        }
    }

    fn named(name: &str) -> Self {
        let known = [Role::Leader, Role::Follower, Role::Candidate, Role::Learner];
        known.into_iter().find(|role| role.name() == name).unwrap_or(Role::Stopped)
    }
}

/// The status of this node, from what openraft publishes.
pub(super) fn of_this_node(raft: &Raft, identity: &Identity, disk: Flags) -> NodeStatus {
    let metrics = raft.metrics();
    let metrics = metrics.borrow_watched();
    let membership = metrics.membership_config.membership();
    let voters: Vec<u64> = membership.voter_ids().collect();
    let members = membership
        .nodes()
        .map(|(id, member)| (*id, MemberStatus { member: member.clone(), voter: voters.contains(id) }));
    let last_log = metrics.last_log_index;
    let heartbeat_age_ms = |id: &u64| {
        let at = metrics.heartbeat.as_ref()?.get(id)?.as_ref()?;
        Some(at.elapsed().as_millis() as u64)
    };
    let followers = metrics.replication.iter().flatten().filter(|(id, _)| **id != identity.node_id);
    let followers = followers.map(|(id, matched)| {
        let matched_index = matched.index();
        let lag = last_log.map_or(0, |last| last + 1).saturating_sub(matched_index.map_or(0, |index| index + 1));
        (*id, FollowerStatus { matched_index, lag, heartbeat_age_ms: heartbeat_age_ms(id) })
    });
    NodeStatus {
        node_id: identity.node_id,
        incarnation: identity.incarnation.to_vec(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        term: metrics.current_term,
        voted_for: Some(metrics.vote.leader_id.node_id).filter(|_| metrics.current_term > 0),
        leader: metrics.current_leader,
        role: match metrics.state {
            ServerState::Leader => Role::Leader,
            ServerState::Follower => Role::Follower,
            ServerState::Candidate => Role::Candidate,
            ServerState::Learner => Role::Learner,
            ServerState::Shutdown => Role::Stopped,
        },
        last_log_index: last_log,
        committed_index: metrics.local_committed.index(),
        applied_index: metrics.last_applied.index(),
        snapshot_index: metrics.snapshot.index(),
        purged_index: metrics.purged.index(),
        members: members.collect(),
        followers: followers.collect(),
        quorum_age_ms: metrics.last_quorum_acked.map(|at| at.elapsed().as_millis() as u64),
        disk,
    }
}

pub(super) fn to_pb(status: NodeStatus) -> pb::StatusResponse {
    let members = status.members.into_iter().map(|(id, MemberStatus { member, voter })| {
        (id, pb::MemberStatus { peer: member.peer, http: member.http, voter })
    });
    let followers = status.followers.into_iter().map(|(id, follower)| {
        let FollowerStatus { matched_index, lag, heartbeat_age_ms } = follower;
        (id, pb::FollowerStatus { matched_index, lag, heartbeat_age_ms })
    });
    pb::StatusResponse {
        node_id: status.node_id,
        version: status.version,
        term: status.term,
        leader: status.leader.unwrap_or(0),
        role: status.role.name().to_owned(),
        last_log_index: status.last_log_index,
        committed_index: status.committed_index,
        applied_index: status.applied_index,
        snapshot_index: status.snapshot_index,
        purged_index: status.purged_index,
        members: members.collect(),
        followers: followers.collect(),
        quorum_age_ms: status.quorum_age_ms,
        incarnation: status.incarnation.into(),
        voted_for: status.voted_for.unwrap_or(0),
        disk_full: status.disk.full,
        disk_slow: status.disk.slow,
    }
}

pub(super) fn from_pb(status: pb::StatusResponse) -> NodeStatus {
    let members = status.members.into_iter().map(|(id, pb::MemberStatus { peer, http, voter })| {
        (id, MemberStatus { member: Member { peer, http }, voter })
    });
    let followers = status.followers.into_iter().map(|(id, follower)| {
        let pb::FollowerStatus { matched_index, lag, heartbeat_age_ms } = follower;
        (id, FollowerStatus { matched_index, lag, heartbeat_age_ms })
    });
    NodeStatus {
        node_id: status.node_id,
        incarnation: status.incarnation.to_vec(),
        version: status.version,
        term: status.term,
        voted_for: (status.voted_for != 0).then_some(status.voted_for),
        leader: (status.leader != 0).then_some(status.leader),
        role: Role::named(&status.role),
        last_log_index: status.last_log_index,
        committed_index: status.committed_index,
        applied_index: status.applied_index,
        snapshot_index: status.snapshot_index,
        purged_index: status.purged_index,
        members: members.collect(),
        followers: followers.collect(),
        quorum_age_ms: status.quorum_age_ms,
        disk: Flags { full: status.disk_full, slow: status.disk_slow },
    }
}
