//! The rows of this room and its limits.

use std::fmt;
use std::ops::RangeInclusive;

use minicbor::{Decode, Encode};

use crate::{AccountId, Timestamp, WebhookId};

/// The most endpoints of one creator.
pub const ENDPOINTS_MAX: usize = 16;
/// The longest address, in bytes.
pub const URL_MAX: usize = 2_048;
/// The most names of events that an endpoint may ask for.
pub const EVENTS_MAX: usize = 32;
/// The longest name of an event, in bytes.
pub const EVENT_NAME_MAX: usize = 64;
/// How many bytes a secret may have, as Standard Webhooks asks for.
pub const SECRET_LENGTHS: RangeInclusive<usize> = 24..=64;
/// The most secrets of one endpoint that are good at a time.
pub const SECRETS_MAX: usize = 3;
/// The most deliveries that one command makes.
pub const ENQUEUE_MAX: usize = 1_024;
/// The longest body of a delivery, in bytes.
pub const BODY_MAX: usize = 16 * 1_024;
/// The longest text of what went wrong, in bytes.
pub const ERROR_MAX: usize = 200;
/// How often a delivery is tried before it has failed.
pub const ATTEMPTS_MAX: u32 = 12;
/// How many of its last tries a delivery remembers.
pub const TRIES_KEPT: usize = 12;
/// How long an endpoint may fail, without a success between, before it is disabled: 5 days.
pub const FAILING_MAX_MS: u64 = 5 * 24 * 60 * 60 * 1_000;
/// How long a delivery is kept: 7 days.
pub const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// Where a creator wants to be told what happens.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Endpoint {
    #[n(0)]
    pub id: WebhookId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub url: String,
    /// The names of the events that it is told; of all, if there are none.
    #[n(3)]
    pub events: Vec<String>,
    /// Newest first.
    #[n(4)]
    pub secrets: Vec<Secret>,
    #[n(5)]
    pub enabled: bool,
    /// Why it was disabled: `gone` or `failing`. Nothing if the creator did it.
    #[n(6)]
    pub disabled_because: Option<String>,
    /// Since when no attempt was a success.
    #[n(7)]
    pub failing_since: Option<Timestamp>,
    #[n(8)]
    pub created_at: Timestamp,
    /// The log index of the last change.
    #[n(9)]
    pub version: u64,
}

impl Endpoint {
    /// Whether it is to be told of events with this name.
    pub fn wants(&self, event: &str) -> bool {
        self.enabled && (self.events.is_empty() || self.events.iter().any(|name| name == event))
    }

    /// The secrets to sign with, newest first.
    pub fn secrets_at(&self, now: Timestamp) -> impl Iterator<Item = &SecretBytes> {
        self.secrets.iter().filter(move |secret| secret.is_good_at(now)).map(|secret| &secret.bytes)
    }

    pub(super) fn is_well_formed(&self) -> bool {
        (1..=URL_MAX).contains(&self.url.len())
            && self.events.len() <= EVENTS_MAX
            && self.events.iter().all(|name| (1..=EVENT_NAME_MAX).contains(&name.len()))
            && self.secrets.iter().all(|secret| SECRET_LENGTHS.contains(&secret.bytes.0.len()))
    }
}

/// What bodies are signed with, for as long as it is good.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Secret {
    #[n(0)]
    pub bytes: SecretBytes,
    /// When it is good no longer. The newest has no end.
    #[n(1)]
    pub expires_at: Option<Timestamp>,
}

impl Secret {
    pub(super) fn is_good_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

/// The bytes of a secret. They must not reach a log line.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct SecretBytes(#[cbor(n(0), with = "minicbor::bytes")] pub Vec<u8>);

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(..)")
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum State {
    #[n(0)]
    Pending,
    #[n(1)]
    Delivered,
    #[n(2)]
    Failed,
}

/// What an event is named by: its log index, and its place among those of that entry.
pub type Position = (u64, u32);

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Delivery {
    /// The name of the event.
    #[n(0)]
    pub kind: String,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub body: Vec<u8>,
    #[n(2)]
    pub created_at: Timestamp,
    #[n(3)]
    pub state: State,
    /// The number of the attempt that is due, or was the last, from 1. What is said of another one is stale.
    #[n(4)]
    pub attempt: u32,
    /// While it is pending: when to try.
    #[n(5)]
    pub due_at: Option<Timestamp>,
    /// The last ones, oldest first.
    #[n(6)]
    pub tries: Vec<Try>,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Try {
    #[n(0)]
    pub at: Timestamp,
    /// What the endpoint answered with, if it did.
    #[n(1)]
    pub status: Option<u16>,
    #[n(2)]
    pub error: Option<String>,
    #[n(3)]
    pub duration_ms: u64,
}

/// A delivery that is to be sent, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    pub at: Timestamp,
    pub endpoint_id: WebhookId,
    pub index: u64,
    pub ordinal: u32,
    pub creator_id: AccountId,
}

/// What the clock is to go through of an endpoint that was deleted or disabled.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Halted {
    #[n(0)]
    pub creator_id: AccountId,
    /// The last delivery that it has been through.
    #[n(1)]
    pub after: Option<Position>,
}
