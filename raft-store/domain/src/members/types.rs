//! The rows of this room.

use minicbor::{Decode, Encode};

use crate::Timestamp;

/// The greatest id of a node.
pub const NODE_ID_MAX: u64 = u64::MAX >> 16;
/// The longest life of a token, in milliseconds.
pub const LIVES_MAX_MS: u64 = 10 * 60_000;
/// The most nodes that are invited and did not join yet.
pub const INVITED_MAX: usize = 256;
/// How long a secret is, in bytes.
pub const SECRET_BYTES: usize = 32;
/// The longest address, in bytes.
pub(super) const ADDRESS_MAX: usize = 256;
/// How long an invitation that ran out is remembered, to tell whoever still shows its token, in milliseconds.
pub(super) const REMEMBERED_MS: u64 = 24 * 3_600_000;

/// Stands in the place of the data directory of a node that was left behind when the cluster was recovered from the loss
/// of its majority. No directory draws it.
pub const LEFT_BEHIND: [u8; 16] = [0; 16];

/// A node id and the data directory it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Member {
    #[n(0)]
    pub node_id: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub incarnation: [u8; 16],
    /// The log index of the entry that registered it.
    #[n(2)]
    pub registered_index: u64,
    /// Whether it is to become a voter; none for those that the cluster began with.
    #[n(3)]
    pub to_vote: Option<bool>,
    /// The log index of the entry that said that it becomes a voter.
    #[n(4)]
    pub promoted_index: Option<u64>,
    /// The log index of the entry that said that it goes.
    #[n(5)]
    pub removed_index: Option<u64>,
}

/// A node id that is kept for whoever shows the token.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Invitation {
    #[n(0)]
    pub node_id: u64,
    /// BLAKE3 of the token's secret.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub secret_hash: [u8; 32],
    /// The first moment at which it is no longer good.
    #[n(2)]
    pub expires_at: Timestamp,
    /// Where the node will be reached, as it was said; empty when the node says so itself.
    #[n(3)]
    pub peer: String,
    #[n(4)]
    pub http: String,
    /// Whether it is to become a voter.
    #[n(5)]
    pub to_vote: bool,
}

/// Which ids were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(super) struct Roster {
    /// The next id that is given; none from here on was ever given.
    #[n(0)]
    pub next_id: u64,
    /// Ids below this one may register without a token: the cluster began with them.
    #[n(1)]
    pub founders_below: u64,
}
