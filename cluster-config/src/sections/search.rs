//! `[search]`: the search index of the node.

use crate::kind::{Switch, bytes, milliseconds};
use crate::reader::section;

const MIB: usize = 1024 * 1024;

section! {
    /// The search index of the node, in the folder `search` of its data directory. It can be deleted at any time: the
    /// node makes it again from the products.
    Search = "search", own {
        /// Whether this node answers searches and keeps an index for them.
        enabled: bool = true, Switch;
        /// Memory for changes that are not written yet. A larger one makes an index anew in fewer steps.
        writer_bytes: usize = 24 * MIB, bytes(15 * MIB..=1024 * MIB);
        /// How long a change may wait for others to be written with: about how far searches lag behind.
        commit_interval_ms: u64 = 300, milliseconds(50..=10_000);
    }
}
