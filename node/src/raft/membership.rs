//! Changes of who belongs to the cluster, one at a time and each to its end.
//!
//! openraft changes voters in two steps (joint consensus), and its leader may be gone between them. So whoever changes
//! something first finishes what is half done, names the membership that the change was decided on, and waits until the
//! new one is committed and no longer joint.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use livedrop_store::types::{Member, TypeConfig};
use openraft::ChangeMembers;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ClientWriteError, RaftError};
use openraft::raft::Precondition;
use openraft::type_config::alias::LogIdOf;
use tokio::time::{Instant, timeout_at};

use super::consensus::Consensus;

/// How often a change that is under way is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Who belongs to the cluster, as this node sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership {
    /// Of both configurations, while one changes into the other.
    pub voters: BTreeSet<u64>,
    pub nodes: BTreeMap<u64, Member>,
    /// It is committed, and it is one configuration.
    pub settled: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChange {
    AddLearner {
        node: u64,
        member: Member,
    },
    Promote {
        node: u64,
    },
    /// A learner takes the place of a voter, which goes.
    Replace {
        old: u64,
        new: u64,
    },
    Remove {
        node: u64,
    },
}

/// Why a change was not made, or not seen through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    #[error("this node does not lead")]
    NotLeader { leader: Option<u64> },
    #[error("no majority has agreed to it in time; it may still happen")]
    Late,
    #[error("{0}")]
    Refused(String),
}

impl Consensus {
    /// The newest membership that this node has, committed or not.
    pub fn membership(&self) -> Membership {
        self.seen().0
    }

    /// Makes a change and waits until it is in force. What is so already is left alone.
    ///
    /// Errors: `NotLeader` when this node does not lead, or no longer; `Refused` when consensus does not take it; `Late`.
    pub async fn change_members(&self, change: &MemberChange, deadline: Instant) -> Result<(), ChangeError> {
        self.settle(deadline).await?;
        let (now, based_on) = self.seen();
        if let Some(changes) = steps(&now, change) {
            self.write_members(changes, based_on, deadline).await?;
        }
        self.settle(deadline).await
    }

    /// Finishes a change that is half done, and waits until the membership is in force.
    ///
    /// Errors: `NotLeader`, `Refused`, `Late`.
    pub async fn settle(&self, deadline: Instant) -> Result<(), ChangeError> {
        loop {
            let leadership = self.leadership().borrow().clone();
            if !leadership.is_leader {
                return Err(ChangeError::NotLeader { leader: leadership.leader });
            }
            let (now, based_on) = self.seen();
            if now.settled {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(ChangeError::Late);
            }
            if self.is_joint_and_committed() {
                tracing::info!("finishing a change of membership that was half done");
                let nothing = ChangeMembers::AddVoterIds(BTreeSet::new());
                match self.write_members(nothing, based_on, deadline).await {
                    // Whoever began it has finished it meanwhile.
                    Ok(()) | Err(ChangeError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The newest membership, and the entry that it comes from.
    fn seen(&self) -> (Membership, Option<LogIdOf<TypeConfig>>) {
        let server = self.raft().server_metrics();
        let server = server.borrow_watched();
        let stored = &server.membership_config;
        let membership = stored.membership();
        let committed = server.committed_membership_config.log_id() == stored.log_id();
        let seen = Membership {
            voters: membership.voter_ids().collect(),
            nodes: membership.nodes().map(|(id, member)| (*id, member.clone())).collect(),
            settled: committed && membership.get_joint_config().len() == 1,
        };
        (seen, *stored.log_id())
    }

    fn is_joint_and_committed(&self) -> bool {
        let server = self.raft().server_metrics();
        let server = server.borrow_watched();
        let stored = &server.membership_config;
        let committed = server.committed_membership_config.log_id() == stored.log_id();
        committed && stored.membership().get_joint_config().len() > 1
    }

    /// Voters that go do not stay as learners.
    async fn write_members(
        &self,
        changes: ChangeMembers<u64, Member>,
        based_on: Option<LogIdOf<TypeConfig>>,
        deadline: Instant,
    ) -> Result<(), ChangeError> {
        let unchanged = Precondition::LastMembershipLogId { last_membership_log_id: based_on };
        let write = self.raft().change_membership_if(changes, false, [unchanged]);
        match timeout_at(deadline, write).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(forward)))) => {
                Err(ChangeError::NotLeader { leader: forward.leader_id })
            }
            Ok(Err(error)) => Err(ChangeError::Refused(error.to_string())),
            Err(_) => Err(ChangeError::Late),
        }
    }
}

/// What openraft is to do; nothing when it is so already.
fn steps(now: &Membership, change: &MemberChange) -> Option<ChangeMembers<u64, Member>> {
    let one = |id: u64| BTreeSet::from([id]);
    match change {
        MemberChange::AddLearner { node, member } => {
            let new = !now.nodes.contains_key(node);
            new.then(|| ChangeMembers::AddNodes(BTreeMap::from([(*node, member.clone())])))
        }
        MemberChange::Promote { node } => (!now.voters.contains(node)).then(|| ChangeMembers::AddVoterIds(one(*node))),
        MemberChange::Replace { old, new } => {
            let (comes, goes) = (!now.voters.contains(new), now.nodes.contains_key(old));
            let promote = comes.then(|| ChangeMembers::AddVoterIds(one(*new)));
            let remove = goes.then(|| remove(now, *old));
            let changes: Vec<_> = promote.into_iter().chain(remove).collect();
            (!changes.is_empty()).then_some(ChangeMembers::Batch(changes))
        }
        MemberChange::Remove { node } => now.nodes.contains_key(node).then(|| remove(now, *node)),
    }
}

fn remove(now: &Membership, node: u64) -> ChangeMembers<u64, Member> {
    match now.voters.contains(&node) {
        true => ChangeMembers::RemoveVoters(BTreeSet::from([node])),
        false => ChangeMembers::RemoveNodes(BTreeSet::from([node])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership() -> Membership {
        let member = || Member { peer: String::new(), http: String::new() };
        let nodes = (1..=4).map(|id| (id, member())).collect();
        Membership { voters: [1, 2, 3].into(), nodes, settled: true }
    }

    #[test]
    fn what_is_so_already_is_left_alone() {
        let member = Member { peer: "elsewhere:1".into(), http: String::new() };
        for change in [
            MemberChange::AddLearner { node: 4, member },
            MemberChange::Promote { node: 3 },
            MemberChange::Replace { old: 9, new: 2 },
            MemberChange::Remove { node: 9 },
        ] {
            assert_eq!(steps(&membership(), &change), None, "{change:?}");
        }
    }

    #[test]
    fn a_voter_is_replaced_in_one_change() {
        let change = steps(&membership(), &MemberChange::Replace { old: 1, new: 4 });
        let one = |id: u64| BTreeSet::from([id]);
        let both = vec![ChangeMembers::AddVoterIds(one(4)), ChangeMembers::RemoveVoters(one(1))];
        assert_eq!(change, Some(ChangeMembers::Batch(both)));
        let half_done = MemberChange::Replace { old: 1, new: 2 };
        let rest = ChangeMembers::Batch(vec![ChangeMembers::RemoveVoters(one(1))]);
        assert_eq!(steps(&membership(), &half_done), Some(rest));
    }

    #[test]
    fn a_learner_goes_without_a_change_of_voters() {
        let change = steps(&membership(), &MemberChange::Remove { node: 4 });
        assert_eq!(change, Some(ChangeMembers::RemoveNodes(BTreeSet::from([4]))));
    }
}
