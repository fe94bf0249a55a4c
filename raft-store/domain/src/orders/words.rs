//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::Order;
use crate::{AccountId, DropId, OrderId, Timestamp, drops};

/// Numbers 1 and 2 were to cancel and to confirm, before there were payments. They are not used again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Place(#[n(0)] Place),
}

/// Holds units of a drop for a buyer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    #[n(0)]
    pub order_id: OrderId,
    #[n(1)]
    pub buyer_id: AccountId,
    #[n(2)]
    pub drop_id: DropId,
    /// May be left out when the drop has one variant.
    #[n(3)]
    pub sku: Option<String>,
    #[n(4)]
    pub quantity: u32,
}

/// Numbers 1 and 2 answered commands that are gone. They are not used again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Placed(#[n(0)] Order),
}

/// Numbers 9 and 10 rejected commands that are gone. They are not used again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// None, or more than one order may take.
    #[n(0)]
    BadQuantity,
    #[n(1)]
    DropNotFound,
    #[n(2)]
    NotOpen {
        #[n(0)]
        opens_at: Timestamp,
    },
    #[n(3)]
    Paused,
    /// Ended or cancelled.
    #[n(4)]
    Ended,
    /// The drop has no such variant, or several and none was named.
    #[n(5)]
    UnknownSku,
    /// The buyer would hold and own more units than one customer may.
    #[n(6)]
    LimitReached {
        #[n(0)]
        limit: u32,
    },
    #[n(7)]
    SoldOut,
    /// The id names another order: ids are made once.
    #[n(8)]
    IdTaken,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    #[n(0)]
    Reserved(#[n(0)] Told),
    #[n(1)]
    Confirmed(#[n(0)] Told),
    #[n(2)]
    Cancelled(#[n(0)] Told),
    #[n(3)]
    Expired(#[n(0)] Told),
    /// A payment was begun.
    #[n(4)]
    Paying(#[n(0)] Told),
    /// It was not paid.
    #[n(5)]
    Failed(#[n(0)] Told),
    #[n(6)]
    Refunded(#[n(0)] Told),
}

/// What followers of the feed need to know to tell the right people.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Told {
    #[n(0)]
    pub order_id: OrderId,
    #[n(1)]
    pub drop_id: DropId,
    #[n(2)]
    pub buyer_id: AccountId,
    #[n(3)]
    pub quantity: u32,
}

/// What the drop says when it has no units for an order.
impl From<drops::NoHold> for Rejection {
    fn from(no: drops::NoHold) -> Self {
        match no {
            drops::NoHold::NotFound => Rejection::DropNotFound,
            drops::NoHold::NotOpen { opens_at } => Rejection::NotOpen { opens_at },
            drops::NoHold::Paused => Rejection::Paused,
            drops::NoHold::Ended => Rejection::Ended,
            drops::NoHold::UnknownSku => Rejection::UnknownSku,
            drops::NoHold::LimitReached { limit } => Rejection::LimitReached { limit },
            drops::NoHold::SoldOut => Rejection::SoldOut,
        }
    }
}
