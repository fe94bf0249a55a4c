//! How well this node can go on, as far as consensus has to do with it: its disk, its state, its log, its cluster.

use std::sync::Arc;

use super::consensus::Consensus;
use super::join::JoinError;
use crate::disk::Disk;

impl Consensus {
    /// What is known of the disks of this node and the others.
    pub fn disk(&self) -> &Arc<Disk> {
        &self.0.disk
    }

    /// Why this node's state is not the cluster's; none as far as is known.
    pub fn divergence(&self) -> Option<&str> {
        self.0.diverged.get().map(String::as_str)
    }

    /// Says that this node's state is not the cluster's. The first word stays.
    pub fn diverged(&self, why: &str) {
        let _known = self.0.diverged.set(why.to_owned());
    }

    /// Returns when another node has said that the cluster was recovered without this one: it may not go on.
    pub async fn left_behind(&self) -> JoinError {
        JoinError::LeftBehind { node: self.node_id(), by: self.0.peers.left_behind().await }
    }

    /// Begins to make a snapshot and does not wait for it.
    pub async fn snapshot_soon(&self) {
        if let Err(error) = self.0.raft.trigger().snapshot().await {
            tracing::debug!(%error, "no snapshot is made");
        }
    }

    /// Lets this node's log up to `index` go, as far as a snapshot holds it.
    pub async fn shorten_log(&self, index: u64) {
        if let Err(error) = self.0.raft.trigger().purge_log(index).await {
            tracing::debug!(%error, "the log stays as long as it is");
        }
    }
}
