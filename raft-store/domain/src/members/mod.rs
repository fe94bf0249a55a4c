//! Which data directory each node id belongs to.
//!
//! A node that lost its disk has forgotten what it voted for and acknowledged. Let back in under its old id it
//! could help elect a leader that misses acknowledged orders. So the first registration of an id is final.

mod leave_behind;
mod register;
mod words;

use minicbor::{Decode, Encode};

pub use words::{Command, LeaveBehind, Register, Rejection, Reply};

use crate::keys::{self, key};
use crate::tx::{self, Tx};
use crate::{Entry, Fault, Stop, View};

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
}

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Register(command) => register::register(tx, entry, command),
        Command::LeaveBehind(command) => leave_behind::leave_behind(tx, entry, command),
    }
}

/// The registration of a node id.
pub fn get(view: &dyn View, node_id: u64) -> Result<Option<Member>, Fault> {
    tx::row(view, &member_key(node_id), "a member")
}

fn member_key(node_id: u64) -> Vec<u8> {
    key(keys::MEMBER, &[&node_id.to_be_bytes()])
}
