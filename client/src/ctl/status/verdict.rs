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
    /// Learners, and how many of them answered.
    pub learners: (usize, usize),
    /// What nodes say is not well with them.
    pub alarms: usize,
}

impl Verdict {
    pub fn of(seen: &Seen) -> Self {
        let (voters, learners) = (
            seen.nodes.iter().filter(|row| row.role != NodeRole::Learner),
            seen.nodes.iter().filter(|row| row.role == NodeRole::Learner),
        );
        Verdict {
            voters: voters.clone().count(),
            healthy: voters.filter(|row| row.up).count(),
            has_leader: seen.leader.is_some(),
            learners: (learners.clone().count(), learners.filter(|row| row.up).count()),
            alarms: seen.nodes.iter().map(|row| row.alarms().len()).sum(),
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
        let Verdict { voters, healthy, has_leader, learners, alarms } = self;
        let counted = match learners {
            (0, _) => format!("{healthy} of {voters} voters healthy"),
            (all, up) => format!("{healthy} of {voters} voters and {up} of {all} learners healthy"),
        };
        let means = match (healthy > voters / 2, has_leader, self.survives()) {
            (false, _, _) => format!("no majority, so nothing can be sold: bring {} back", self.missing()),
            (true, false, _) => "no leader yet: an election takes a second or two".to_owned(),
            (true, true, 0) => "survives no failure".to_owned(),
            (true, true, 1) => "survives 1 failure".to_owned(),
            (true, true, more) => format!("survives {more} failures"),
        };
        let alarms = match alarms {
            0 => String::new(),
            1 => "; 1 alarm".to_owned(),
            more => format!("; {more} alarms"),
        };
        format!("{counted}; {means}{alarms}")
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
            version: row.told.as_ref().map(|told| told.version.clone()),
            uptime_seconds: row.told.as_ref().map(|told| told.uptime_seconds),
            disk_free_bytes: row.told.as_ref().and_then(|told| told.disk_free_bytes),
            disk_bytes: row.told.as_ref().and_then(|told| told.disk_bytes),
            snapshot_age_seconds: row.told.as_ref().and_then(|told| told.snapshot_age_seconds),
            certificate_expires_at: row.told.as_ref().and_then(|told| told.certificate_expires_at.clone()),
            alarms: row.alarms().to_vec(),
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
    disk_free_bytes: Option<u64>,
    disk_bytes: Option<u64>,
    snapshot_age_seconds: Option<u64>,
    certificate_expires_at: Option<String>,
    alarms: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(healthy: usize, voters: usize, has_leader: bool) -> Verdict {
        Verdict { voters, healthy, has_leader, learners: (0, 0), alarms: 0 }
    }

    fn sentence(healthy: usize, voters: usize, has_leader: bool) -> String {
        verdict(healthy, voters, has_leader).sentence()
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
    fn learners_and_alarms_are_named_when_there_are_any() {
        let seen = Verdict { learners: (2, 1), alarms: 1, ..verdict(3, 3, true) };
        assert_eq!(seen.sentence(), "3 of 3 voters and 1 of 2 learners healthy; survives 1 failure; 1 alarm");
    }

    #[test]
    fn without_a_majority_nothing_can_be_sold() {
        assert_eq!(sentence(1, 3, true), "1 of 3 voters healthy; no majority, so nothing can be sold: bring 1 back");
        assert!(!verdict(1, 3, true).can_decide());
        assert!(!verdict(3, 3, false).can_decide());
        assert!(verdict(2, 3, true).can_decide());
    }
}
