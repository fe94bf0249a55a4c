//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::{Endpoint, SecretBytes, State};
use crate::{AccountId, Timestamp, WebhookId};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Create(#[n(0)] Create),
    #[n(1)]
    Edit(#[n(0)] Edit),
    #[n(2)]
    Delete(#[n(0)] Delete),
    #[n(3)]
    Rotate(#[n(0)] Rotate),
    #[n(4)]
    Enqueue(#[n(0)] Enqueue),
    #[n(5)]
    Attempted(#[n(0)] Attempted),
    #[n(6)]
    Resend(#[n(0)] Resend),
}

/// Adds an endpoint. That the address is one to send to is checked by whoever takes the request, and whenever it sends.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Create {
    #[n(0)]
    pub endpoint_id: WebhookId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub url: String,
    /// The names of the events that it is told; of all, if there are none.
    #[n(3)]
    pub events: Vec<String>,
    #[n(4)]
    pub secret: SecretBytes,
}

/// Changes what is given and leaves the rest.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Edit {
    #[n(0)]
    pub endpoint_id: WebhookId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub url: Option<String>,
    #[n(3)]
    pub events: Option<Vec<String>>,
    #[n(4)]
    pub enabled: Option<bool>,
}

/// Takes an endpoint away, and all that was on its way to it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Delete {
    #[n(0)]
    pub endpoint_id: WebhookId,
    #[n(1)]
    pub creator_id: AccountId,
}

/// Signs with a new secret from now on, and with those before for a while.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Rotate {
    #[n(0)]
    pub endpoint_id: WebhookId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub secret: SecretBytes,
    /// How long those before are good at most.
    #[n(3)]
    pub keep_old_ms: u64,
}

/// Makes deliveries of the events after the cursor, and moves it. Too many for one command come in several, all but
/// the last of them with `through` as it is in `from`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Enqueue {
    /// The cursor that the caller saw.
    #[n(0)]
    pub from: u64,
    /// The log index up to which all events have been enqueued then.
    #[n(1)]
    pub through: u64,
    #[n(2)]
    pub deliveries: Vec<NewDelivery>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NewDelivery {
    #[n(0)]
    pub creator_id: AccountId,
    #[n(1)]
    pub endpoint_id: WebhookId,
    /// The log index of the event.
    #[n(2)]
    pub index: u64,
    #[n(3)]
    pub ordinal: u32,
    /// The name of the event.
    #[n(4)]
    pub kind: String,
    #[cbor(n(5), with = "minicbor::bytes")]
    pub body: Vec<u8>,
}

/// Says what came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Attempted {
    #[n(0)]
    pub endpoint_id: WebhookId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub index: u64,
    #[n(3)]
    pub ordinal: u32,
    /// Which attempt it was.
    #[n(4)]
    pub attempt: u32,
    /// What the endpoint answered with, if it did.
    #[n(5)]
    pub status: Option<u16>,
    #[n(6)]
    pub error: Option<String>,
    #[n(7)]
    pub duration_ms: u64,
    /// How long to wait for the next one, if there will be one. Made by the caller, who can draw random numbers.
    #[n(8)]
    pub retry_in_ms: u64,
    /// There will never be anybody at that address.
    #[n(9)]
    pub gone: bool,
}

/// Sends a delivery once more, at once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Resend {
    #[n(0)]
    pub endpoint_id: WebhookId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub index: u64,
    #[n(3)]
    pub ordinal: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Created(#[n(0)] Endpoint),
    #[n(1)]
    Edited(#[n(0)] Endpoint),
    #[n(2)]
    Deleted,
    #[n(3)]
    Rotated(#[n(0)] Endpoint),
    /// So many deliveries were made, and the cursor is there now.
    #[n(4)]
    Enqueued {
        #[n(0)]
        deliveries: u32,
        #[n(1)]
        cursor: u64,
    },
    /// The delivery as it is after an attempt.
    #[n(5)]
    Noted {
        #[n(0)]
        state: State,
        #[n(1)]
        attempt: u32,
        #[n(2)]
        due_at: Option<Timestamp>,
    },
    /// The delivery is due, with this attempt.
    #[n(6)]
    Resent {
        #[n(0)]
        attempt: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// No such endpoint or delivery, or it belongs to somebody else.
    #[n(0)]
    NotFound,
    /// Empty, too long or too many: see the limits of this room.
    #[n(1)]
    BadField,
    /// The id names another endpoint: ids are made once.
    #[n(2)]
    IdTaken,
    #[n(3)]
    TooManyEndpoints,
    /// Somebody else has enqueued since the caller looked.
    #[n(4)]
    Stale {
        #[n(0)]
        cursor: u64,
    },
    /// Another attempt is due, or none.
    #[n(5)]
    StaleAttempt {
        #[n(0)]
        attempt: u32,
    },
    /// The endpoint is disabled.
    #[n(6)]
    Disabled,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// Something waits to be sent. Told once for all that an entry made; who sends looks for what is due.
    #[n(0)]
    Due,
}
