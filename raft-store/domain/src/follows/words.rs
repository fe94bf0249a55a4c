//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::Edge;
use crate::AccountId;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Follow(#[n(0)] Follow),
    #[n(1)]
    Unfollow(#[n(0)] Unfollow),
    #[n(2)]
    Import(#[n(0)] Import),
}

/// Has an account be told what a creator does from now on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Follow {
    #[n(0)]
    pub follower_id: AccountId,
    #[n(1)]
    pub creator_id: AccountId,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Unfollow {
    #[n(0)]
    pub follower_id: AccountId,
    #[n(1)]
    pub creator_id: AccountId,
}

/// Brings followers that a creator had elsewhere: at most [`super::IMPORT_MAX`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Import {
    #[n(0)]
    pub creator_id: AccountId,
    #[n(1)]
    pub followers: Vec<AccountId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// The account follows the creator, since then.
    #[n(0)]
    Followed(#[n(0)] Edge),
    /// The account does not follow the creator.
    #[n(1)]
    Unfollowed,
    /// What became of those who were brought; the four come to as many as there were.
    #[n(2)]
    Imported {
        /// They follow from now on.
        #[n(0)]
        added: u32,
        /// They followed before.
        #[n(1)]
        already: u32,
        /// There is no such account.
        #[n(2)]
        unknown: u32,
        /// They may not: the creator, or somebody who follows as many as one may.
        #[n(3)]
        refused: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// No such account, or it is not a creator's.
    #[n(0)]
    CreatorNotFound,
    /// Nobody follows themselves.
    #[n(1)]
    Yourself,
    /// The account follows as many as one may: [`super::FOLLOWING_MAX`].
    #[n(2)]
    TooMany,
    /// More followers than one command may bring.
    #[n(3)]
    BadField,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    #[n(0)]
    Followed {
        #[n(0)]
        creator_id: AccountId,
        #[n(1)]
        follower_id: AccountId,
    },
    #[n(1)]
    Unfollowed {
        #[n(0)]
        creator_id: AccountId,
        #[n(1)]
        follower_id: AccountId,
    },
    /// Told once for all that a command brought.
    #[n(2)]
    Imported {
        #[n(0)]
        creator_id: AccountId,
        #[n(1)]
        added: u32,
    },
}
