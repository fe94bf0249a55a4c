//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::{Invitation, Member};
use crate::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Register(#[n(0)] Register),
    #[n(1)]
    Invite(#[n(0)] Invite),
    #[n(2)]
    Promote(#[n(0)] Promote),
    #[n(3)]
    Remove(#[n(0)] Remove),
    #[n(16)]
    LeaveBehind(#[n(0)] LeaveBehind),
}

/// Binds a node id to one data directory, for good.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Register {
    #[n(0)]
    pub node_id: u64,
    /// Random, made with the data directory and kept in it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub incarnation: [u8; 16],
    /// The token's secret. Those that the cluster began with have none, and those that are registered need none.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub secret: Option<Vec<u8>>,
}

/// A secret must not reach a log line.
impl std::fmt::Debug for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Register").field("node_id", &self.node_id).finish_non_exhaustive()
    }
}

/// Keeps a node id for whoever shows the secret, once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Invite {
    /// BLAKE3 of the secret, which was drawn at random.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub secret_hash: [u8; 32],
    /// From now on, in milliseconds.
    #[n(1)]
    pub lives_ms: u64,
    /// An id that is greater than that of every node that consensus knows.
    #[n(2)]
    pub at_least: u64,
    /// Invites again under an id that was invited and did not join; a new id when absent.
    #[n(3)]
    pub node_id: Option<u64>,
    /// Where the node will be reached; empty when the node says so itself.
    #[n(4)]
    pub peer: String,
    #[n(5)]
    pub http: String,
    #[n(6)]
    pub to_vote: bool,
}

/// Says that a member becomes a voter, before consensus makes it one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Promote {
    #[n(0)]
    pub node_id: u64,
}

/// Says that a member goes, before consensus lets it go. Of one that did not join yet the invitation goes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Remove {
    #[n(0)]
    pub node_id: u64,
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
    #[n(1)]
    Invited(#[n(0)] Invitation),
    #[n(2)]
    Changed(#[n(0)] Member),
    /// The invitation is gone; nobody had joined with it.
    #[n(3)]
    Uninvited,
    /// How many ids.
    #[n(16)]
    LeftBehind(#[n(0)] u32),
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// The id belongs to another data directory: a node that lost its disk must come back under a new id.
    #[n(0)]
    OtherIncarnation,
    /// Nobody was invited under this id with this token.
    #[n(1)]
    NotInvited,
    #[n(2)]
    InvitationExpired {
        #[n(0)]
        expired_at: Timestamp,
    },
    /// Another data directory has joined with this token.
    #[n(3)]
    InvitationUsed,
    /// The member was removed; its id is never used again.
    #[n(4)]
    Removed,
    #[n(5)]
    NotAMember,
    #[n(6)]
    TooManyInvited,
    #[n(7)]
    BadField,
}
