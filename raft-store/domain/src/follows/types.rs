//! The rows of this room.

use minicbor::{Decode, Encode};

use crate::Timestamp;

/// How many creators one account may follow: what it is told is gathered from as many places.
pub const FOLLOWING_MAX: u32 = 2_000;
/// How many followers one command may bring.
pub const IMPORT_MAX: usize = 1_000;

/// Since when an account follows a creator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Edge {
    #[n(0)]
    pub at: Timestamp,
    /// The log index since when: what happened before it is not told to the follower.
    #[n(1)]
    pub index: u64,
}

/// How many follow an account, and how many it follows. There is no row for nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counts {
    #[n(0)]
    pub followers: u64,
    #[n(1)]
    pub following: u32,
}
