//! Whether a change would leave the cluster able to decide.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::raft::NodeStatus;

/// The fewest voters that are left when a dead one is removed without anybody asking.
const LEFT_AFTER_REAPING: usize = 3;

/// The voters, and which of them are up, as the leader that said `status` knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voters {
    pub all: BTreeSet<u64>,
    pub up: BTreeSet<u64>,
}

impl Voters {
    pub fn of(status: &NodeStatus, alive: Duration) -> Self {
        let all: BTreeSet<u64> = status.members.iter().filter(|(_, member)| member.voter).map(|(id, _)| *id).collect();
        let up = all.iter().copied().filter(|id| is_up(status, *id, alive)).collect();
        Voters { all, up }
    }

    /// These voters after one goes and others come, which are up.
    pub fn after(&self, goes: Option<u64>, comes: impl IntoIterator<Item = u64>) -> Self {
        let mut after = self.clone();
        if let Some(id) = goes {
            after.all.remove(&id);
            after.up.remove(&id);
        }
        for id in comes {
            after.all.insert(id);
            after.up.insert(id);
        }
        after
    }

    /// Whether more than half are up.
    pub fn can_decide(&self) -> bool {
        2 * self.up.len() > self.all.len()
    }

    /// How many more may fail.
    pub fn survives(&self) -> usize {
        self.up.len().saturating_sub(self.all.len() / 2 + 1)
    }

    /// Whether a voter that is dead may be removed without anybody asking: three at least are left, and all of them up.
    pub fn may_reap(&self, dead: u64) -> bool {
        let after = self.after(Some(dead), []);
        after.all.len() >= LEFT_AFTER_REAPING && after.up == after.all
    }

    /// For people: how many are up, and what that means.
    pub fn sentence(&self) -> String {
        let counted = format!("{} of {} voters are up", self.up.len(), self.all.len());
        match (self.can_decide(), self.survives()) {
            (false, _) => format!("{counted}, which is no majority"),
            (true, 0) => format!("{counted}; the cluster survives no failure"),
            (true, 1) => format!("{counted}; the cluster survives 1 failure"),
            (true, more) => format!("{counted}; the cluster survives {more} failures"),
        }
    }
}

/// Whether a member has answered lately; the leader itself is up.
pub fn is_up(status: &NodeStatus, id: u64, alive: Duration) -> bool {
    let age = status.followers.get(&id).and_then(|follower| follower.heartbeat_age_ms);
    id == status.node_id || age.is_some_and(|age| u128::from(age) <= alive.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voters(all: &[u64], up: &[u64]) -> Voters {
        Voters { all: all.iter().copied().collect(), up: up.iter().copied().collect() }
    }

    #[test]
    fn a_healthy_voter_may_not_go_while_another_is_down() {
        let three = voters(&[1, 2, 3], &[1, 2]);
        assert!(!three.after(Some(2), []).can_decide(), "one of two would be left");
        assert!(three.after(Some(3), []).can_decide(), "the dead one may");
        assert!(voters(&[1, 2, 3], &[1, 2, 3]).after(Some(3), []).can_decide());
    }

    #[test]
    fn a_new_voter_counts_at_once() {
        let three = voters(&[1, 2, 3], &[1, 2]);
        assert!(three.after(None, [4]).can_decide(), "three of four");
        assert_eq!(three.after(Some(3), [4]).survives(), 1);
        assert!(!voters(&[1, 2, 3], &[1]).after(None, [4]).can_decide(), "two of four");
    }

    #[test]
    fn nobody_is_reaped_down_to_two_or_beside_another_that_is_down() {
        assert!(voters(&[1, 2, 3, 4], &[1, 2, 3]).may_reap(4));
        assert!(!voters(&[1, 2, 3], &[1, 2]).may_reap(3));
        assert!(!voters(&[1, 2, 3, 4, 5], &[1, 2, 3]).may_reap(5));
    }

    #[test]
    fn the_sentence_says_what_is_left() {
        assert_eq!(voters(&[1, 2, 3], &[1, 2]).sentence(), "2 of 3 voters are up; the cluster survives no failure");
        assert_eq!(voters(&[1, 2], &[1]).sentence(), "1 of 2 voters are up, which is no majority");
    }
}
