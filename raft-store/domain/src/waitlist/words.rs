//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::Sequence;
use crate::{AccountId, DropId, OrderId, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Join(#[n(0)] Join),
    #[n(1)]
    Leave(#[n(0)] Leave),
}

/// Takes a place at the end of the line for a variant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Join {
    #[n(0)]
    pub drop_id: DropId,
    #[n(1)]
    pub account_id: AccountId,
    /// May be left out when the drop has one variant.
    #[n(2)]
    pub sku: Option<String>,
    /// The most units that are wanted.
    #[n(3)]
    pub quantity: u32,
    /// The id of the order that will be the offer.
    #[n(4)]
    pub order_id: OrderId,
}

/// Gives a place up.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Leave {
    #[n(0)]
    pub drop_id: DropId,
    #[n(1)]
    pub account_id: AccountId,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Waiting {
        /// The variant's place in the stock of the drop.
        #[n(0)]
        item: u16,
        #[n(1)]
        sequence: Sequence,
        #[n(2)]
        quantity: u32,
    },
    /// They were offered something, and that offer is still open.
    #[n(1)]
    Offered {
        #[n(0)]
        order_id: OrderId,
    },
    /// They do not wait.
    #[n(2)]
    Left,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    #[n(0)]
    DropNotFound,
    #[n(1)]
    NotOpen {
        #[n(0)]
        opens_at: Timestamp,
    },
    /// Ended or cancelled.
    #[n(2)]
    Ended,
    /// The drop has no such variant, or several and none was named.
    #[n(3)]
    UnknownSku,
    /// None, or more than one place may be for.
    #[n(4)]
    BadQuantity,
    /// They wait already: for another variant, or for fewer units. Whoever wants more leaves and joins again, at the end.
    #[n(5)]
    AlreadyWaiting,
    /// They would hold and own more units than one customer may.
    #[n(6)]
    LimitReached {
        #[n(0)]
        limit: u32,
    },
    /// There is nothing to wait for: units are there and nobody waits.
    #[n(7)]
    UnitsAvailable,
    #[n(8)]
    LineFull,
    /// The id names an order: ids are made once.
    #[n(9)]
    IdTaken,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// An order was reserved for whoever was next in line.
    #[n(0)]
    Offered {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
        #[n(2)]
        account_id: AccountId,
        #[n(3)]
        order_id: OrderId,
        #[n(4)]
        quantity: u32,
        #[n(5)]
        expires_at: Timestamp,
    },
}
