//! Nodes of one cluster in this process: real stores in temporary directories, real sockets on the loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::{Command, Outcome, Request, Timestamp, codec, members};
use livedrop_node::raft::{
    Consensus, ConsensusSettings, ForwardOutcome, Forwarded, Forwarder, Gate, Identity, Incarnation, ProposeError,
    ProposeForwarded, Refusal, Standing, StartError, StartUp, serve,
};
use livedrop_store::types::Member;
use livedrop_store::{Options, Reader, StoreError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::certificates::Certificates;
use super::proxy::{Proxy, Weather};

pub const CLUSTER: &str = "test-shop";
/// Longer than anything takes, even on a busy machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn soon() -> Instant {
    Instant::now() + PATIENCE
}

/// The incarnations that the nodes take for registered.
pub type Register = Arc<Mutex<BTreeMap<u64, Incarnation>>>;

/// Everything that is known before any node runs.
pub struct Plan {
    pub members: BTreeMap<u64, Member>,
    pub register: Register,
    pub proxies: BTreeMap<u64, Proxy>,
    pub settings: ConsensusSettings,
    /// With them the nodes speak TLS.
    pub certificates: Option<Certificates>,
    listeners: BTreeMap<u64, TcpListener>,
}

impl Plan {
    /// `size` nodes, each reached by the others through a proxy.
    pub async fn of(size: u64) -> Self {
        let mut plan = Self {
            members: BTreeMap::new(),
            register: Register::default(),
            proxies: BTreeMap::new(),
            settings: settings(),
            certificates: None,
            listeners: BTreeMap::new(),
        };
        for id in 1..=size {
            let member = plan.address(id).await;
            plan.members.insert(id, member);
        }
        plan
    }

    /// Makes an address for a node that will be.
    pub async fn address(&mut self, id: u64) -> Member {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::to(listener.local_addr().unwrap()).await;
        let member = Member { peer: proxy.address.to_string(), http: format!("http://127.0.0.1:{id}") };
        self.listeners.insert(id, listener);
        self.proxies.insert(id, proxy);
        member
    }

    /// The node's own listener, the first time; later the same address again.
    async fn listener(&mut self, id: u64, address: Option<SocketAddr>) -> TcpListener {
        match (self.listeners.remove(&id), address) {
            (Some(listener), _) => listener,
            (None, Some(address)) => loop {
                match TcpListener::bind(address).await {
                    Ok(listener) => return listener,
                    Err(_) => tokio::task::yield_now().await,
                }
            },
            (None, None) => panic!("node {id} has no address"),
        }
    }

    /// Begins to start a node with an empty directory; it may wait for others. `address` is that of its former life.
    pub async fn launch(&mut self, id: u64, address: Option<SocketAddr>) -> Launch {
        self.launch_in(id, address, tempfile::tempdir().unwrap()).await
    }

    /// Begins to start a node with what its directory holds.
    pub async fn launch_in(&mut self, id: u64, address: Option<SocketAddr>, directory: TempDir) -> Launch {
        let listener = self.listener(id, address).await;
        let address = listener.local_addr().unwrap();
        let identity = livedrop_store::Identity { cluster_id: CLUSTER.into(), node_id: id };
        // A stopped node's connections hold its directory until the other ends have noticed.
        let store = loop {
            match livedrop_store::open(directory.path(), &identity, Options { ballast_bytes: 0, ..Options::default() })
            {
                Err(StoreError::InUse(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                opened => break opened.unwrap(),
            }
        };
        let incarnation = store.incarnation;
        let register = self.register.clone();
        let gate = Gate::new(
            Identity { cluster_id: CLUSTER.into(), node_id: id, incarnation },
            Arc::new(move |node| {
                register.lock().unwrap().get(&node).map(|it| Standing { incarnation: *it, removed: false })
            }),
            self.certificates.as_ref().map(|certificates| certificates.tls(id)),
        );
        let stop = CancellationToken::new();
        let served = tokio::spawn(serve(listener, gate.clone(), stop.clone().cancelled_owned()));
        let fatal: Arc<Mutex<Vec<String>>> = Arc::default();
        let start_up = StartUp {
            reader: store.reader.clone(),
            log: store.log,
            machine: store.machine,
            snapshots: store.snapshots,
            members: self.members.clone(),
            settings: self.settings.clone(),
            gate: gate.clone(),
            on_fatal: Arc::new({
                let fatal = fatal.clone();
                move |reason| fatal.lock().unwrap().push(reason.to_owned())
            }),
        };
        let reader = store.reader;
        Launch { id, address, directory, gate, stop, served, reader, incarnation, fatal, start_up }
    }
}

/// Short enough for a test, long enough for a busy machine.
pub fn settings() -> ConsensusSettings {
    ConsensusSettings { heartbeat_ms: 100, election_min_ms: 500, election_max_ms: 1000, ..Default::default() }
}

/// Different for each call in this process.
fn fresh_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A node whose listener is served already.
pub struct Launch {
    pub id: u64,
    pub address: SocketAddr,
    pub incarnation: Incarnation,
    directory: TempDir,
    gate: Gate,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<Result<(), tonic::transport::Error>>,
    reader: Reader,
    fatal: Arc<Mutex<Vec<String>>>,
    start_up: StartUp,
}

impl Launch {
    pub async fn start(self) -> Result<Node, StartError> {
        let consensus = Consensus::start(self.start_up).await?;
        self.gate.take_forwarded(Arc::new(Echo(consensus.clone())));
        Ok(Node {
            id: self.id,
            address: self.address,
            incarnation: self.incarnation,
            forwarder: consensus.forwarder(),
            consensus,
            reader: self.reader,
            fatal: self.fatal,
            stop: self.stop,
            served: self.served,
            directory: self.directory,
        })
    }
}

/// A node that takes part.
pub struct Node {
    pub id: u64,
    pub address: SocketAddr,
    pub incarnation: Incarnation,
    pub consensus: Consensus,
    pub forwarder: Forwarder,
    pub reader: Reader,
    pub fatal: Arc<Mutex<Vec<String>>>,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<Result<(), tonic::transport::Error>>,
    directory: TempDir,
}

impl Node {
    /// Stops it and answers its directory.
    pub async fn stop(self) -> TempDir {
        self.consensus.shutdown().await;
        self.stop.cancel();
        timeout(PATIENCE, self.served).await.unwrap().unwrap().unwrap();
        assert_eq!(*self.fatal.lock().unwrap(), Vec::<String>::new(), "node {} ended by itself", self.id);
        self.directory
    }

    /// Waits until this node knows of a leader with a quorum that `suits`, and answers it.
    pub async fn leader_that(&self, suits: impl Fn(u64) -> bool) -> u64 {
        let mut leadership = self.consensus.leadership();
        let known = timeout(PATIENCE, leadership.wait_for(|now| now.has_quorum && now.leader.is_some_and(&suits)));
        known.await.expect("a leader is elected").unwrap().leader.unwrap()
    }
}

/// The least that a write path can be: every batch is proposed as it is.
struct Echo(Consensus);

#[tonic::async_trait]
impl ProposeForwarded for Echo {
    async fn propose_forwarded(&self, batch: Forwarded) -> ForwardOutcome {
        match timeout_at(batch.deadline, self.0.propose(payload(&batch.requests))).await {
            Ok(Ok(outcomes)) => ForwardOutcome::Answered(outcomes),
            Ok(Err(ProposeError::NotLeader { leader })) => ForwardOutcome::Refused(Refusal::NotLeader { leader }),
            Ok(Err(ProposeError::NoQuorum)) => ForwardOutcome::Refused(Refusal::NoQuorum),
            Ok(Err(ProposeError::Stopped)) => ForwardOutcome::Refused(Refusal::Stopping),
            Ok(Err(ProposeError::Unknown)) | Err(_) => ForwardOutcome::Unknown,
        }
    }
}

/// A log entry of encoded requests.
pub fn payload(requests: &[Bytes]) -> Bytes {
    let mut batch = BatchBuilder::new();
    for request in requests {
        batch.push(request);
    }
    batch.finish(Timestamp(1_700_000_000_000)).into()
}

/// A request that changes the state, and another one each time.
pub fn request() -> Bytes {
    let register = members::Register { node_id: 1_000_000 + fresh_number(), incarnation: [7; 16], secret: None };
    let command = Command::Members(members::Command::Register(register));
    codec::encode(&Request { request_id: "req".into(), idempotency: None, command, by: None }).into()
}

/// Running nodes of one cluster.
pub struct Cluster {
    pub plan: Plan,
    pub nodes: BTreeMap<u64, Node>,
}

impl Cluster {
    /// Starts `size` nodes and waits until one leads.
    pub async fn of(size: u64) -> Self {
        Self::with(size, settings()).await
    }

    pub async fn with(size: u64, settings: ConsensusSettings) -> Self {
        let mut plan = Plan::of(size).await;
        plan.settings = settings;
        Self::start(plan).await
    }

    /// As `of`, over TLS.
    pub async fn secured(size: u64) -> Self {
        let mut plan = Plan::of(size).await;
        let certificates = Certificates::of(CLUSTER);
        (1..=size).for_each(|id| certificates.put_node(id));
        plan.certificates = Some(certificates);
        Self::start(plan).await
    }

    async fn start(mut plan: Plan) -> Self {
        let size = plan.members.len() as u64;
        let mut launches = Vec::new();
        for id in 1..=size {
            launches.push(plan.launch(id, None).await);
        }
        let started = futures_util::future::join_all(launches.into_iter().map(Launch::start)).await;
        let nodes: BTreeMap<u64, Node> =
            started.into_iter().map(|node| node.unwrap()).map(|node| (node.id, node)).collect();
        for node in nodes.values() {
            plan.register.lock().unwrap().insert(node.id, node.incarnation);
        }
        let cluster = Self { plan, nodes };
        cluster.leader().await;
        cluster
    }

    /// The node that leads, once every node agrees on it.
    pub async fn leader(&self) -> u64 {
        loop {
            let first =
                self.nodes.values().next().unwrap().leader_that(|leader| self.nodes.contains_key(&leader)).await;
            let mut agreed = true;
            for node in self.nodes.values() {
                agreed &= node.consensus.leadership().borrow().leader == Some(first);
            }
            if agreed && self.nodes[&first].consensus.leadership().borrow().has_quorum {
                return first;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn followers_of(&self, leader: u64) -> Vec<u64> {
        self.nodes.keys().copied().filter(|id| *id != leader).collect()
    }

    pub fn weather(&self, node: u64, weather: Weather) {
        self.plan.proxies[&node].set(weather);
    }

    /// Proposes one request at whoever leads, until it is answered.
    pub async fn write(&self) -> Outcome {
        let requests = [request()];
        loop {
            let leader = self.leader().await;
            if let Ok(mut outcomes) = self.nodes[&leader].consensus.propose(payload(&requests)).await {
                return outcomes.remove(0);
            }
        }
    }

    /// Waits until every node has applied `index`, and checks that their states are the same.
    pub async fn agree_at(&self, index: u64) {
        let mut hashes = Vec::new();
        for node in self.nodes.values() {
            timeout(PATIENCE, node.reader.wait_applied(index)).await.expect("every node catches up");
            hashes.push(node.reader.hash_at(index).unwrap());
        }
        assert!(hashes[0].is_some() && hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
    }

    pub async fn stop(self) {
        for (_, node) in self.nodes {
            node.stop().await;
        }
    }
}
