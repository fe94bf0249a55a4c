//! Connections that were refused because of TLS: counted each, told now and then.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A reason is told at most so often at each door; what is not told is counted, and told with the next.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Where a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Somebody came to this node's peer port.
    PeerListener,
    /// This node went to another's.
    PeerConnection,
    HttpListener,
}

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    NoCertificate,
    /// Signed by somebody whom this node does not believe.
    OtherAuthority,
    OtherCluster,
    /// A node, and not the one that it says it is, or that was meant.
    OtherNode,
    /// A person, where only nodes may come.
    Person,
    /// The certificate has no name of ours, or one of the authority.
    NoName,
    Expired,
    NotYetValid,
    /// It may not be used for this: a person's certificate cannot serve.
    OtherPurpose,
    /// Damaged, or of a kind that nobody may show, as that of an authority.
    Unfit,
    /// No TLS, or a version or cipher that is not spoken here.
    Protocol,
    Slow,
    /// The other side did not like this one's certificate.
    TurnedAway,
    /// The connection ended before the handshake did, as when somebody only looks whether the port is open.
    BrokenOff,
    Other,
}

impl Door {
    pub fn name(self) -> &'static str {
        match self {
            Door::PeerListener => "peer_listener",
            Door::PeerConnection => "peer_connection",
            Door::HttpListener => "http_listener",
        }
    }
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::NoCertificate => "no_certificate",
            Reason::OtherAuthority => "other_authority",
            Reason::OtherCluster => "other_cluster",
            Reason::OtherNode => "other_node",
            Reason::Person => "person",
            Reason::NoName => "no_name",
            Reason::Expired => "expired",
            Reason::NotYetValid => "not_yet_valid",
            Reason::OtherPurpose => "other_purpose",
            Reason::Unfit => "unfit",
            Reason::Protocol => "protocol",
            Reason::Slow => "slow",
            Reason::TurnedAway => "turned_away",
            Reason::BrokenOff => "broken_off",
            Reason::Other => "other",
        }
    }
}

/// What was told at a door for one reason.
struct Told {
    at: Instant,
    since: u64,
}

/// Counts a refusal, and tells of it unless the same was told a moment ago. `other` is who was refused, an address or
/// a node; `said` is what was wrong in words.
pub fn tell(door: Door, reason: Reason, other: &dyn std::fmt::Display, said: &str) {
    static TOLD: Mutex<BTreeMap<(Door, Reason), Told>> = Mutex::new(BTreeMap::new());
    let labels = [("at", door.name()), ("reason", reason.name())];
    metrics::counter!("livedrop_tls_refused_total", &labels).increment(1);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let untold = match told.get_mut(&(door, reason)) {
        Some(told) if now.duration_since(told.at) < TELL_EVERY => {
            told.since += 1;
            return;
        }
        known => known.map_or(0, |told| told.since),
    };
    told.insert((door, reason), Told { at: now, since: 0 });
    drop(told);
    let (at, why) = (door.name(), reason.name());
    match reason {
        // Both happen at a cluster that is well: somebody looks whether the port is open, a node restarts.
        Reason::BrokenOff | Reason::Slow => {
            tracing::info!(at, reason = why, %other, said, untold, "a connection was refused");
        }
        _ => tracing::warn!(at, reason = why, %other, said, untold, "a connection was refused"),
    }
}

pub(super) fn describe() {
    metrics::describe_counter!(
        "livedrop_tls_refused_total",
        "Connections and calls refused because of TLS, by where and why."
    );
}
