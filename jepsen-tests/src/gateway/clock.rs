//! What time it is elsewhere. The double stands for another company's server, which has a clock of its own; the rule
//! that one file reads the clock is about the shop.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch.
#[allow(clippy::disallowed_methods, reason = "signatures hold the time by the sender's own clock")]
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
