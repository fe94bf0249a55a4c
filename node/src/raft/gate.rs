//! The door of the peer listener: who is let in, and to what.
//!
//! ```text
//!   new ──► hello is answered ──► open: consensus ──► forwarded commands are taken
//!            (a fresh node asks     (it was let in       (the write path is there)
//!             the others first)      by the others)
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use livedrop_store::types::Raft;
use livedrop_store::{Reader, Snapshots};
use openraft::async_runtime::watch::WatchReceiver;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};

use super::arrive;
use super::consensus;
use super::forward::ProposeForwarded;
use super::identity::{self, Identity, Registered, Standing};
use super::leadership::Heard;
use super::limits::Lend;
use super::newcomer::LetIn;
use super::operate::Operate;
use super::operators::Operators;
use super::peers::{Link, Peers};
use super::read_index::ReadIndex;
use super::recall::Recall;
use crate::disk::Disk;
use crate::tls::PeerTls;

/// Shared by the services of the listener and by what opens them one after the other.
#[derive(Clone)]
pub struct Gate(Arc<Inside>);

struct Inside {
    identity: Arc<Identity>,
    registered: Registered,
    tls: Option<PeerTls>,
    has_no_state: AtomicBool,
    consensus: OnceLock<Opened>,
    proposer: OnceLock<Arc<dyn ProposeForwarded>>,
    limits: OnceLock<Arc<dyn Lend>>,
    operators: OnceLock<Arc<dyn Operators>>,
    operate: OnceLock<Arc<dyn Operate>>,
    let_in: OnceLock<Arc<dyn LetIn>>,
    memory: OnceLock<Arc<dyn Recall>>,
    closing: CancellationToken,
    heard: Arc<Heard>,
    disk: Arc<Disk>,
}

/// What the services need of a node that takes part in consensus.
pub(super) struct Opened {
    pub(super) raft: Raft,
    pub(super) reader: Reader,
    pub(super) snapshots: Snapshots,
    pub(super) read_index: ReadIndex,
    pub(super) peers: Arc<Peers>,
}

impl Opened {
    /// The way to the leader; none when this node leads.
    pub(super) fn leader_elsewhere(&self) -> Result<Option<Arc<Link>>, Status> {
        let leader = self.raft.server_metrics().borrow_watched().current_leader;
        let nobody = || Status::unavailable("no leader is known; try again in a moment");
        let leader = leader.ok_or_else(nobody)?;
        if leader == self.peers.identity().node_id {
            return Ok(None);
        }
        consensus::link(&self.raft, &self.peers, leader).ok_or_else(nobody).map(Some)
    }
}

impl Gate {
    /// `registered` reads the domain's members of this node's own state. With `tls` only nodes of this cluster are let
    /// in, each under its own id.
    pub fn new(identity: Identity, registered: Registered, tls: Option<PeerTls>) -> Self {
        let identity = Arc::new(identity);
        Self(Arc::new(Inside {
            identity,
            registered,
            tls,
            has_no_state: AtomicBool::new(false),
            consensus: OnceLock::new(),
            proposer: OnceLock::new(),
            limits: OnceLock::new(),
            operators: OnceLock::new(),
            operate: OnceLock::new(),
            let_in: OnceLock::new(),
            memory: OnceLock::new(),
            closing: CancellationToken::new(),
            heard: Arc::default(),
            disk: Arc::default(),
        }))
    }

    /// From now on the batches that other nodes forward go to `proposer`. The first call decides.
    pub fn take_forwarded(&self, proposer: Arc<dyn ProposeForwarded>) {
        let _ = self.0.proposer.set(proposer);
    }

    /// From now on what callers may use is lent to other nodes by `limits`. The first call decides.
    pub fn lend(&self, limits: Arc<dyn Lend>) {
        let _ = self.0.limits.set(limits);
    }

    /// From now on operators are known by their tokens. The first call decides.
    pub fn know_operators(&self, operators: Arc<dyn Operators>) {
        let _ = self.0.operators.set(operators);
    }

    /// From now on what operators ask is done. The first call decides.
    pub fn take_operations(&self, operate: Arc<dyn Operate>) {
        let _ = self.0.operate.set(operate);
    }

    /// From now on new nodes are let in. The first call decides.
    pub fn let_newcomers_in(&self, let_in: Arc<dyn LetIn>) {
        let _ = self.0.let_in.set(let_in);
    }

    /// From now on other nodes are told what `memory` holds of a request. The first call decides.
    pub fn remember(&self, memory: Arc<dyn Recall>) {
        let _ = self.0.memory.set(memory);
    }

    /// Says that this node has no consensus state, so that it cannot know anybody and may say so before it takes part.
    pub(super) fn has_no_state(&self) {
        self.0.has_no_state.store(true, Ordering::Release);
    }

    pub(super) fn open(&self, opened: Opened) {
        let _ = self.0.consensus.set(opened);
    }

    /// When a leader was last heard through this door.
    pub(super) fn heard(&self) -> &Arc<Heard> {
        &self.0.heard
    }

    /// What is known of the disks of this node and the others.
    pub fn disk(&self) -> &Arc<Disk> {
        &self.0.disk
    }

    pub(super) fn identity(&self) -> &Arc<Identity> {
        &self.0.identity
    }

    pub(super) fn tls(&self) -> Option<&PeerTls> {
        self.0.tls.as_ref()
    }

    pub(super) fn registered(&self, node: u64) -> Option<Standing> {
        (self.0.registered)(node)
    }

    /// Lets a call of this cluster in that is meant for this node, whatever the caller's incarnation, as soon as this
    /// node knows what it ever knew: one that restarts has to read its log first.
    pub(super) fn greet<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let (node, _) = identity::caller(&self.0.identity, request.metadata())?;
        arrive::comes_from(request, node)?;
        match self.0.consensus.get().is_some() || self.0.has_no_state.load(Ordering::Acquire) {
            true => Ok(()),
            false => Err(self.starting()),
        }
    }

    /// Whether a node was removed and is no member any more, as far as this node knows.
    pub(super) fn has_gone(&self, node: u64) -> bool {
        self.registered(node).is_some_and(|known| known.removed) && !self.is_member(node)
    }

    fn is_member(&self, node: u64) -> bool {
        let Some(opened) = self.0.consensus.get() else { return true };
        let server = opened.raft.server_metrics();
        let server = server.borrow_watched();
        server.committed_membership_config.membership().get_node(&node).is_some()
    }

    /// Lets in what `greet` does, unless the caller's id is registered with another incarnation or has gone; answers the
    /// caller.
    pub(super) fn admit<T>(&self, request: &Request<T>) -> Result<u64, Status> {
        let (node, incarnation) = identity::caller(&self.0.identity, request.metadata())?;
        arrive::comes_from(request, node)?;
        identity::refuse_stale(&self.0.registered, node, incarnation, || self.is_member(node))?;
        Ok(node)
    }

    pub(super) fn opened(&self) -> Result<&Opened, Status> {
        self.0.consensus.get().ok_or_else(|| self.starting())
    }

    pub(super) fn proposer(&self) -> Result<Arc<dyn ProposeForwarded>, Status> {
        self.0.proposer.get().cloned().ok_or_else(|| self.starting())
    }

    pub(super) fn limits(&self) -> Result<Arc<dyn Lend>, Status> {
        self.0.limits.get().cloned().ok_or_else(|| self.starting())
    }

    pub(super) fn operators(&self) -> Option<Arc<dyn Operators>> {
        self.0.operators.get().cloned()
    }

    pub(super) fn let_in(&self) -> Result<Arc<dyn LetIn>, Status> {
        self.0.let_in.get().cloned().ok_or_else(|| self.starting())
    }

    pub(super) fn operate(&self) -> Result<Arc<dyn Operate>, Status> {
        self.0.operate.get().cloned().ok_or_else(|| self.starting())
    }

    pub(super) fn memory(&self) -> Result<Arc<dyn Recall>, Status> {
        self.0.memory.get().cloned().ok_or_else(|| self.starting())
    }

    /// Ends the long-lived streams, which would keep the listener from stopping.
    pub(super) fn close(&self) {
        self.0.closing.cancel();
    }

    /// Resolves when the gate closes.
    pub(super) fn closing(&self) -> impl Future<Output = ()> + Send + 'static {
        self.0.closing.clone().cancelled_owned()
    }

    fn starting(&self) -> Status {
        Status::unavailable(format!("node {} is starting", self.0.identity.node_id))
    }
}
