//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::{Inbox, Kind, Position};
use crate::AccountId;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    MarkRead(#[n(0)] MarkRead),
    #[n(1)]
    SetPreferences(#[n(0)] SetPreferences),
}

/// Says that the account has read all notices up to this one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct MarkRead {
    #[n(0)]
    pub account_id: AccountId,
    #[n(1)]
    pub through: Position,
}

/// Says what the account does not want to be told, in place of what it said before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SetPreferences {
    #[n(0)]
    pub account_id: AccountId,
    /// At most [`super::MUTED_MAX`] creators, in any order.
    #[n(1)]
    pub muted: Vec<AccountId>,
    #[n(2)]
    pub kinds_off: Vec<Kind>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// What the account has read and does not want to be told, as it is after the command.
    #[n(0)]
    Changed(#[n(0)] Inbox),
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// More creators or kinds than one may name.
    #[n(0)]
    BadField,
}
