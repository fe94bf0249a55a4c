//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::{Drop, DropId, Item, Stock};
use crate::{AccountId, ProductId, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Schedule(#[n(0)] Schedule),
    #[n(1)]
    Edit(#[n(0)] Edit),
    #[n(2)]
    Restock(#[n(0)] Restock),
    #[n(3)]
    Pause(#[n(0)] Steer),
    #[n(4)]
    Resume(#[n(0)] Steer),
    #[n(5)]
    End(#[n(0)] Steer),
    #[n(6)]
    Cancel(#[n(0)] Steer),
}

/// Announces a drop. It goes live at `starts_at`, or with this entry when that is not later.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Schedule {
    #[n(0)]
    pub drop_id: DropId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub product_id: ProductId,
    #[n(3)]
    pub starts_at: Option<Timestamp>,
    #[n(4)]
    pub ends_at: Option<Timestamp>,
    #[n(5)]
    pub items: Vec<NewItem>,
    /// The most units one account may hold or buy; 0 is no limit.
    #[n(6)]
    pub per_customer_limit: u32,
    /// How long units are held for an order, in milliseconds.
    #[n(7)]
    pub hold_ms: u64,
    /// `LowStock` is told once as this many or fewer units are left; 0 is never.
    #[n(8)]
    pub low_stock_threshold: u64,
}

/// A variant and how many units of it are for sale.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NewItem {
    #[n(0)]
    pub sku: String,
    #[n(1)]
    pub stock: u64,
}

/// Changes a drop that has not started: what is given; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Edit {
    #[n(0)]
    pub drop_id: DropId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub starts_at: Option<Timestamp>,
    #[n(3)]
    pub ends_at: Option<Timestamp>,
    #[n(4)]
    pub items: Option<Vec<NewItem>>,
    #[n(5)]
    pub per_customer_limit: Option<u32>,
    #[n(6)]
    pub hold_ms: Option<u64>,
    #[n(7)]
    pub low_stock_threshold: Option<u64>,
    /// The version that the caller saw, if it cares.
    #[n(8)]
    pub expected_version: Option<u64>,
}

/// Adds units of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Restock {
    #[n(0)]
    pub drop_id: DropId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub sku: String,
    #[n(3)]
    pub quantity: u64,
}

/// Pauses, resumes, ends or cancels a drop.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Steer {
    #[n(0)]
    pub drop_id: DropId,
    #[n(1)]
    pub creator_id: AccountId,
}

/// A drop as it is after the command.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Scheduled(#[n(0)] Drop, #[n(1)] Stock),
    #[n(1)]
    Changed(#[n(0)] Drop, #[n(1)] Stock),
}

/// Number 6 was said of a drop that could not be cancelled because it had orders. It is not used again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// No such drop, or it belongs to somebody else.
    #[n(0)]
    NotFound,
    /// The drop is not in a status in which this can be done.
    #[n(1)]
    WrongStatus {
        #[n(0)]
        status: super::Status,
    },
    /// The drop has no such variant.
    #[n(2)]
    UnknownSku,
    /// It would end before it starts, or has ended already.
    #[n(3)]
    EndsTooEarly,
    /// A count, length or duration outside the limits of this room.
    #[n(4)]
    BadField,
    /// The id names another drop: ids are made once.
    #[n(5)]
    IdTaken,
    /// Somebody changed it since the caller looked.
    #[n(7)]
    ChangedSince {
        #[n(0)]
        version: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    #[n(0)]
    Scheduled {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
        #[n(2)]
        starts_at: Timestamp,
    },
    #[n(1)]
    Live {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
    },
    #[n(2)]
    LowStock {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
        #[n(2)]
        available: u64,
    },
    #[n(3)]
    SoldOut {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
    },
    /// Units are for sale that were not: added by the creator, given back after the drop was sold out, or left over by
    /// those who waited for them.
    #[n(4)]
    Restocked {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
        #[n(2)]
        items: Vec<Item>,
    },
    #[n(5)]
    Paused {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
    },
    #[n(6)]
    Ended {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
    },
    #[n(7)]
    Cancelled {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
    },
    #[n(8)]
    Edited {
        #[n(0)]
        drop_id: DropId,
        #[n(1)]
        creator_id: AccountId,
        /// When it starts, if that was changed.
        #[n(2)]
        starts_at: Option<Timestamp>,
    },
}
