//! What a round of linearizable reads asks: a quorum, or the leader.

use std::sync::Arc;
use std::time::Duration;

use livedrop_proto::raft as pb;
use livedrop_store::types::Raft;
use openraft::LinearizerOption;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{LinearizableReadError, RaftError};
use tokio::time::Instant;

use super::consensus::link;
use super::network::describe;
use super::peers::Peers;
use super::read_index::ReadError;

/// One round on the leader: a quorum confirms, by answering what was sent after now, that this node still leads.
pub(super) async fn ask_quorum(raft: Raft, until: Instant) -> Result<u64, ReadError> {
    let wait = until.saturating_duration_since(Instant::now());
    let option = LinearizerOption::new(Some(Duration::ZERO), true).with_wait_timeout(wait);
    match raft.get_read_log_id(option).await {
        Ok((read, _applied)) => Ok(read.index()),
        Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(forward))) => {
            Err(ReadError::NotLeader { leader: forward.leader_id })
        }
        Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_))) => Err(ReadError::NoQuorum),
        Err(RaftError::Fatal(_)) => Err(ReadError::Stopped),
    }
}

/// One round on a follower: the leader is asked.
pub(super) async fn ask_leader(raft: Raft, peers: Arc<Peers>, until: Instant) -> Result<u64, ReadError> {
    use pb::read_index_response::Result as Answer;
    let leader = raft.server_metrics().borrow_watched().current_leader;
    let no_leader = ReadError::NotLeader { leader };
    let Some(leader) = leader.filter(|leader| *leader != peers.identity().node_id) else {
        return Err(no_leader);
    };
    let mut client = link(&raft, &peers, leader).ok_or(no_leader)?.raft();
    let remaining_ms = until.saturating_duration_since(Instant::now()).as_millis() as u64;
    let answer = client.read_index(pb::ReadIndexRequest { remaining_ms }).await;
    match answer.map_err(|status| ReadError::Unreachable(describe(&status)))?.into_inner().result {
        Some(Answer::Index(index)) => Ok(index),
        Some(Answer::NotLeader(other)) => {
            Err(ReadError::NotLeader { leader: Some(other.leader).filter(|id| *id != 0) })
        }
        Some(Answer::NoQuorum(_)) => Err(ReadError::NoQuorum),
        None => Err(ReadError::Unreachable("the answer is empty".to_owned())),
    }
}
