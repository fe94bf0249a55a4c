//! What the state of the nodes means for the shop.

use livedrop_proto::rest::cluster::NodeRole;
use serde::Serialize;

use super::gather::Seen;

/// How many failures the cluster has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub voters: usize,
    /// Voters that answered.
    pub healthy: usize,
    pub has_leader: bool,
}

impl Verdict {
    pub fn of(seen: &Seen) -> Self {
        let voters = seen.nodes.iter().filter(|row| row.role != NodeRole::Learner);
        Verdict {
            voters: voters.clone().count(),
            healthy: voters.filter(|row| row.up).count(),
            has_leader: seen.leader.is_some(),
        }
    }

    /// Whether purchases can be acknowledged.
    pub fn can_decide(self) -> bool {
        self.has_leader && self.healthy > self.voters / 2
    }

    /// How many more voters may fail before nothing can be decided.
    pub fn survives(self) -> usize {
        self.healthy.saturating_sub(self.voters / 2 + 1)
    }

    pub fn sentence(self) -> String {
        let Verdict { voters, healthy, has_leader } = self;
        let counted = format!("{healthy} of {voters} voters healthy");
        match (healthy > voters / 2, has_leader, self.survives()) {
            (false, _, _) => format!("{counted}; no majority, so nothing can be sold: bring {} back", self.missing()),
            (true, false, _) => format!("{counted}; no leader yet: an election takes a second or two"),
            (true, true, 0) => format!("{counted}; survives no failure"),
            (true, true, 1) => format!("{counted}; survives 1 failure"),
            (true, true, more) => format!("{counted}; survives {more} failures"),
        }
    }

    fn missing(self) -> usize {
        (self.voters / 2 + 1).saturating_sub(self.healthy)
    }

    pub fn report(self, seen: &Seen) -> Report {
        let leader_applied =
            seen.nodes.iter().find(|row| Some(&row.id) == seen.leader.as_ref()).and_then(|row| row.applied);
        let node = |row: &super::Row| NodeReport {
            id: row.id.clone(),
            http: row.http.clone(),
            role: row.role,
            reachable: row.up,
            term: row.term.map(|term| term.to_string()),
            applied_index: row.applied.map(|index| index.to_string()),
            trails_leader_by: row.trails(leader_applied).map(|entries| entries.to_string()),
            version: row.version.clone(),
            uptime_seconds: row.uptime_seconds,
        };
        Report {
            cluster_id: seen.cluster_id.clone(),
            term: seen.term.to_string(),
            leader: seen.leader.clone(),
            nodes: seen.nodes.iter().map(node).collect(),
            voters: self.voters,
            healthy_voters: self.healthy,
            survives_failures: self.survives(),
            summary: self.sentence(),
        }
    }
}

/// What `-o json` shows; 64-bit numbers are text.
#[derive(Debug, Serialize)]
pub struct Report {
    cluster_id: String,
    term: String,
    leader: Option<String>,
    nodes: Vec<NodeReport>,
    voters: usize,
    healthy_voters: usize,
    survives_failures: usize,
    pub summary: String,
}

#[derive(Debug, Serialize)]
struct NodeReport {
    id: String,
    http: String,
    role: NodeRole,
    reachable: bool,
    term: Option<String>,
    applied_index: Option<String>,
    trails_leader_by: Option<String>,
    version: Option<String>,
    uptime_seconds: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(healthy: usize, voters: usize, has_leader: bool) -> String {
        Verdict { voters, healthy, has_leader }.sentence()
    }

    #[test]
    fn the_last_sentence_says_how_many_failures_are_left() {
        assert_eq!(sentence(3, 3, true), "3 of 3 voters healthy; survives 1 failure");
        assert_eq!(sentence(2, 3, true), "2 of 3 voters healthy; survives no failure");
        assert_eq!(sentence(5, 5, true), "5 of 5 voters healthy; survives 2 failures");
        assert_eq!(sentence(1, 1, true), "1 of 1 voters healthy; survives no failure");
        assert_eq!(sentence(4, 4, true), "4 of 4 voters healthy; survives 1 failure");
    }

    #[test]
    fn without_a_majority_nothing_can_be_sold() {
        assert_eq!(sentence(1, 3, true), "1 of 3 voters healthy; no majority, so nothing can be sold: bring 1 back");
        assert!(!Verdict { voters: 3, healthy: 1, has_leader: true }.can_decide());
        assert!(!Verdict { voters: 3, healthy: 3, has_leader: false }.can_decide());
        assert!(Verdict { voters: 3, healthy: 2, has_leader: true }.can_decide());
    }
}
