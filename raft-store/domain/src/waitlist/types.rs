//! The rows of this room and its limits.

use minicbor::{Decode, Encode};

use crate::orders::Order;
use crate::{AccountId, OrderId, Timestamp};

/// The most who wait for one variant.
pub const LINE_MAX: u64 = 1_000_000;
/// The most units that one place in line is for.
pub const QUANTITY_MAX: u32 = 10;
/// The most offers that one command makes; the clock makes the others.
pub const OFFERS_AT_ONCE: usize = 256;
/// How long an offer lasts at least, in milliseconds, however short the drop's holds are: whoever waits is not there.
pub const OFFER_MS: u64 = 600_000;
/// How many who wait are counted at most to say how far from the front somebody is.
pub const COUNTED_MAX: usize = 1_000;

/// A place in a line: the lower, the sooner. Not used twice while anybody waits in it.
pub type Sequence = u64;

/// The line for one variant. There is none when nobody waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Line {
    /// How many wait.
    #[n(0)]
    pub waiting: u64,
    /// Nobody waits before this place.
    #[n(1)]
    pub first: Sequence,
    /// The place of whoever joins next.
    #[n(2)]
    pub next: Sequence,
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Waiter {
    #[n(0)]
    pub account_id: AccountId,
    /// The id of the order that will be their offer.
    #[n(1)]
    pub order_id: OrderId,
    /// How many units they want at most.
    #[n(2)]
    pub quantity: u32,
    #[n(3)]
    pub joined_at: Timestamp,
}

/// Where somebody waits; or, when they were offered something, what: it stays as their order does, until they join again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// The variant's place in the stock of the drop.
    #[n(0)]
    pub item: u16,
    #[n(1)]
    pub sequence: Sequence,
    #[n(2)]
    pub offered: Option<OrderId>,
}

/// What somebody's place in line comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Waiting {
        /// The variant's place in the stock of the drop.
        item: u16,
        quantity: u32,
        position: Position,
    },
    /// An order of theirs is reserved or being paid.
    Offered(Order),
}

/// How far from the front somebody waits: 1 is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Exactly(u64),
    /// Others have left the line, and nobody counts so far whether they stood before or behind.
    AtLeast(u64),
}
