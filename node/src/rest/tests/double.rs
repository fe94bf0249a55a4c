//! A shop in memory that runs the real domain, one entry a request: routes are tested against the true rules.

use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::{
    Command, Event, Fault, MemView, Outcome, Overlay, Request, Timestamp, apply, clock::Tick, codec,
};
use livedrop_proto::rest::admin::NodeStatus;
use livedrop_proto::rest::cluster::{Cluster, ClusterNode, NodeRole};

use super::super::Exposition;
use super::super::shop::{Check, Look, Shop};
use crate::propose::Unanswered;

#[derive(Default)]
pub struct Double(Mutex<State>);

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
}

impl Double {
    pub fn at(now: Timestamp) -> Self {
        Double(Mutex::new(State { now, ..State::default() }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with the lock in hand")
    }

    /// Lets time pass, and the clock of the leader do what is due.
    pub fn pass(&self, ms: u64) {
        self.state().now.0 += ms;
        let tick = Command::Clock(Tick { budget: 1_000 });
        self.state().apply(Request { request_id: "clock".into(), idempotency: None, command: tick, by: None });
    }

    /// Another shop that is the same so far.
    pub fn copy(&self) -> Self {
        let State { view, index, now, .. } = &*self.state();
        Double(Mutex::new(State { view: view.clone(), index: *index, now: *now, ..State::default() }))
    }

    /// From now on nothing that needs a majority works.
    pub fn break_with(&self, why: Option<Unanswered>) {
        self.state().broken = why;
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
    fn apply(&mut self, request: Request) -> Outcome {
        let mut batch = BatchBuilder::new();
        batch.push(&codec::encode(&request));
        self.index += 1;
        let mut overlay = Overlay::default();
        let applied = apply(&self.view, &mut overlay, self.index, &batch.finish(self.now)).expect("no fault");
        self.view.write(&mut overlay);
        self.events.extend(applied.facts);
        applied.outcomes.into_iter().next().expect("one request, one outcome")
    }
}

impl Shop for Double {
    fn propose(&self, request: Request) -> BoxFuture<'_, Result<Outcome, Unanswered>> {
        let mut state = self.state();
        let outcome = match state.broken {
            Some(why) => Err(why),
            None => Ok(state.apply(request)),
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
        let node =
            ClusterNode { id: "1".into(), role: NodeRole::Leader, http, applied_index: Some(index), reachable: true };
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
