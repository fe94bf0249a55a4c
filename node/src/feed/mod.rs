//! What happens, told to whoever listens, on every node alike.
//!
//! ```text
//!  facts ──► router ──► ring (newest entries, each event rendered once) ◄── streams that come back soon
//!              │          └──────────── journal (rows) ◄─────────────────── streams that come back later
//!              ├──► by drop      ──► queue of a stream ──► body ──► connection
//!              ├──► by account   ──► queue of a stream
//!              └──► by follower: looked up in the rows, for the accounts that are listening
//! ```
//!
//! An event is named by its place in the log, which is the same everywhere: a reader goes on where it was, on any node.
//! A reader gets all that concerns it, once and in order; one that cannot keep up is cut off and comes back; one that
//! comes back too late is told so (`reset`). Nothing here is in the way of a purchase: the facts are told after it was
//! answered, and nobody waits for a reader.

mod backlog;
mod body;
mod entry;
mod following;
mod frame;
mod hub;
mod meter;
mod ring;
mod router;
mod routes;
mod samples;
mod subscriber;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use body::Body;
pub use hub::{Hub, Subscription, Wanted};
pub use meter::cut as count_cut;
pub use router::follow;
pub use routes::Refused;
pub use subscriber::{Cut, Line, Origin, Topic};

/// The place of an event: a log index, and which of its entry's events it is.
pub type Position = (u64, u32);

/// How much streams may take.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For the newest entries.
    pub buffer_bytes: usize,
    pub streams_max: usize,
    pub per_account_max: usize,
    /// Of those that are no account's.
    pub per_address_max: usize,
    /// Between two signs of life on a stream on which nothing happens.
    pub heartbeat: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            buffer_bytes: 64 << 20,
            streams_max: 20_000,
            per_account_max: 5,
            per_address_max: 1_000,
            heartbeat: Duration::from_secs(15),
        }
    }
}
