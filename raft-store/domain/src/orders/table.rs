//! Keys of this room, and typed reads.

use super::{Order, Status, newest};
use crate::keys::{self, key};
use crate::tx::{DueRow, Tx};
use crate::view::Order as Way;
use crate::{AccountId, DropId, Entry, Fault, OrderId, Timestamp, View, codec, tx};

pub(super) fn order_key(id: OrderId) -> [u8; 17] {
    keys::of_id(keys::ORDER, id.bytes())
}

pub(super) fn put(tx: &mut Tx, order: &Order) {
    tx.put(order_key(order.id), order);
}

/// Stores a new order and the rows that lead to it.
pub(super) fn insert(tx: &mut Tx, entry: &Entry, order: &Order) {
    let id = order.id.bytes();
    newest::note(tx, order.id);
    put(tx, order);
    tx.mark(keys::of_ids(keys::ORDER_BY_BUYER, order.buyer_id.bytes(), id));
    tx.append(keys::of_id_at(keys::ORDER_BY_DROP, order.drop_id.bytes(), entry.index), &id);
    look_again(tx, entry, order.id, order.hold_expires_at);
}

/// Has the clock look at an order at a time that is yet to come.
pub(crate) fn look_again(tx: &mut Tx, entry: &Entry, id: OrderId, at: Timestamp) {
    tx.append(keys::of_time_at(keys::HOLD_DUE, at, entry.index), &id.bytes());
}

/// The order with this id.
pub fn get(view: &dyn View, id: OrderId) -> Result<Option<Order>, Fault> {
    tx::row(view, &order_key(id), "an order")
}

/// The order with this id, as it was when it was placed.
pub(crate) fn as_placed(view: &dyn View, id: OrderId) -> Result<Order, Fault> {
    let order = get(view, id)?.ok_or_else(|| Fault::new("reading a placed order", format!("{id} is not there")))?;
    Ok(Order { status: Status::Reserved, version: order.placed_index, extended_to: None, ..order })
}

/// At most `limit` orders of a buyer, newest first, older than `before`.
pub fn of_buyer(view: &dyn View, buyer: AccountId, before: Option<OrderId>, limit: usize) -> Result<Vec<Order>, Fault> {
    let prefix = key(keys::ORDER_BY_BUYER, &[&buyer.bytes()]);
    tx::keys_before(view, &prefix, before.map(|id| id.bytes()).as_ref().map(|id| &id[..]), limit)?
        .iter()
        .map(|(row, _)| must_be_there(view, keys::id(row, prefix.len())))
        .collect()
}

/// Where an order stands among those of its drop: the log index that placed it, and its place in that entry.
pub type Position = (u64, u32);

/// At most `limit` orders of a drop, newest first, older than `before`.
pub fn of_drop(
    view: &dyn View,
    drop: DropId,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<(Position, Order)>, Fault> {
    let prefix = key(keys::ORDER_BY_DROP, &[&drop.bytes()]);
    let (mut before_index, mut before_ordinal) = before.unwrap_or((u64::MAX, u32::MAX));
    let mut orders = Vec::new();
    loop {
        // The row of `before` itself may have older orders in it.
        let to = [&prefix[..], &before_index.saturating_add(1).to_be_bytes()].concat();
        let wanted = limit.saturating_sub(orders.len()).max(1);
        let rows = view.scan(&prefix, &to, Way::Backward, wanted)?;
        for (row, ids) in &rows {
            let index = keys::number(row, prefix.len());
            let index = index.ok_or_else(|| Fault::new("listing orders of a drop", "a key without a log index"))?;
            for (ordinal, id) in ids.chunks_exact(16).enumerate().rev() {
                let position = (index, ordinal as u32);
                if position < (before_index, before_ordinal) {
                    if orders.len() == limit {
                        return Ok(orders);
                    }
                    orders.push((position, must_be_there(view, keys::id(id, 0))?));
                }
            }
        }
        match rows.last().and_then(|(row, _)| keys::number(row, prefix.len())) {
            Some(index) if rows.len() == wanted && index > 0 => (before_index, before_ordinal) = (index - 1, u32::MAX),
            _ => return Ok(orders),
        }
    }
}

/// The oldest row of holds that end by `now`, not looking before `from`: its key, its time and its orders.
pub(crate) fn first_due(view: &dyn View, from: Timestamp, now: Timestamp) -> Result<Option<DueRow>, Fault> {
    let start = key(keys::HOLD_DUE, &[&from.0.to_be_bytes()]);
    let end = key(keys::HOLD_DUE, &[&now.after_ms(1).0.to_be_bytes()]);
    let Some((row, ids)) = view.scan(&start, &end, Way::Forward, 1)?.pop() else { return Ok(None) };
    let time = keys::number(&row, 1).ok_or_else(|| Fault::new("reading due holds", "a key without a time"))?;
    Ok(Some((row, Timestamp(time), ids)))
}

fn must_be_there(view: &dyn View, id: Option<[u8; 16]>) -> Result<Order, Fault> {
    let id = id.map(OrderId::from_bytes).ok_or_else(|| Fault::new("reading an index", "a key without an order id"))?;
    get(view, id)?.ok_or_else(|| Fault::new("reading an index", format!("{id} is not there")))
}

/// Every order, for checks of the whole state.
pub(crate) fn all(view: &dyn View) -> Result<Vec<Order>, Fault> {
    view.scan(&[keys::ORDER], &[keys::ORDER + 1], Way::Forward, usize::MAX)?
        .iter()
        .map(|(_, bytes)| codec::decode(bytes, "an order"))
        .collect()
}
