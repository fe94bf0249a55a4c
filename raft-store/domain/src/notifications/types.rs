//! The rows of this room, and what can be told.

use minicbor::{Decode, Encode};

use crate::{AccountId, Event, Timestamp, drops, orders, waitlist};

/// How long a notice is kept: 90 days.
pub const KEPT_MS: u64 = 90 * 24 * 60 * 60 * 1_000;
/// How many creators an account can be told nothing of though it follows them.
pub const MUTED_MAX: usize = 500;

/// Which event a notice is of: the log index that told it, and its place among what that entry told.
pub type Position = (u64, u32);

/// What a notice is of. The numbers are in preferences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    #[n(0)]
    DropScheduled,
    #[n(1)]
    DropLive,
    #[n(2)]
    DropLowStock,
    #[n(3)]
    DropSoldOut,
    #[n(4)]
    DropRestocked,
    #[n(5)]
    DropCancelled,
    #[n(6)]
    OrderConfirmed,
    #[n(7)]
    OrderFailed,
    #[n(8)]
    OrderExpired,
    #[n(9)]
    OrderCancelled,
    #[n(10)]
    OrderRefunded,
    #[n(11)]
    WaitlistOffered,
    /// A drop starts at another time than was said.
    #[n(12)]
    DropMoved,
}

/// Every kind, by number.
pub const KINDS: [Kind; 13] = [
    Kind::DropScheduled,
    Kind::DropLive,
    Kind::DropLowStock,
    Kind::DropSoldOut,
    Kind::DropRestocked,
    Kind::DropCancelled,
    Kind::OrderConfirmed,
    Kind::OrderFailed,
    Kind::OrderExpired,
    Kind::OrderCancelled,
    Kind::OrderRefunded,
    Kind::WaitlistOffered,
    Kind::DropMoved,
];

/// Under whom a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Everyone who follows the creator may read it.
    Creator(AccountId),
    /// Only the account may.
    Account(AccountId),
}

impl Kind {
    /// What a notice of this event is of; none if there is none.
    pub fn of(event: &Event) -> Option<Kind> {
        addressed(event).map(|(kind, _)| kind)
    }
}

/// What a notice of this event is of and under whom it stands; none if nobody is told of it later. What a buyer
/// has just done is not news to them, so that a purchase writes nothing.
pub(super) fn addressed(event: &Event) -> Option<(Kind, Whose)> {
    use drops::Event::*;
    use orders::Event as Order;
    match event {
        Event::Orders(Order::Reserved(_) | Order::Paying(_)) => None,
        Event::Orders(Order::Confirmed(told)) => Some((Kind::OrderConfirmed, Whose::Account(told.buyer_id))),
        Event::Orders(Order::Failed(told)) => Some((Kind::OrderFailed, Whose::Account(told.buyer_id))),
        Event::Orders(Order::Expired(told)) => Some((Kind::OrderExpired, Whose::Account(told.buyer_id))),
        Event::Orders(Order::Cancelled(told)) => Some((Kind::OrderCancelled, Whose::Account(told.buyer_id))),
        Event::Orders(Order::Refunded(told)) => Some((Kind::OrderRefunded, Whose::Account(told.buyer_id))),
        Event::Waitlist(waitlist::Event::Offered { account_id, .. }) => {
            Some((Kind::WaitlistOffered, Whose::Account(*account_id)))
        }
        Event::Drops(Scheduled { creator_id, .. }) => Some((Kind::DropScheduled, Whose::Creator(*creator_id))),
        Event::Drops(Live { creator_id, .. }) => Some((Kind::DropLive, Whose::Creator(*creator_id))),
        Event::Drops(LowStock { creator_id, .. }) => Some((Kind::DropLowStock, Whose::Creator(*creator_id))),
        Event::Drops(SoldOut { creator_id, .. }) => Some((Kind::DropSoldOut, Whose::Creator(*creator_id))),
        Event::Drops(Restocked { creator_id, .. }) => Some((Kind::DropRestocked, Whose::Creator(*creator_id))),
        Event::Drops(Cancelled { creator_id, .. }) => Some((Kind::DropCancelled, Whose::Creator(*creator_id))),
        Event::Drops(Edited { creator_id, starts_at: Some(_), .. }) => {
            Some((Kind::DropMoved, Whose::Creator(*creator_id)))
        }
        Event::Drops(Paused { .. } | Ended { .. } | Edited { starts_at: None, .. }) => None,
        Event::Accounts(_) | Event::Products(_) | Event::Payments(_) | Event::Webhooks(_) | Event::Follows(_) => None,
    }
}

/// Something that happened, to be read later.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Notice {
    #[n(0)]
    pub at: Timestamp,
    #[n(1)]
    pub event: Event,
}

/// What an account has read, and what it does not want to be told. There is no row for who never said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Inbox {
    /// Notices up to this one are read.
    #[n(0)]
    pub read_through: Option<Position>,
    /// Creators of whom the account is told nothing though it may follow them, in the order of their ids.
    #[n(1)]
    pub muted: Vec<AccountId>,
    /// What the account is not told of, in the order of their numbers.
    #[n(2)]
    pub kinds_off: Vec<Kind>,
}

impl Inbox {
    /// Whether the account wants to be told of this. `creator` is the one whose drop it is about; none for its own orders.
    pub fn wants(&self, creator: Option<AccountId>, kind: Kind) -> bool {
        !self.kinds_off.contains(&kind) && creator.is_none_or(|creator| self.hears(creator))
    }

    /// Whether the account wants to be told of this creator at all.
    pub(super) fn hears(&self, creator: AccountId) -> bool {
        self.muted.binary_search(&creator).is_err()
    }

    pub(super) fn is_read(&self, position: Position) -> bool {
        self.read_through.is_some_and(|through| position <= through)
    }
}
