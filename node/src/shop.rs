//! The node as the routes see it: the write path, the reads, and what it knows of its cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures_util::future::{BoxFuture, join_all};
use livedrop_domain::{Fault, Outcome, Request, Timestamp, View};
use livedrop_proto::rest::admin::{FollowerLag, Happened, NodeStatus};
use livedrop_proto::rest::cluster::{Cluster, ClusterNode, NodeRole};

use crate::limits::Limits;
use crate::propose::{Proposer, Unanswered};
use crate::raft::{Consensus, MemberStatus, Recall, Role, shown};
use crate::read::Reads;
use crate::readiness::{Check, Readiness};
use crate::rest::{Exposition, Look, Shop, rfc3339};
use crate::telemetry::{Place, Telemetry};
use crate::tls::PeerTls;
use crate::{clock, collector, resources};

/// How often the other members are asked how far they are.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A node that is further behind than this, in log entries, is sent no requests. Under load an entry holds a hundred
/// purchases: this is a few seconds of them.
const READY_LAG_ENTRIES: u64 = 1_000;
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
    telemetry: Telemetry,
    readiness: Readiness,
    data_dir: PathBuf,
    peer_tls: Option<PeerTls>,
}

/// What it is made of.
pub struct Parts {
    pub cluster_id: String,
    pub data_dir: PathBuf,
    pub consensus: Consensus,
    pub proposer: Proposer,
    pub reads: Reads,
    pub telemetry: Telemetry,
    pub readiness: Readiness,
    /// None when the traffic between nodes is not encrypted.
    pub peer_tls: Option<PeerTls>,
}

impl NodeShop {
    pub fn new(parts: Parts) -> Self {
        let Parts { cluster_id, data_dir, consensus, proposer, reads, telemetry, readiness, peer_tls } = parts;
        let (started, recovered) = (Instant::now(), AtomicBool::new(false));
        let (others, limits) = (ArcSwap::default(), OnceLock::new());
        NodeShop {
            consensus,
            proposer,
            reads,
            cluster_id,
            started,
            recovered,
            others,
            limits,
            telemetry,
            readiness,
            data_dir,
            peer_tls,
        }
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
            let asked = others.map(async |id| Some((id, self.consensus.status_of(id).await.ok()?)));
            let heard: BTreeMap<_, _> = join_all(asked).await.into_iter().flatten().collect();
            let voters = self.consensus.status().members.into_iter().filter(|(_, member)| member.voter);
            let disks = heard.iter().map(|(id, status)| (*id, status.disk)).collect();
            self.consensus.disk().heard(self.consensus.node_id(), &voters.map(|(id, _)| id).collect(), disks);
            let others: BTreeMap<_, _> = heard.into_iter().map(|(id, status)| (id, status.applied_index)).collect();
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

impl NodeShop {
    /// Entries that others have applied, or that are known to be on a majority, and this node has not applied.
    fn behind(&self) -> u64 {
        let others = self.others.load();
        let newest = others.values().flatten().copied().chain(self.consensus.status().committed_index).max();
        newest.unwrap_or(0).saturating_sub(self.applied())
    }

    /// What all members remember of a request; those that do not answer are named.
    async fn recall_everywhere(&self, request_id: &str) -> Happened {
        let own = self.consensus.node_id();
        let asked = self.consensus.members().into_keys().map(async |node| match node == own {
            true => (node, Ok(Recall::recall(&self.telemetry, request_id))),
            false => (node, self.consensus.recall_of(node, request_id).await),
        });
        let (mut moments, mut silent) = (Vec::new(), Vec::new());
        for (node, answer) in join_all(asked).await {
            match answer {
                Ok(told) => moments.extend(told.into_iter().map(|moment| (node, moment))),
                Err(_) => silent.push(node.to_string()),
            }
        }
        moments.sort_by_key(|(_, moment)| moment.at_micros);
        Happened { moments: moments.into_iter().map(|(node, moment)| shown(node, moment)).collect(), silent }
    }
}

impl Shop for NodeShop {
    fn propose(&self, request: Request) -> BoxFuture<'_, Result<Outcome, Unanswered>> {
        Box::pin(self.proposer.propose(request))
    }

    fn propose_traced(&self, request: Request, traced: Option<Place>) -> BoxFuture<'_, Result<Outcome, Unanswered>> {
        Box::pin(self.proposer.propose_traced(request, traced))
    }

    fn recall<'a>(&'a self, request_id: &'a str) -> BoxFuture<'a, Happened> {
        Box::pin(self.recall_everywhere(request_id))
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
        let (disk, taken) = (resources::disk(&self.data_dir), self.reads.reader().metrics().snapshot_taken);
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
            alarms: self.checks().into_iter().filter_map(Check::alarm).collect(),
            disk_free_bytes: disk.map(|disk| disk.free_bytes),
            disk_bytes: disk.map(|disk| disk.bytes),
            snapshot_age_seconds: taken.map(|taken| clock::since_epoch().saturating_sub(taken).as_secs()),
            certificate_expires_at: self.peer_tls.as_ref().map(|tls| rfc3339(Timestamp(tls.ends_at() * 1_000))),
        }
    }

    fn collect(&self, to: &mut Exposition) {
        collector::collect(&self.consensus.status(), &self.reads.reader().metrics(), to);
        self.consensus.disk().collect(to);
    }

    fn checks(&self) -> Vec<Check> {
        let leadership = self.consensus.leadership().borrow().clone();
        let recovered = self.recovered.load(Ordering::Acquire);
        let member = self.consensus.members().contains_key(&self.consensus.node_id());
        let known = leadership.leader.is_some();
        let behind = self.behind();
        let mut checks = vec![
            Check::of("recovered", recovered, || "catching up with what was decided before the start".to_owned()),
            Check::of("member", member, || "this node does not belong to the cluster, or not yet".to_owned()),
            Check::of("leader", known, || "no leader is known".to_owned()),
            Check::of("quorum", leadership.has_quorum, || {
                "no quorum answers this leader, or the leader is silent".to_owned()
            }),
            Check::of("applied_lag", behind <= READY_LAG_ENTRIES, || {
                format!("{behind} entries behind, at most {READY_LAG_ENTRIES} will do")
            }),
        ];
        checks.extend(self.readiness.checks());
        checks
    }

    fn hand_over(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.consensus.hand_over().await {
                tracing::warn!(%error, "leadership was not handed over");
            }
        })
    }
}
