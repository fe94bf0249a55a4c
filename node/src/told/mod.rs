//! Events as they are told outside: their names, what they are about, and what is said of them.
//!
//! Webhooks, event streams and the inbox all speak of an event in these words. All of it is made of the event, its place
//! in the log and its time, and of nothing that a node has for itself: every node says the same bytes of one event.

mod data;
mod id;

use livedrop_domain::orders::Told;
use livedrop_domain::{AccountId, DropId, Event, drops, orders, waitlist};

pub use data::{data, fields};
pub use id::{id, parse_id};

/// The name of every event that is told.
pub const KINDS: [&str; 17] = [
    "drop.scheduled",
    "drop.live",
    "drop.low_stock",
    "drop.sold_out",
    "drop.restocked",
    "drop.paused",
    "drop.edited",
    "drop.ended",
    "drop.cancelled",
    "order.reserved",
    "order.paying",
    "order.confirmed",
    "order.failed",
    "order.expired",
    "order.cancelled",
    "order.refunded",
    "waitlist.offered",
];

/// The name of an event; none when it is nobody's business.
pub fn kind(event: &Event) -> Option<&'static str> {
    match event {
        Event::Drops(event) => Some(of_drop(event).2),
        Event::Orders(event) => Some(of_order(event).1),
        Event::Waitlist(waitlist::Event::Offered { .. }) => Some("waitlist.offered"),
        _ => None,
    }
}

/// Whom an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Whoever looks at the drop, and whoever follows its creator.
    Drop { drop_id: DropId, creator_id: AccountId },
    /// One account, and nobody else.
    Account(AccountId),
}

/// Whom an event is for; none when it is nobody's business.
pub fn audience(event: &Event) -> Option<Audience> {
    match event {
        Event::Drops(event) => {
            let (drop_id, creator_id, _) = of_drop(event);
            Some(Audience::Drop { drop_id, creator_id })
        }
        Event::Orders(event) => Some(Audience::Account(of_order(event).0.buyer_id)),
        Event::Waitlist(waitlist::Event::Offered { account_id, .. }) => Some(Audience::Account(*account_id)),
        _ => None,
    }
}

/// The drop that an event is about, if it is about one.
pub fn drop_of(event: &Event) -> Option<DropId> {
    match event {
        Event::Drops(event) => Some(of_drop(event).0),
        Event::Orders(event) => Some(of_order(event).0.drop_id),
        _ => None,
    }
}

/// The drop that an event is of, its creator, and the event's name.
pub fn of_drop(event: &drops::Event) -> (DropId, AccountId, &'static str) {
    use drops::Event::*;
    match event {
        Scheduled { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.scheduled"),
        Live { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.live"),
        LowStock { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.low_stock"),
        SoldOut { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.sold_out"),
        Restocked { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.restocked"),
        Paused { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.paused"),
        Edited { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.edited"),
        Ended { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.ended"),
        Cancelled { drop_id, creator_id, .. } => (*drop_id, *creator_id, "drop.cancelled"),
    }
}

/// The order that an event is of, and the event's name.
pub fn of_order(event: &orders::Event) -> (&Told, &'static str) {
    use orders::Event::*;
    match event {
        Reserved(told) => (told, "order.reserved"),
        Paying(told) => (told, "order.paying"),
        Confirmed(told) => (told, "order.confirmed"),
        Failed(told) => (told, "order.failed"),
        Expired(told) => (told, "order.expired"),
        Cancelled(told) => (told, "order.cancelled"),
        Refunded(told) => (told, "order.refunded"),
    }
}
