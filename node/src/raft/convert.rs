//! openraft's words to protocol messages and back. Complete in both directions, and nothing else: no IO, no defaults.
//!
//! The payload of an entry crosses as the refcounted bytes it already is; reading it back is a slice of the received
//! message.

use std::collections::{BTreeMap, BTreeSet};

use livedrop_proto::raft as pb;
use livedrop_store::types::{Member, Payload, TypeConfig};
use openraft::alias::{CommittedLeaderIdOf, EntryOf, LeaderIdOf, LogIdOf, SnapshotMetaOf, StoredMembershipOf, VoteOf};
use openraft::raft::{
    AppendEntriesRequest, SnapshotResponse, StreamAppendError, StreamAppendResult, TransferLeaderError,
    TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{EntryPayload, Membership, StoredMembership};

pub(super) type Vote = VoteOf<TypeConfig>;
pub(super) type LogId = LogIdOf<TypeConfig>;
pub(super) type Entry = EntryOf<TypeConfig>;
pub(super) type SnapshotMeta = SnapshotMetaOf<TypeConfig>;
type Members = Membership<u64, Member>;
type StoredMembers = StoredMembershipOf<TypeConfig>;

/// A message that lacks what every message of its kind has, or that contradicts itself.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the membership is not one: {0}")]
    Membership(String),
}

impl From<Malformed> for tonic::Status {
    fn from(malformed: Malformed) -> Self {
        tonic::Status::invalid_argument(malformed.to_string())
    }
}

fn need<T>(field: Option<T>, name: &'static str) -> Result<T, Malformed> {
    field.ok_or(Malformed::Missing(name))
}

pub(super) fn vote_to_pb(vote: &Vote) -> pb::Vote {
    pb::Vote { term: vote.leader_id.term, node_id: vote.leader_id.node_id, committed: vote.committed }
}

pub(super) fn vote_from_pb(vote: pb::Vote) -> Vote {
    let leader_id = LeaderIdOf::<TypeConfig> { term: vote.term, node_id: vote.node_id };
    Vote { leader_id, committed: vote.committed }
}

pub(super) fn log_id_to_pb(id: &LogId) -> pb::LogId {
    let leader = id.committed_leader_id();
    pb::LogId { term: leader.term, node_id: leader.node_id, index: id.index }
}

pub(super) fn log_id_from_pb(id: pb::LogId) -> LogId {
    let leader = CommittedLeaderIdOf::<TypeConfig> { term: id.term, node_id: id.node_id };
    LogId::new(leader, id.index)
}

pub(super) fn membership_to_pb(membership: &Members) -> pb::Membership {
    let configs = membership.get_joint_config().iter();
    let member = |member: &Member| pb::Member { peer: member.peer.clone(), http: member.http.clone() };
    pb::Membership {
        configs: configs.map(|voters| pb::Voters { node_ids: voters.iter().copied().collect() }).collect(),
        nodes: membership.nodes().map(|(id, node)| (*id, member(node))).collect(),
    }
}

/// Rejects a membership with a voter that has no address, and an empty set of voters.
pub(super) fn membership_from_pb(membership: pb::Membership) -> Result<Members, Malformed> {
    let configs: Vec<BTreeSet<u64>> =
        membership.configs.into_iter().map(|voters| voters.node_ids.into_iter().collect()).collect();
    let nodes: BTreeMap<u64, Member> = membership
        .nodes
        .into_iter()
        .map(|(id, member)| (id, Member { peer: member.peer, http: member.http }))
        .collect();
    // The membership of a log that has none yet is empty, which openraft itself makes but does not accept.
    if configs.is_empty() && nodes.is_empty() {
        return Ok(Members::default());
    }
    Members::new(configs, nodes).map_err(|error| Malformed::Membership(error.to_string()))
}

fn stored_membership_to_pb(stored: &StoredMembers) -> pb::StoredMembership {
    pb::StoredMembership {
        log_id: stored.log_id().as_ref().map(log_id_to_pb),
        membership: Some(membership_to_pb(stored.membership())),
    }
}

fn stored_membership_from_pb(stored: pb::StoredMembership) -> Result<StoredMembers, Malformed> {
    let membership = membership_from_pb(need(stored.membership, "StoredMembership.membership")?)?;
    Ok(StoredMembership::new(stored.log_id.map(log_id_from_pb), membership))
}

pub(super) fn entry_to_pb(entry: Entry) -> pb::Entry {
    let payload = match entry.payload {
        EntryPayload::Blank => pb::entry::Payload::Blank(pb::Blank {}),
        EntryPayload::Normal(Payload(bytes)) => pb::entry::Payload::Command(bytes),
        EntryPayload::Membership(membership) => pb::entry::Payload::Membership(membership_to_pb(&membership)),
    };
    pb::Entry { log_id: Some(log_id_to_pb(&entry.log_id)), payload: Some(payload) }
}

pub(super) fn entry_from_pb(entry: pb::Entry) -> Result<Entry, Malformed> {
    let payload = match need(entry.payload, "Entry.payload")? {
        pb::entry::Payload::Blank(pb::Blank {}) => EntryPayload::Blank,
        pb::entry::Payload::Command(bytes) => EntryPayload::Normal(Payload(bytes)),
        pb::entry::Payload::Membership(membership) => EntryPayload::Membership(membership_from_pb(membership)?),
    };
    Ok(Entry { log_id: log_id_from_pb(need(entry.log_id, "Entry.log_id")?), payload })
}

pub(super) fn append_to_pb(request: AppendEntriesRequest<TypeConfig>) -> pb::AppendRequest {
    pb::AppendRequest {
        vote: Some(vote_to_pb(&request.vote)),
        prev_log_id: request.prev_log_id.as_ref().map(log_id_to_pb),
        leader_commit: request.leader_commit.as_ref().map(log_id_to_pb),
        entries: request.entries.into_iter().map(entry_to_pb).collect(),
    }
}

pub(super) fn append_from_pb(request: pb::AppendRequest) -> Result<AppendEntriesRequest<TypeConfig>, Malformed> {
    Ok(AppendEntriesRequest {
        vote: vote_from_pb(need(request.vote, "AppendRequest.vote")?),
        prev_log_id: request.prev_log_id.map(log_id_from_pb),
        leader_commit: request.leader_commit.map(log_id_from_pb),
        entries: request.entries.into_iter().map(entry_from_pb).collect::<Result<_, _>>()?,
    })
}

pub(super) fn appended_to_pb(result: StreamAppendResult<TypeConfig>) -> pb::AppendResponse {
    use pb::append_response::Result as Answer;
    let answer = match result {
        Ok(matched) => Answer::Matched(pb::Matched { log_id: matched.as_ref().map(log_id_to_pb) }),
        Err(StreamAppendError::Conflict(at)) => Answer::Conflict(log_id_to_pb(&at)),
        Err(StreamAppendError::HigherVote(vote)) => Answer::HigherVote(vote_to_pb(&vote)),
    };
    pb::AppendResponse { result: Some(answer) }
}

pub(super) fn appended_from_pb(response: pb::AppendResponse) -> Result<StreamAppendResult<TypeConfig>, Malformed> {
    use pb::append_response::Result as Answer;
    Ok(match need(response.result, "AppendResponse.result")? {
        Answer::Matched(matched) => Ok(matched.log_id.map(log_id_from_pb)),
        Answer::Conflict(at) => Err(StreamAppendError::Conflict(log_id_from_pb(at))),
        Answer::HigherVote(vote) => Err(StreamAppendError::HigherVote(vote_from_pb(vote))),
    })
}

pub(super) fn vote_request_to_pb(request: &VoteRequest<TypeConfig>) -> pb::VoteRequest {
    pb::VoteRequest {
        vote: Some(vote_to_pb(&request.vote)),
        last_log_id: request.last_log_id.as_ref().map(log_id_to_pb),
        leadership_transfer: request.leadership_transfer,
    }
}

pub(super) fn vote_request_from_pb(request: pb::VoteRequest) -> Result<VoteRequest<TypeConfig>, Malformed> {
    Ok(VoteRequest {
        vote: vote_from_pb(need(request.vote, "VoteRequest.vote")?),
        last_log_id: request.last_log_id.map(log_id_from_pb),
        leadership_transfer: request.leadership_transfer,
    })
}

pub(super) fn vote_response_to_pb(response: &VoteResponse<TypeConfig>) -> pb::VoteResponse {
    pb::VoteResponse {
        vote: Some(vote_to_pb(&response.vote)),
        granted: response.vote_granted,
        last_log_id: response.last_log_id.as_ref().map(log_id_to_pb),
    }
}

pub(super) fn vote_response_from_pb(response: pb::VoteResponse) -> Result<VoteResponse<TypeConfig>, Malformed> {
    Ok(VoteResponse {
        vote: vote_from_pb(need(response.vote, "VoteResponse.vote")?),
        vote_granted: response.granted,
        last_log_id: response.last_log_id.map(log_id_from_pb),
    })
}

pub(super) fn transfer_to_pb(request: &TransferLeaderRequest<TypeConfig>) -> pb::TransferLeaderRequest {
    pb::TransferLeaderRequest {
        from_leader: Some(vote_to_pb(request.from_leader())),
        to_node_id: *request.to_node_id(),
        last_log_id: request.last_log_id().map(log_id_to_pb),
    }
}

pub(super) fn transfer_from_pb(
    request: pb::TransferLeaderRequest,
) -> Result<TransferLeaderRequest<TypeConfig>, Malformed> {
    let from = vote_from_pb(need(request.from_leader, "TransferLeaderRequest.from_leader")?);
    Ok(TransferLeaderRequest::new(from, request.to_node_id, request.last_log_id.map(log_id_from_pb)))
}

pub(super) fn transferred_to_pb(response: TransferLeaderResponse<TypeConfig>) -> pb::TransferLeaderResponse {
    use pb::transfer_leader_response::{Accepted, LogNotFlushed, Result as Answer, VoteChanged};
    let answer = match response {
        Ok(()) => Answer::Accepted(Accepted {}),
        Err(TransferLeaderError::VoteChanged { expected, actual }) => Answer::VoteChanged(VoteChanged {
            expected: Some(vote_to_pb(&expected)),
            actual: Some(vote_to_pb(&actual)),
        }),
        Err(TransferLeaderError::LogNotFlushed { expected, actual }) => Answer::LogNotFlushed(LogNotFlushed {
            expected: expected.as_ref().map(log_id_to_pb),
            actual: actual.as_ref().map(log_id_to_pb),
        }),
    };
    pb::TransferLeaderResponse { result: Some(answer) }
}

pub(super) fn transferred_from_pb(
    response: pb::TransferLeaderResponse,
) -> Result<TransferLeaderResponse<TypeConfig>, Malformed> {
    use pb::transfer_leader_response::{Accepted, Result as Answer};
    Ok(match need(response.result, "TransferLeaderResponse.result")? {
        Answer::Accepted(Accepted {}) => Ok(()),
        Answer::VoteChanged(changed) => Err(TransferLeaderError::VoteChanged {
            expected: vote_from_pb(need(changed.expected, "VoteChanged.expected")?),
            actual: vote_from_pb(need(changed.actual, "VoteChanged.actual")?),
        }),
        Answer::LogNotFlushed(behind) => Err(TransferLeaderError::LogNotFlushed {
            expected: behind.expected.map(log_id_from_pb),
            actual: behind.actual.map(log_id_from_pb),
        }),
    })
}

pub(super) fn snapshot_header_to_pb(vote: &Vote, meta: &SnapshotMeta) -> pb::SnapshotHeader {
    pb::SnapshotHeader {
        vote: Some(vote_to_pb(vote)),
        last_log_id: meta.last_log_id.as_ref().map(log_id_to_pb),
        last_membership: Some(stored_membership_to_pb(&meta.last_membership)),
    }
}

pub(super) fn snapshot_header_from_pb(header: pb::SnapshotHeader) -> Result<(Vote, SnapshotMeta), Malformed> {
    let vote = vote_from_pb(need(header.vote, "SnapshotHeader.vote")?);
    let membership = need(header.last_membership, "SnapshotHeader.last_membership")?;
    let meta = SnapshotMeta {
        last_log_id: header.last_log_id.map(log_id_from_pb),
        last_membership: stored_membership_from_pb(membership)?,
    };
    Ok((vote, meta))
}

pub(super) fn installed_to_pb(response: &SnapshotResponse<TypeConfig>) -> pb::SnapshotResponse {
    pb::SnapshotResponse { vote: Some(vote_to_pb(&response.vote)) }
}

pub(super) fn installed_from_pb(response: pb::SnapshotResponse) -> Result<SnapshotResponse<TypeConfig>, Malformed> {
    Ok(SnapshotResponse::new(vote_from_pb(need(response.vote, "SnapshotResponse.vote")?)))
}

#[cfg(test)]
mod tests;
