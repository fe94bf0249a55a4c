//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::Member;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Register(#[n(0)] Register),
    #[n(16)]
    LeaveBehind(#[n(0)] LeaveBehind),
}

/// Binds a node id to one data directory, for good.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Register {
    #[n(0)]
    pub node_id: u64,
    /// Random, made with the data directory and kept in it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub incarnation: [u8; 16],
}

/// Gives up the ids of members that a recovery goes on without, in the entry that it writes itself.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LeaveBehind {
    #[n(0)]
    pub node_ids: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Registered(#[n(0)] Member),
    /// How many ids.
    #[n(16)]
    LeftBehind(#[n(0)] u32),
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// The id belongs to another data directory: a node that lost its disk must come back under a new id.
    #[n(0)]
    OtherIncarnation,
}
