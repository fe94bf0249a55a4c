//! What the routes stand on: the write path, the reads, and what the node knows of its cluster.

use futures_util::future::BoxFuture;
use livedrop_domain::{Fault, Outcome, Request, Timestamp, View};
use livedrop_proto::rest::admin::NodeStatus;
use livedrop_proto::rest::cluster::Cluster;

use super::Exposition;
use crate::propose::Unanswered;

/// A look at the state: the rows as they are at one log index, and that index.
pub type Look<'a> = &'a mut dyn FnMut(&dyn View, u64) -> Result<(), Fault>;

/// The shop behind the routes. The node is one; tests have one in memory that runs the same domain.
pub trait Shop: Send + Sync + 'static {
    /// Puts a command in the log and gives its outcome, within a deadline.
    fn propose(&self, request: Request) -> BoxFuture<'_, Result<Outcome, Unanswered>>;

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
}

/// One thing that must be well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    /// Why it is not; `None` when it is.
    pub problem: Option<String>,
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
