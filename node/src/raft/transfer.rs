//! Handing leadership over, only to a node that can take it.
//!
//! openraft accepts any target and gives up its lease at once: a target that is down or far behind would leave the
//! cluster without a leader until an election. So the target is checked first, and the change is watched.

use std::collections::BTreeSet;
use std::time::Duration;

use livedrop_store::types::Raft;
use tokio::sync::watch;

use super::leadership::Leadership;
use super::status::NodeStatus;

/// A target may lack this many entries, which it gets while the transfer is under way.
const LAG_MAX: u64 = 100;
/// How long the change may take.
const CHANGE: Duration = Duration::from_secs(3);

/// Why leadership was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    #[error("this node does not lead")]
    NotLeader { leader: Option<u64> },
    #[error("node {0} is not another voter")]
    NotAVoter(u64),
    #[error("node {to} lacks {lag} entries; it may lack {LAG_MAX}")]
    Behind { to: u64, lag: u64 },
    #[error("node {0} has not answered a heartbeat lately")]
    Silent(u64),
    #[error("no follower is alive and up to date")]
    Nobody,
    #[error("node {to} did not lead within {CHANGE:?}; the leader is {}", .leader.map_or("not known".to_owned(), |id| format!("node {id}")))]
    Late { to: u64, leader: Option<u64> },
    #[error("the node is stopping")]
    Stopped,
}

/// Whether `to` can take over from the leader that said `status`.
fn check(status: &NodeStatus, to: u64, alive_ms: u64) -> Result<(), TransferError> {
    let voter = status.members.get(&to).is_some_and(|member| member.voter);
    let follower = status.followers.get(&to).filter(|_| voter && to != status.node_id);
    let follower = follower.ok_or(TransferError::NotAVoter(to))?;
    if follower.lag > LAG_MAX {
        return Err(TransferError::Behind { to, lag: follower.lag });
    }
    match follower.heartbeat_age_ms {
        Some(age) if age <= alive_ms => Ok(()),
        _ => Err(TransferError::Silent(to)),
    }
}

/// The follower that lacks least, among those that can take over and are none of `unfit`.
pub(super) fn best_follower(status: &NodeStatus, alive_ms: u64, unfit: &BTreeSet<u64>) -> Option<u64> {
    let able = status.followers.iter().filter(|(id, _)| !unfit.contains(id) && check(status, **id, alive_ms).is_ok());
    able.min_by_key(|(_, follower)| follower.lag).map(|(id, _)| *id)
}

pub(super) async fn to_node(
    raft: &Raft,
    status: &NodeStatus,
    mut leadership: watch::Receiver<Leadership>,
    to: u64,
    alive_ms: u64,
) -> Result<(), TransferError> {
    let known = leadership.borrow_and_update().clone();
    if !known.is_leader {
        return Err(TransferError::NotLeader { leader: known.leader });
    }
    if to == status.node_id {
        return Ok(());
    }
    check(status, to, alive_ms)?;
    raft.trigger().transfer_leader(to).await.map_err(|_| TransferError::Stopped)?;
    let changed =
        tokio::time::timeout(CHANGE, async { leadership.wait_for(|now| now.leader == Some(to)).await.is_ok() });
    match changed.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(TransferError::Stopped),
        Err(_) => Err(TransferError::Late { to, leader: leadership.borrow().leader }),
    }
}

#[cfg(test)]
mod tests {
    use livedrop_store::types::Member;

    use super::super::status::{FollowerStatus, MemberStatus, Role};
    use super::*;
    use crate::disk::Flags;

    fn leader_of_three(second: FollowerStatus, third: FollowerStatus) -> NodeStatus {
        let member = MemberStatus { member: Member { peer: String::new(), http: String::new() }, voter: true };
        NodeStatus {
            node_id: 1,
            incarnation: vec![1; 16],
            version: "0".into(),
            term: 3,
            voted_for: Some(1),
            leader: Some(1),
            role: Role::Leader,
            last_log_index: Some(1000),
            committed_index: Some(1000),
            applied_index: Some(1000),
            snapshot_index: None,
            purged_index: None,
            members: [(1, member.clone()), (2, member.clone()), (3, member)].into(),
            followers: [(2, second), (3, third)].into(),
            quorum_age_ms: Some(3),
            disk: Flags::default(),
        }
    }

    fn follower(lag: u64, heartbeat_age_ms: u64) -> FollowerStatus {
        FollowerStatus { matched_index: Some(1000 - lag), lag, heartbeat_age_ms: Some(heartbeat_age_ms) }
    }

    #[test]
    fn a_follower_that_lags_or_is_silent_cannot_take_over() {
        let status = leader_of_three(follower(101, 5), follower(0, 900));
        assert_eq!(check(&status, 2, 400), Err(TransferError::Behind { to: 2, lag: 101 }));
        assert_eq!(check(&status, 3, 400), Err(TransferError::Silent(3)));
        assert_eq!(check(&status, 4, 400), Err(TransferError::NotAVoter(4)));
        assert_eq!(best_follower(&status, 400, &BTreeSet::new()), None);
    }

    #[test]
    fn the_follower_that_lacks_least_is_the_best() {
        let status = leader_of_three(follower(7, 5), follower(2, 5));
        assert_eq!(best_follower(&status, 400, &BTreeSet::new()), Some(3));
        assert_eq!(best_follower(&status, 400, &BTreeSet::from([3])), Some(2), "its disk is full");
    }
}
