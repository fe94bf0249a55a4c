//! Consensus, as the rest of the node sees it. Nothing of openraft is named outside of this folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use livedrop_domain::Outcome;
use livedrop_proto::admin as admin_pb;
use livedrop_store::types::{Member, Payload, Raft};
use livedrop_store::{Applying, LogStore, Reader, Snapshots, StateMachine};
use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{ClientWriteError, Fatal, ForwardReason, InitializeError, RaftError};
use openraft::storage::{RaftLogReader, RaftLogStorage};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::forward::Forwarder;
use super::gate::{Gate, Opened};
use super::identity::Identity;
use super::join::{self, JoinError};
use super::leadership::{self, Leadership, OnFatal};
use super::network::{Network, describe};
use super::peers::{Link, PeerError, Peers};
use super::read_index::{ReadError, ReadIndex};
use super::read_rounds::{ask_leader, ask_quorum};
use super::settings::ConsensusSettings;
use super::status::{self, NodeStatus};
use super::transfer::{self, TransferError};
use crate::disk::Disk;

/// How long a question to another node may take.
const PEER_ANSWER: Duration = Duration::from_secs(2);
/// A read that found no leader looks again after this long, or as soon as leadership changes.
const READ_PAUSE: Duration = Duration::from_millis(20);

/// What consensus is started with.
pub struct StartUp {
    pub log: LogStore,
    pub machine: StateMachine,
    pub reader: Reader,
    pub snapshots: Snapshots,
    /// The members that the cluster began with, this node among them; all nodes are given the same.
    pub members: BTreeMap<u64, Member>,
    pub settings: ConsensusSettings,
    /// The door of the peer listener, which should be served already: the others are heard through theirs.
    pub gate: Gate,
    /// Called when consensus ends by itself. It must end the process.
    pub on_fatal: OnFatal,
}

/// Why consensus could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the consensus settings cannot work: {0}")]
    Settings(String),
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error(transparent)]
    Join(#[from] JoinError),
    #[error("reading the log's state")]
    Log(#[source] std::io::Error),
    #[error("consensus did not start: {0}")]
    Fatal(String),
}

/// Why a payload has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    #[error("this node does not lead")]
    NotLeader { leader: Option<u64> },
    #[error("this node leads but reaches no quorum")]
    NoQuorum,
    #[error("it is not known whether the command was or will be applied")]
    Unknown,
    #[error("the node is stopping")]
    Stopped,
}

impl ProposeError {
    /// Whether the payload was not proposed and never will be.
    pub fn certainly_not_proposed(&self) -> bool {
        !matches!(self, ProposeError::Unknown)
    }
}

/// Why another node did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    #[error("node {0} is not a member")]
    NotAMember(u64),
    #[error("node {node} does not answer: {reason}")]
    NoAnswer { node: u64, reason: String },
}

/// A node's state hash at an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateHash {
    /// None when the node has not applied the index yet, or no longer has its hash.
    pub hash: Option<[u8; 32]>,
    pub applied: u64,
}

/// This node's part in the cluster's consensus. Cheap to clone.
#[derive(Clone)]
pub struct Consensus(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) raft: Raft,
    identity: Arc<Identity>,
    reader: Reader,
    pub(super) peers: Arc<Peers>,
    leadership: watch::Receiver<Leadership>,
    leader_reads: ReadIndex,
    follower_reads: ReadIndex,
    settings: ConsensusSettings,
    stopping: Arc<AtomicBool>,
    pub(super) disk: Arc<Disk>,
    /// Why this node's state is not the cluster's, once that was found.
    pub(super) diverged: OnceLock<String>,
}

impl Consensus {
    /// Takes part in the cluster, and opens the gate to the others.
    ///
    /// A node without any consensus state first waits until enough of the other members have said that they do not know
    /// it under another incarnation (see `join.rs`), for as long as it takes; then it begins the cluster together with
    /// them, which is harmless when it has begun already. Runs on the calling runtime.
    pub async fn start(start: StartUp) -> Result<Self, StartError> {
        let StartUp { mut log, machine, reader, snapshots, members, settings, gate, on_fatal } = start;
        let identity = gate.identity().clone();
        let own = identity.node_id;
        let config = settings.config(&identity.cluster_id).map_err(|error| StartError::Settings(error.to_string()))?;
        let peers = Arc::new(Peers::new(identity.clone(), gate.tls().cloned()));
        for (id, member) in members.iter().filter(|(id, _)| **id != own) {
            peers.link(*id, &member.peer)?;
        }

        // Asked of the log and not of the directory: a wiped node that was turned away has a directory the next time.
        let begins = has_no_state(&mut log).await.map_err(StartError::Log)?;
        if begins {
            gate.has_no_state();
            join::ask(&peers, &members).await?;
        }
        let fatal = |error: Fatal<_>| StartError::Fatal(error.to_string());
        let raft = Raft::new(own, Arc::new(config), Network::new(peers.clone()), log, machine).await.map_err(fatal)?;
        if begins && members.contains_key(&own) {
            match raft.initialize(members).await {
                // Another member was faster, and its log is here already.
                Ok(()) | Err(RaftError::APIError(InitializeError::NotAllowed(_))) => {}
                Err(error) => return Err(StartError::Fatal(error.to_string())),
            }
        }

        let stopping = Arc::new(AtomicBool::new(false));
        let (changed, leadership) = watch::channel(Leadership::default());
        let (heard, watched) = (gate.heard().clone(), settings.clone());
        let watching = leadership::watch_over(raft.clone(), own, heard, watched, changed, stopping.clone(), on_fatal);
        tokio::spawn(watching);

        let leader_reads = ReadIndex::start({
            let raft = raft.clone();
            move |until| ask_quorum(raft.clone(), until)
        });
        let follower_reads = ReadIndex::start({
            let (raft, peers) = (raft.clone(), peers.clone());
            move |until| ask_leader(raft.clone(), peers.clone(), until)
        });
        gate.open(Opened {
            raft: raft.clone(),
            reader: reader.clone(),
            snapshots,
            read_index: leader_reads.clone(),
            peers: peers.clone(),
        });
        let disk = gate.disk().clone();
        let inner = Inner {
            raft,
            identity,
            reader,
            peers,
            leadership,
            leader_reads,
            follower_reads,
            settings,
            stopping,
            disk,
            diverged: OnceLock::new(),
        };
        Ok(Self(Arc::new(inner)))
    }

    pub fn node_id(&self) -> u64 {
        self.0.identity.node_id
    }

    pub fn cluster_id(&self) -> &str {
        &self.0.identity.cluster_id
    }

    /// Proposes one payload (a batch of the domain) and waits until it is applied here; one outcome for each command.
    ///
    /// Only the leader can. Waits for as long as it takes: callers add their own deadline, and a command whose deadline
    /// passes is unknown.
    pub async fn propose(&self, payload: Bytes) -> Result<Vec<Outcome>, ProposeError> {
        if self.0.stopping.load(Ordering::Acquire) {
            return Err(ProposeError::Stopped);
        }
        match self.0.raft.client_write(Payload(payload)).await {
            Ok(written) => Ok(written.data.0),
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(forward))) => Err(match forward.reason {
                ForwardReason::LeaseExpired => ProposeError::NoQuorum,
                ForwardReason::NotLeader | ForwardReason::LeadershipTransfer => {
                    ProposeError::NotLeader { leader: forward.leader_id.filter(|leader| *leader != self.node_id()) }
                }
            }),
            // An entry that another leader overwrote here may still have reached a majority; consensus that ended did so
            // at an unknown point.
            Err(_) => Err(ProposeError::Unknown),
        }
    }

    /// The log index that a linearizable read must wait for: every command acknowledged before this call is at or below
    /// it. The caller waits until its reader has applied it.
    ///
    /// Calls share rounds (see `read_index.rs`). Looks for a leader until `deadline`, and answers the last obstacle then.
    pub async fn read_index(&self, deadline: Instant) -> Result<u64, ReadError> {
        let mut leadership = self.0.leadership.clone();
        loop {
            let known = leadership.borrow_and_update().clone();
            let found = match known {
                Leadership { is_leader: true, .. } => self.0.leader_reads.next_round(deadline).await,
                Leadership { leader: Some(_), .. } => self.0.follower_reads.next_round(deadline).await,
                Leadership { leader: None, .. } => Err(ReadError::NotLeader { leader: None }),
            };
            match found {
                Ok(index) => return Ok(index),
                Err(error @ (ReadError::Stopped | ReadError::Overloaded)) => return Err(error),
                Err(error) => {
                    let again = (Instant::now() + READ_PAUSE).min(deadline);
                    let ended = matches!(timeout_at(again, leadership.changed()).await, Ok(Err(_)));
                    if ended || Instant::now() >= deadline {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Who leads, and every change of it.
    pub fn leadership(&self) -> watch::Receiver<Leadership> {
        self.0.leadership.clone()
    }

    /// Waits until this node has applied everything its log held when it started, as far as the cluster committed it.
    /// Answers whether that came true before `deadline`.
    pub async fn wait_recovered(&self, deadline: Instant) -> bool {
        let within = deadline.saturating_duration_since(Instant::now());
        self.0.raft.wait_for_recovery(Some(within)).await.is_ok()
    }

    /// The stream of batches to whoever leads. One for each node: its callers should share it.
    pub fn forwarder(&self) -> Forwarder {
        Forwarder::new(self.clone())
    }

    /// Hands leadership to node `to` and waits until it leads, at most three seconds.
    ///
    /// Rejects on a node that does not lead, a target that is no voter, lags by more than 100 entries or has not
    /// answered a heartbeat within an election timeout.
    pub async fn transfer_leader(&self, to: u64) -> Result<(), TransferError> {
        let alive_ms = self.0.settings.election_min_ms;
        transfer::to_node(&self.0.raft, &self.status(), self.leadership(), to, alive_ms).await
    }

    /// Hands leadership to the best follower, when this node leads and there is one. Answers who leads now, if known.
    pub async fn hand_over(&self) -> Result<Option<u64>, TransferError> {
        self.hand_over_but(&BTreeSet::new()).await
    }

    /// As [`hand_over`](Consensus::hand_over), to none of `unfit`.
    pub async fn hand_over_but(&self, unfit: &BTreeSet<u64>) -> Result<Option<u64>, TransferError> {
        let known = self.0.leadership.borrow().clone();
        if !known.is_leader {
            return Ok(known.leader);
        }
        let status = self.status();
        let best =
            transfer::best_follower(&status, self.0.settings.election_min_ms, unfit).ok_or(TransferError::Nobody)?;
        transfer::to_node(&self.0.raft, &status, self.leadership(), best, self.0.settings.election_min_ms).await?;
        Ok(Some(best))
    }

    pub fn status(&self) -> NodeStatus {
        status::of_this_node(&self.0.raft, &self.0.identity, self.0.disk.flags())
    }

    /// The status of any member, asked of the member itself.
    pub async fn status_of(&self, node: u64) -> Result<NodeStatus, AskError> {
        if node == self.node_id() {
            return Ok(self.status());
        }
        let mut client = self.link(node).ok_or(AskError::NotAMember(node))?.admin();
        let answer = ask(node, client.status(admin_pb::StatusRequest {})).await?;
        Ok(status::from_pb(answer))
    }

    /// The state hash of any member at `index`, asked of the member itself.
    pub async fn state_hash(&self, node: u64, index: u64) -> Result<StateHash, AskError> {
        let no_answer = |reason| AskError::NoAnswer { node, reason };
        if node == self.node_id() {
            let (hash, applied) = hash_at(self.0.reader.clone(), index).await.map_err(no_answer)?;
            return Ok(StateHash { hash, applied });
        }
        let mut client = self.link(node).ok_or(AskError::NotAMember(node))?.admin();
        let answer = ask(node, client.state_hash(admin_pb::StateHashRequest { index })).await?;
        let hash = match answer.hash.is_empty() {
            true => None,
            false => {
                let hash = answer.hash[..].try_into();
                Some(hash.map_err(|_| no_answer(format!("its hash has {} bytes", answer.hash.len())))?)
            }
        };
        Ok(StateHash { hash, applied: answer.applied_index })
    }

    /// When this node applied an entry, if that was lately.
    pub fn when_applied(&self, index: u64) -> Option<Applying> {
        self.0.reader.when_applied(index)
    }

    /// All members, by id.
    pub fn members(&self) -> BTreeMap<u64, Member> {
        let server = self.0.raft.server_metrics();
        let server = server.borrow_watched();
        server.membership_config.membership().nodes().map(|(id, member)| (*id, member.clone())).collect()
    }

    /// Asks the members that this node knows whether it was removed; answers who says so.
    pub async fn removed_by(&self) -> Option<u64> {
        join::removed_by(&self.0.peers, &self.members()).await
    }

    pub(super) fn raft(&self) -> &Raft {
        &self.0.raft
    }

    pub(super) fn link(&self, node: u64) -> Option<Arc<Link>> {
        link(&self.0.raft, &self.0.peers, node)
    }

    /// Ends this node's part in consensus. Proposals that are under way become unknown.
    pub async fn shutdown(&self) {
        self.0.stopping.store(true, Ordering::Release);
        if let Err(error) = self.0.raft.shutdown().await {
            tracing::error!(%error, "consensus did not stop cleanly");
        }
    }
}

async fn has_no_state(log: &mut LogStore) -> Result<bool, std::io::Error> {
    let entries = log.get_log_state().await?;
    let vote = log.get_log_reader().await.read_vote().await?;
    Ok(vote.is_none() && entries.last_log_id.is_none())
}

pub(super) fn link(raft: &Raft, peers: &Peers, node: u64) -> Option<Arc<Link>> {
    let address = {
        let server = raft.server_metrics();
        let server = server.borrow_watched();
        server.membership_config.membership().get_node(&node)?.peer.clone()
    };
    peers.link(node, &address).inspect_err(|error| tracing::error!(node, %error, "a member cannot be reached")).ok()
}

pub(super) async fn ask<T>(
    node: u64,
    question: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> Result<T, AskError> {
    let no_answer = |reason| AskError::NoAnswer { node, reason };
    match tokio::time::timeout(PEER_ANSWER, question).await {
        Ok(answer) => Ok(answer.map_err(|status| no_answer(describe(&status)))?.into_inner()),
        Err(_) => Err(no_answer(format!("nothing came within {PEER_ANSWER:?}"))),
    }
}

/// This node's state hash at `index`, and how far it has applied. Reads the database off the runtime.
pub(super) async fn hash_at(reader: Reader, index: u64) -> Result<(Option<[u8; 32]>, u64), String> {
    let read = tokio::task::spawn_blocking(move || {
        let applied = reader.applied();
        let hash = if index <= applied { reader.hash_at(index)? } else { None };
        Ok::<_, livedrop_store::StoreError>((hash, applied))
    });
    read.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}
