//! `[webhooks]`: what creators' own servers are told.

use crate::kind::{Switch, count, milliseconds};
use crate::reader::section;

section! {
    /// What creators' own servers are told.
    Webhooks = "webhooks", own {
        /// Whether endpoints may be plain http and at private addresses. A creator could then make the nodes send
        /// requests into the network that they are in: for tests, and where every creator is trusted.
        allow_private: bool = false, Switch;
        /// How long an endpoint may take to answer; then the delivery is tried again later.
        timeout_ms: u64 = 10_000, milliseconds(100..=60_000);
        /// Deliveries on their way at one time, by the leader.
        concurrency: usize = 16, count("deliveries", 1..=1_000);
    }
}
