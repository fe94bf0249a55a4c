//! A node that was removed notices, and stops instead of asking for votes for ever.

use std::time::Duration;

use livedrop_domain::members;
use livedrop_store::Reader;
use tokio_util::sync::CancellationToken;

use crate::raft::Consensus;

/// How often a node looks whether it has gone.
const LOOK: Duration = Duration::from_millis(500);
/// A node that heard no leader for so many looks asks the others.
const LONELY_LOOKS: u32 = 4;

/// This node was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "node {node} was removed from its cluster and stops; its id is never used again. To use this machine again, empty the \
     data directory and join as a new node (`livedropctl member add`)"
)]
pub struct Gone {
    pub node: u64,
}

/// Returns when this node belongs to its cluster no more, or when stopped.
///
/// The node's own rows say that it goes before consensus lets it go; that it is out, it hears from the others, since
/// nobody sends it the log any more. One that was down meanwhile finds no leader, and asks.
pub async fn wait_until_gone(consensus: Consensus, reader: Reader, stop: CancellationToken) -> Option<Gone> {
    let node = consensus.node_id();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut lonely = 0;
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let row = reader.read(|view| members::get(view, node)).ok().and_then(Result::ok).flatten();
        let goes = row.is_some_and(|member| member.removed_index.is_some());
        let membership = consensus.membership();
        if goes && membership.settled && !membership.nodes.contains_key(&node) {
            return Some(Gone { node });
        }
        let heard = consensus.leadership().borrow().has_quorum;
        lonely = if heard { 0 } else { lonely + 1 };
        if (goes || lonely >= LONELY_LOOKS)
            && let Some(by) = consensus.removed_by().await
        {
            tracing::warn!(by, "a member says that this node was removed");
            return Some(Gone { node });
        }
    }
    None
}
