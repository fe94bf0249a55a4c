//! A shop in memory that runs the real domain, one entry a request: routes are tested against the true rules.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::{Command, Event, Fault, MemView, Outcome, Overlay, Request, Timestamp, apply, clock, codec};
use livedrop_proto::rest::admin::NodeStatus;
use livedrop_proto::rest::cluster::{Cluster, ClusterNode, NodeRole};
use livedrop_store::Facts;
use tokio::sync::broadcast;

use super::super::Exposition;
use super::super::shop::{Look, Shop};
use crate::propose::Unanswered;
use crate::readiness::Check;

/// How many facts wait for whoever follows them.
const FACTS: usize = 64;

pub struct Double(Mutex<State>, broadcast::Sender<Arc<Facts>>);

#[derive(Default)]
struct State {
    view: MemView,
    index: u64,
    now: Timestamp,
    events: Vec<Event>,
    /// What this node shows instead while it lags.
    stale: Option<(MemView, u64)>,
    /// What writes and linearizable reads come to.
    broken: Option<Unanswered>,
    /// Whether rows cannot be read.
    unreadable: bool,
}

impl Double {
    pub fn at(now: Timestamp) -> Self {
        Double(Mutex::new(State { now, ..State::default() }), broadcast::Sender::new(FACTS))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with the lock in hand")
    }

    /// What happens from now on, as a store tells it.
    pub fn facts(&self) -> broadcast::Receiver<Arc<Facts>> {
        self.1.subscribe()
    }

    fn apply(&self, request: Request) -> Outcome {
        let mut state = self.state();
        let (outcome, facts) = state.apply(request);
        // In order, since nobody else applies meanwhile; that nobody listens is fine.
        if !facts.events.is_empty() {
            self.1.send(Arc::new(facts)).ok();
        }
        outcome
    }

    /// Lets time pass, and the clock of the leader do what is due.
    pub fn pass(&self, ms: u64) {
        self.state().now.0 += ms;
        let tick = Command::Clock(clock::Tick::of(1_000));
        self.apply(Request { request_id: "clock".into(), idempotency: None, command: tick, by: None });
    }

    /// The clock of the leader keeps a thousand entries of the journal, and there are so many more.
    pub fn forget(&self) {
        self.state().index += 3_000;
        let tick = Command::Clock(clock::Tick::keeping(1_000, clock::Kept { entries: 1_000, ms: u64::MAX }));
        self.apply(Request { request_id: "clock".into(), idempotency: None, command: tick, by: None });
    }

    /// Another shop that is the same so far.
    pub fn copy(&self) -> Self {
        let State { view, index, now, .. } = &*self.state();
        let state = State { view: view.clone(), index: *index, now: *now, ..State::default() };
        Double(Mutex::new(state), broadcast::Sender::new(FACTS))
    }

    /// From now on nothing that needs a majority works.
    pub fn break_with(&self, why: Option<Unanswered>) {
        self.state().broken = why;
    }

    /// From now on rows cannot be read, or can again.
    pub fn fail_to_look(&self, fail: bool) {
        self.state().unreadable = fail;
    }

    /// While this is held, every look waits.
    pub fn hold(&self) -> impl Sized + '_ {
        self.state()
    }

    /// From now on this node shows what it has, until somebody makes it catch up.
    pub fn lag(&self) {
        let mut state = self.state();
        state.stale = Some((state.view.clone(), state.index));
    }

    /// From now on this node shows what another shop has, which was the same before, until somebody makes it catch up.
    pub fn show(&self, before: &Double) {
        let State { view, index, .. } = &*before.state();
        self.state().stale = Some((view.clone(), *index));
    }

    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.state().events)
    }
}

impl State {
    fn apply(&mut self, request: Request) -> (Outcome, Facts) {
        let mut batch = BatchBuilder::new();
        batch.push(&codec::encode(&request));
        self.index += 1;
        let mut overlay = Overlay::default();
        let applied = apply(&self.view, &mut overlay, self.index, &batch.finish(self.now)).expect("no fault");
        self.view.write(&mut overlay);
        self.events.extend(applied.facts.iter().cloned());
        let (index, proposed_at, events) = (applied.index, applied.at, applied.facts);
        let facts = Facts { index, proposed_at, events, applied_at: Instant::now(), resync: false };
        (applied.outcomes.into_iter().next().expect("one request, one outcome"), facts)
    }
}

impl Shop for Double {
    fn propose(&self, request: Request) -> BoxFuture<'_, Result<Outcome, Unanswered>> {
        let broken = self.state().broken;
        let outcome = match broken {
            Some(why) => Err(why),
            None => Ok(self.apply(request)),
        };
        async { outcome }.boxed()
    }

    fn linearizable(&self) -> BoxFuture<'_, Result<u64, Unanswered>> {
        let mut state = self.state();
        let seen = match state.broken {
            Some(_) => Err(Unanswered::NoQuorum),
            None => {
                state.stale = None;
                Ok(state.index)
            }
        };
        async move { seen }.boxed()
    }

    fn at_least(&self, index: u64) -> BoxFuture<'_, Result<(), Unanswered>> {
        let reached = if self.applied() >= index { Ok(()) } else { Err(Unanswered::NoQuorum) };
        async move { reached }.boxed()
    }

    fn look(&self, look: Look) -> Result<(), Fault> {
        let state = self.state();
        if state.unreadable {
            return Err(Fault::new("looking at the state", "a test wants it so"));
        }
        match &state.stale {
            Some((view, index)) => look(view, *index),
            None => look(&state.view, state.index),
        }
    }

    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn applied(&self) -> u64 {
        let state = self.state();
        state.stale.as_ref().map_or(state.index, |(_, index)| *index)
    }

    fn leader(&self) -> Option<u64> {
        self.state().broken.is_none().then_some(1)
    }

    fn cluster(&self) -> Cluster {
        let index = self.applied().into();
        let http = "http://127.0.0.1:8081".to_owned();
        let node = ClusterNode {
            id: "1".into(),
            role: NodeRole::Leader,
            http,
            peer: String::new(),
            applied_index: Some(index),
            reachable: true,
        };
        Cluster { cluster_id: "double".into(), term: 4.into(), leader: Some("1".into()), nodes: vec![node] }
    }

    fn status(&self) -> NodeStatus {
        let index = self.applied().into();
        NodeStatus {
            id: "1".into(),
            cluster_id: "double".into(),
            role: NodeRole::Leader,
            term: 4.into(),
            leader: Some("1".into()),
            voters: vec!["1".into()],
            learners: vec![],
            http: "http://127.0.0.1:8081".into(),
            peer: "127.0.0.1:9091".into(),
            committed_index: index,
            applied_index: index,
            last_log_index: index,
            purged_index: None,
            snapshot_index: None,
            followers: vec![],
            version: env!("CARGO_PKG_VERSION").into(),
            uptime_seconds: 0,
            alarms: vec![],
            disk_free_bytes: None,
            disk_bytes: None,
            snapshot_age_seconds: None,
            certificate_expires_at: None,
        }
    }

    fn collect(&self, to: &mut Exposition) {
        to.gauge("livedrop_raft_applied_index", "The newest entry in the state.", self.applied() as f64);
    }

    fn checks(&self) -> Vec<Check> {
        let problem = self.leader().is_none().then(|| "no leader is known".to_owned());
        vec![Check { name: "leader", problem }]
    }
}
