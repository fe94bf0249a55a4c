//! What the routes stand on: the write path, the reads, and what the node knows of its cluster.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use livedrop_domain::{Fault, Outcome, Request, Timestamp, View};
use livedrop_proto::rest::admin::{Happened, NodeStatus};
use livedrop_proto::rest::cluster::Cluster;

use super::Exposition;
use crate::propose::Unanswered;
use crate::readiness::Check;
use crate::telemetry::Place;

/// A look at the state: the rows as they are at one log index, and that index.
pub type Look<'a> = &'a mut dyn FnMut(&dyn View, u64) -> Result<(), Fault>;

/// The shop behind the routes. The node is one; tests have one in memory that runs the same domain.
pub trait Shop: Send + Sync + 'static {
    /// Puts a command in the log and gives its outcome, within a deadline.
    fn propose(&self, request: Request) -> BoxFuture<'_, Result<Outcome, Unanswered>>;

    /// As [`propose`](Shop::propose), and tells the trace that the request is a part of, if it is traced.
    fn propose_traced(&self, request: Request, _: Option<Place>) -> BoxFuture<'_, Result<Outcome, Unanswered>> {
        self.propose(request)
    }

    /// What the nodes remember of a request that failed, was slow or is traced.
    fn recall<'a>(&'a self, _request_id: &'a str) -> BoxFuture<'a, Happened> {
        std::future::ready(Happened { moments: vec![], silent: vec![] }).boxed()
    }

    /// Waits until this node has applied everything that was acknowledged anywhere before the call.
    fn linearizable(&self) -> BoxFuture<'_, Result<u64, Unanswered>>;

    /// Waits, for a second at most, until this node has applied `index`.
    fn at_least(&self, index: u64) -> BoxFuture<'_, Result<(), Unanswered>>;

    /// Looks at the state as it is here now.
    fn look(&self, look: Look) -> Result<(), Fault>;

    /// The time by this node's clock.
    fn now(&self) -> Timestamp;

    /// The log index up to which this node has applied.
    fn applied(&self) -> u64;

    /// The id of the leader, as far as this node knows.
    fn leader(&self) -> Option<u64>;

    /// The cluster as this node sees it.
    fn cluster(&self) -> Cluster;

    /// This node, for operators.
    fn status(&self) -> NodeStatus;

    /// Adds what this node counts of its consensus and its store.
    fn collect(&self, to: &mut Exposition);

    /// What must be well for this node to take requests.
    fn checks(&self) -> Vec<Check>;

    /// Hands leadership to another node, when this one leads and there is one that can.
    fn hand_over(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}

/// Takes what `look` finds out of one look at the state.
pub fn look<T>(shop: &dyn Shop, look: impl FnOnce(&dyn View) -> Result<T, Fault>) -> Result<Seen<T>, Fault> {
    let (mut look, mut seen) = (Some(look), None);
    shop.look(&mut |view, index| {
        let look = look.take().expect("a shop looks once");
        seen = Some(Seen { what: look(view)?, index });
        Ok(())
    })?;
    Ok(seen.expect("a shop that has no fault has looked"))
}

/// Something that was read, and the log index that it reflects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<T> {
    pub what: T,
    pub index: u64,
}
