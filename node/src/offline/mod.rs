//! What is done to a data directory while no node works in it. Here and not in livedropctl, because it takes the node's
//! own configuration and storage engine; livedropctl only talks to nodes that run.

mod recover;
mod restore;

pub use self::recover::recover;
pub use self::restore::{Wanted, restore};

use livedrop_config::NodeConfig;
use livedrop_store::Identity;

fn identity(config: &NodeConfig) -> Identity {
    Identity { cluster_id: config.cluster.id.clone(), node_id: config.node.id }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
