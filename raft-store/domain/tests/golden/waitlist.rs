//! One value of everything that waiting lines store and say, and a shop with lines.

use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::drops::{self, Drop, NewItem, Schedule, Steer};
use livedrop_domain::orders::{self, Place as Buy};
use livedrop_domain::payments::{self, Cancel};
use livedrop_domain::waitlist::{Command, Event, Join, Leave, Line, Place, Rejection, Reply, Waiter};
use livedrop_domain::{self as domain, AccountId, DropId, OrderId};

use crate::state::request;
use crate::values::{self, BUYER, CREATOR, DROP, NOW, ORDER};

pub fn commands() -> Vec<domain::Command> {
    vec![Command::Join(join()).into(), Command::Leave(leave()).into()]
}

pub fn replies() -> Vec<domain::Reply> {
    vec![
        Reply::Waiting { item: 1, sequence: 41, quantity: 2 }.into(),
        Reply::Offered { order_id: ORDER }.into(),
        Reply::Left.into(),
    ]
}

pub fn rejections() -> Vec<domain::Rejection> {
    vec![
        Rejection::DropNotFound.into(),
        Rejection::NotOpen { opens_at: NOW }.into(),
        Rejection::Ended.into(),
        Rejection::UnknownSku.into(),
        Rejection::BadQuantity.into(),
        Rejection::AlreadyWaiting.into(),
        Rejection::LimitReached { limit: 2 }.into(),
        Rejection::UnitsAvailable.into(),
        Rejection::LineFull.into(),
        Rejection::IdTaken.into(),
    ]
}

pub fn events() -> Vec<domain::Event> {
    let (drop_id, creator_id, account_id, order_id) = (DROP, CREATOR, BUYER, ORDER);
    let expires_at = NOW.after_ms(600_000);
    vec![Event::Offered { drop_id, creator_id, account_id, order_id, quantity: 2, expires_at }.into()]
}

fn join() -> Join {
    Join { drop_id: DROP, account_id: BUYER, sku: Some("small".into()), quantity: 2, order_id: ORDER }
}

fn leave() -> Leave {
    Leave { drop_id: DROP, account_id: BUYER }
}

pub fn drop() -> Drop {
    Drop { waited_for: Some(vec![0, 1]), ..values::drop() }
}

pub fn waiter() -> Waiter {
    Waiter { account_id: BUYER, order_id: ORDER, quantity: 2, joined_at: NOW }
}

pub fn place() -> Place {
    Place { item: 1, sequence: 41, offered: None }
}

pub fn offered_place() -> Place {
    Place { offered: Some(ORDER), ..place() }
}

pub fn line() -> Line {
    Line { waiting: 3, first: 41, next: 45 }
}

/// A drop of one unit that three wait for: the first was offered it; the drop has ended, and the clock has yet to send the
/// others away.
pub fn entry() -> Vec<u8> {
    let drop_id = DropId::from_u128(0x03c4);
    let (starts_at, ends_at) = (None, None);
    let items = vec![NewItem { sku: "small".into(), stock: 1 }];
    let (order_id, buyer_id) = (OrderId::from_u128(0x04d7), CREATOR);
    let join = |n: u128| {
        let (account_id, order_id) = (AccountId::from_u128(0x01a2 + n), OrderId::from_u128(0x04d8 + n));
        Command::Join(Join { drop_id, account_id, sku: None, quantity: 1, order_id }).into()
    };
    let mut entry = BatchBuilder::new();
    for command in [
        drops::Command::Schedule(Schedule { drop_id, starts_at, ends_at, items, ..values::schedule() }).into(),
        orders::Command::Place(Buy { order_id, buyer_id, drop_id, sku: None, quantity: 1 }).into(),
        join(0),
        join(1),
        join(2),
        payments::Command::Cancel(Cancel { order_id, buyer_id }).into(),
        drops::Command::End(Steer { drop_id, ..values::steer() }).into(),
    ] {
        entry.push(&request(command, None));
    }
    entry.finish(NOW.after_ms(3 * 60 * 60 * 1_000))
}
