//! The node as the routes see it: the write path, the reads, and what it knows of its cluster.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures_util::future::{BoxFuture, join_all};
use livedrop_domain::{Fault, Outcome, Request, Timestamp, View};
use livedrop_proto::rest::admin::{FollowerLag, NodeStatus};
use livedrop_proto::rest::cluster::{Cluster, ClusterNode, NodeRole};

use crate::limits::Limits;
use crate::propose::{Proposer, Unanswered};
use crate::raft::{Consensus, MemberStatus, Role};
use crate::read::Reads;
use crate::rest::{Check, Exposition, Look, Shop};
use crate::{clock, collector};

/// How often the other members are asked how far they are.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How often a node that starts looks whether it has caught up with what its log held.
const RECOVERY_LOOK: Duration = Duration::from_secs(1);
/// How often a node that starts looks whether it has caught up with its leader.
const CAUGHT_UP_LOOK: Duration = Duration::from_millis(50);

/// What stands behind the routes of a node.
pub struct NodeShop {
    consensus: Consensus,
    proposer: Proposer,
    reads: Reads,
    cluster_id: String,
    started: Instant,
    recovered: AtomicBool,
    /// What each other member that answered last time has applied.
    others: ArcSwap<BTreeMap<u64, Option<u64>>>,
    /// Who is told which members answer.
    limits: OnceLock<Arc<Limits>>,
}

impl NodeShop {
    pub fn new(cluster_id: String, consensus: Consensus, proposer: Proposer, reads: Reads) -> Self {
        let (started, recovered) = (Instant::now(), AtomicBool::new(false));
        let (others, limits) = (ArcSwap::default(), OnceLock::new());
        NodeShop { consensus, proposer, reads, cluster_id, started, recovered, others, limits }
    }

    /// From now on the limits of callers are told which members answer.
    pub fn tell_who_answers(&self, limits: Arc<Limits>) {
        let _first = self.limits.set(limits);
    }

    /// Returns when this node has applied what its log held when it started, and has once had all that was decided; it is
    /// not ready before.
    pub async fn recover(&self) {
        while !self.consensus.wait_recovered(tokio::time::Instant::now() + RECOVERY_LOOK).await {}
        // A node that was away, or is new, has yet to get what was decided meanwhile.
        while self.reads.linearizable().await.is_err() {
            tokio::time::sleep(CAUGHT_UP_LOOK).await;
        }
        self.recovered.store(true, Ordering::Release);
    }

    /// Asks the other members how far they are, again and again, for whoever wants to see the cluster.
    pub async fn ask_others(&self) {
        let mut ask = tokio::time::interval(ASK_EVERY);
        ask.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ask.tick().await;
            let members = self.consensus.members();
            let others = members.keys().copied().filter(|id| *id != self.consensus.node_id());
            let asked = others.map(async |id| Some((id, self.consensus.status_of(id).await.ok()?.applied_index)));
            let others: BTreeMap<_, _> = join_all(asked).await.into_iter().flatten().collect();
            if let Some(limits) = self.limits.get() {
                // Learners come and go, and callers would move each time: they borrow, and only voters lend.
                let voters = self.consensus.membership().voters;
                let owns = voters.contains(&self.consensus.node_id());
                limits.set_owners(voters.len(), others.keys().copied().filter(|id| voters.contains(id)), owns);
            }
            self.others.store(others.into());
        }
    }
}

impl Shop for NodeShop {
    fn propose(&self, request: Request) -> BoxFuture<'_, Result<Outcome, Unanswered>> {
        Box::pin(self.proposer.propose(request))
    }

    fn linearizable(&self) -> BoxFuture<'_, Result<u64, Unanswered>> {
        Box::pin(self.reads.linearizable())
    }

    fn at_least(&self, index: u64) -> BoxFuture<'_, Result<(), Unanswered>> {
        Box::pin(self.reads.at_least(Some(index)))
    }

    fn look(&self, look: Look) -> Result<(), Fault> {
        let seen = self.reads.reader().read(|view| look(view as &dyn View, view.index()));
        seen.map_err(|error| Fault::new("looking at the state", error))?
    }

    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn applied(&self) -> u64 {
        self.reads.reader().applied()
    }

    fn leader(&self) -> Option<u64> {
        self.consensus.leadership().borrow().leader
    }

    fn cluster(&self) -> Cluster {
        let status = self.consensus.status();
        let others = self.others.load();
        let node = |(id, member): (&u64, &MemberStatus)| {
            let own = *id == status.node_id;
            let applied = if own { status.applied_index } else { others.get(id).copied().flatten() };
            ClusterNode {
                id: id.to_string(),
                role: match (status.leader == Some(*id), member.voter) {
                    (true, _) => NodeRole::Leader,
                    (false, true) => NodeRole::Follower,
                    (false, false) => NodeRole::Learner,
                },
                http: member.member.http.clone(),
                peer: member.member.peer.clone(),
                applied_index: applied.map(Into::into),
                reachable: own || others.contains_key(id),
            }
        };
        Cluster {
            cluster_id: self.cluster_id.clone(),
            term: status.term.into(),
            leader: status.leader.map(|id| id.to_string()),
            nodes: status.members.iter().map(node).collect(),
        }
    }

    fn status(&self) -> NodeStatus {
        let status = self.consensus.status();
        let own = status.members.get(&status.node_id);
        let of = |voter: bool| {
            let ids = status.members.iter().filter(move |(_, member)| member.voter == voter);
            ids.map(|(id, _)| id.to_string()).collect()
        };
        NodeStatus {
            id: status.node_id.to_string(),
            cluster_id: self.cluster_id.clone(),
            role: match status.role {
                Role::Leader => NodeRole::Leader,
                Role::Learner => NodeRole::Learner,
                Role::Follower | Role::Candidate | Role::Stopped => NodeRole::Follower,
            },
            term: status.term.into(),
            leader: status.leader.map(|id| id.to_string()),
            voters: of(true),
            learners: of(false),
            http: own.map(|own| own.member.http.clone()).unwrap_or_default(),
            peer: own.map(|own| own.member.peer.clone()).unwrap_or_default(),
            committed_index: status.committed_index.unwrap_or(0).into(),
            applied_index: status.applied_index.unwrap_or(0).into(),
            last_log_index: status.last_log_index.unwrap_or(0).into(),
            purged_index: status.purged_index.map(Into::into),
            snapshot_index: status.snapshot_index.map(Into::into),
            followers: status
                .followers
                .iter()
                .map(|(id, follower)| FollowerLag {
                    id: id.to_string(),
                    matched_index: follower.matched_index.map(Into::into),
                    lag: follower.lag.into(),
                })
                .collect(),
            version: status.version,
            uptime_seconds: self.started.elapsed().as_secs(),
        }
    }

    fn collect(&self, to: &mut Exposition) {
        collector::collect(&self.consensus.status(), &self.reads.reader().metrics(), to);
    }

    fn checks(&self) -> Vec<Check> {
        let leadership = self.consensus.leadership().borrow().clone();
        let recovered = self.recovered.load(Ordering::Acquire);
        let member = self.consensus.members().contains_key(&self.consensus.node_id());
        let problem = |good: bool, text: &str| (!good).then(|| text.to_owned());
        vec![
            Check {
                name: "recovered",
                problem: problem(recovered, "catching up with what was decided before the start"),
            },
            Check { name: "member", problem: problem(member, "this node does not belong to the cluster, or not yet") },
            Check { name: "leader", problem: problem(leadership.leader.is_some(), "no leader is known") },
            Check {
                name: "quorum",
                problem: problem(leadership.has_quorum, "no quorum answers this leader, or the leader is silent"),
            },
        ]
    }
}
