//! What came of the orders of a drop, counted as it happens: in all, and minute by minute.
//!
//! A purchase does not touch these rows; what becomes of it later does.

use minicbor::{Decode, Encode};

use super::{Order, Status};
use crate::keys;
use crate::tx::{self, Tx};
use crate::view::Order as Way;
use crate::{DropId, Entry, Fault, View, codec};

const MINUTE_MS: u64 = 60_000;

/// All that came of the orders of a drop. Amounts are in minor units of its currency.
///
/// An order is counted by how it ended first. Money that comes after its units went back is paid back whole, and
/// is neither revenue nor counted as refunded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Tally {
    #[n(0)]
    pub confirmed_orders: u64,
    #[n(1)]
    pub confirmed_units: u64,
    /// What was paid for all that were confirmed, whether or not it was refunded later.
    #[n(2)]
    pub revenue: u64,
    #[n(3)]
    pub failed_orders: u64,
    #[n(4)]
    pub expired_orders: u64,
    #[n(5)]
    pub cancelled_orders: u64,
    /// Those of the confirmed ones whose whole charge went back.
    #[n(6)]
    pub refunded_orders: u64,
    #[n(7)]
    pub refunded_units: u64,
    /// What went back of the revenue, in whole or in part.
    #[n(8)]
    pub refunded: u64,
}

/// What was confirmed in one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Minute {
    #[n(0)]
    pub confirmed_orders: u64,
    #[n(1)]
    pub confirmed_units: u64,
    #[n(2)]
    pub revenue: u64,
}

fn tally_key(drop: DropId) -> [u8; 17] {
    keys::of_id(keys::DROP_TALLY, drop.bytes())
}

fn minute_key(drop: DropId, minute: u64) -> [u8; 25] {
    keys::of_id_at(keys::DROP_MINUTE, drop.bytes(), minute)
}

/// What came of the orders of a drop so far.
pub fn tally(view: &dyn View, drop: DropId) -> Result<Tally, Fault> {
    Ok(tx::row(view, &tally_key(drop), "the tally of a drop")?.unwrap_or_default())
}

/// At most `limit` minutes in which something was confirmed, oldest first, from `from_minute` on: minutes since the
/// Unix epoch.
pub fn minutes(view: &dyn View, drop: DropId, from_minute: u64, limit: usize) -> Result<Vec<(u64, Minute)>, Fault> {
    let end = keys::after(&minutes_key(drop));
    view.scan(&minute_key(drop, from_minute), &end, Way::Forward, limit)?
        .iter()
        .map(|(row, bytes)| {
            let minute = keys::number(row, 17);
            let minute = minute.ok_or_else(|| Fault::new("listing minutes of a drop", "a key without a minute"))?;
            Ok((minute, codec::decode(bytes, "a minute of a drop")?))
        })
        .collect()
}

fn minutes_key(drop: DropId) -> [u8; 17] {
    keys::of_id(keys::DROP_MINUTE, drop.bytes())
}

/// Counts an order that is confirmed.
pub(super) fn sold(tx: &mut Tx, entry: &Entry, order: &Order) -> Result<(), Fault> {
    let (units, amount) = (u64::from(order.quantity), order.amount().amount);
    let key = minute_key(order.drop_id, entry.now.0 / MINUTE_MS);
    let mut minute: Minute = tx::row(tx, &key, "a minute of a drop")?.unwrap_or_default();
    add(&mut minute.confirmed_orders, 1);
    add(&mut minute.confirmed_units, units);
    add(&mut minute.revenue, amount);
    tx.put(key, &minute);
    count(tx, order.drop_id, |tally| {
        add(&mut tally.confirmed_orders, 1);
        add(&mut tally.confirmed_units, units);
        add(&mut tally.revenue, amount);
    })
}

/// Counts an order whose units went back without a sale.
pub(super) fn not_sold(tx: &mut Tx, order: &Order) -> Result<(), Fault> {
    count(tx, order.drop_id, |tally| match order.status {
        Status::Failed => add(&mut tally.failed_orders, 1),
        Status::Expired => add(&mut tally.expired_orders, 1),
        _ => add(&mut tally.cancelled_orders, 1),
    })
}

/// Counts what went back of an order that was sold.
pub(super) fn paid_back(tx: &mut Tx, order: &Order, amount: u64) -> Result<(), Fault> {
    count(tx, order.drop_id, |tally| add(&mut tally.refunded, amount))
}

/// Counts an order that was sold and whose whole charge went back.
pub(super) fn refunded(tx: &mut Tx, order: &Order) -> Result<(), Fault> {
    count(tx, order.drop_id, |tally| {
        add(&mut tally.refunded_orders, 1);
        add(&mut tally.refunded_units, u64::from(order.quantity));
    })
}

fn count(tx: &mut Tx, drop: DropId, how: impl FnOnce(&mut Tally)) -> Result<(), Fault> {
    let mut tally = tally(tx, drop)?;
    how(&mut tally);
    tx.put(tally_key(drop), &tally);
    Ok(())
}

/// A count that is full stays full: it is a report, and no reason to stop a node.
fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop};
    use crate::payments::Outcome;

    #[test]
    fn orders_are_counted_by_how_they_ended() {
        let mut machine = Machine::with_drop(20);
        machine.paid(1, 1, 2);
        machine.confirming(2, 2, 1);
        machine.report(2, Outcome::Canceled).expect("it is the latest");
        machine.place(3, 3, 1).expect("there are twenty");
        machine.cancel(3, 3).expect("it is reserved");
        machine.place(4, 4, 1).expect("there are twenty");
        machine.now.0 += drop(1).hold_ms;
        machine.tick();
        machine.place(5, 5, 1).expect("there are twenty");
        let tally = tally(&machine.view, drop(1).drop_id).expect("memory does not fail");
        let (confirmed_orders, confirmed_units, revenue) = (1, 2, 2 * 4_999);
        let (failed_orders, expired_orders, cancelled_orders) = (1, 1, 1);
        let sold = Tally { confirmed_orders, confirmed_units, revenue, ..Tally::default() };
        assert_eq!(tally, Tally { failed_orders, expired_orders, cancelled_orders, ..sold });
    }

    #[test]
    fn sales_are_counted_by_the_minute() {
        let mut machine = Machine::with_drop(20);
        let start = machine.now.0 / MINUTE_MS;
        for order in 1..=4_u64 {
            machine.now.0 = (start + order / 2 * 3) * MINUTE_MS + order;
            machine.paid(order.into(), order.into(), 1);
        }
        let minutes = |from, limit| {
            let minutes = minutes(&machine.view, drop(1).drop_id, from, limit).expect("memory does not fail");
            minutes.into_iter().map(|(at, minute)| (at - start, minute.confirmed_units)).collect::<Vec<_>>()
        };
        assert_eq!(minutes(0, 10), [(0, 1), (3, 2), (6, 1)]);
        assert_eq!((minutes(start + 1, 1), minutes(start + 7, 10)), (vec![(3, 2)], vec![]));
    }
}
