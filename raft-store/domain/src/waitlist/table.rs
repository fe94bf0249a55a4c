//! Keys of this room, and typed reads.

use super::{Line, POSITION_MAX, Place, Sequence, Standing, Waiter};
use crate::keys::{self, key};
use crate::orders::{self, Status};
use crate::tx::Tx;
use crate::view::Order as Way;
use crate::{AccountId, DropId, Fault, View, codec, drops, tx};

fn waiting_key(drop: DropId, item: u16, sequence: Sequence) -> Vec<u8> {
    key(keys::WAITING, &[&drop.bytes(), &item.to_be_bytes(), &sequence.to_be_bytes()])
}

fn place_key(drop: DropId, account: AccountId) -> [u8; 33] {
    keys::of_ids(keys::WAITING_OF, drop.bytes(), account.bytes())
}

fn line_key(drop: DropId, item: u16) -> Vec<u8> {
    key(keys::WAITLIST, &[&drop.bytes(), &item.to_be_bytes()])
}

fn due_key(drop: DropId) -> [u8; 17] {
    keys::of_id(keys::WAITLIST_DUE, drop.bytes())
}

pub(super) fn put_waiter(tx: &mut Tx, drop: DropId, (item, sequence): (u16, Sequence), waiter: &Waiter) {
    tx.put(waiting_key(drop, item, sequence), waiter);
}

pub(super) fn delete_waiter(tx: &mut Tx, drop: DropId, (item, sequence): (u16, Sequence)) {
    tx.delete(waiting_key(drop, item, sequence));
}

pub(super) fn put_place(tx: &mut Tx, drop: DropId, account: AccountId, place: &Place) {
    tx.put(place_key(drop, account), place);
}

pub(super) fn delete_place(tx: &mut Tx, drop: DropId, account: AccountId) {
    tx.delete(place_key(drop, account));
}

/// Stores the line for a variant, which is there as long as somebody waits.
pub(super) fn put_line(tx: &mut Tx, drop: DropId, item: u16, line: &Line) {
    match line.waiting {
        0 => tx.delete(line_key(drop, item)),
        _ => tx.put(line_key(drop, item), line),
    }
}

/// Has the clock go on with the lines of a drop, or no longer.
pub(super) fn mark_due(tx: &mut Tx, drop: DropId, is_due: bool) -> Result<(), Fault> {
    let key = due_key(drop);
    match (tx.get(&key)?.is_some(), is_due) {
        (false, true) => tx.mark(key),
        (true, false) => tx.delete(key),
        _ => {}
    }
    Ok(())
}

pub(super) fn waiter(view: &dyn View, drop: DropId, item: u16, sequence: Sequence) -> Result<Waiter, Fault> {
    tx::row(view, &waiting_key(drop, item, sequence), "somebody who waits")?
        .ok_or_else(|| Fault::new("reading a line", format!("nobody is at {sequence} in line {item} of {drop}")))
}

pub(super) fn place(view: &dyn View, drop: DropId, account: AccountId) -> Result<Option<Place>, Fault> {
    tx::row(view, &place_key(drop, account), "a place in line")
}

/// The line for the variant at this place in the stock of a drop; an empty one when nobody waits.
pub fn line(view: &dyn View, drop: DropId, item: u16) -> Result<Line, Fault> {
    Ok(tx::row(view, &line_key(drop, item), "a line")?.unwrap_or_default())
}

/// At most `limit` who wait for a variant, the first in line first, from the place `from` on.
pub fn waiting(
    view: &dyn View,
    drop: DropId,
    item: u16,
    from: Sequence,
    limit: usize,
) -> Result<Vec<(Sequence, Waiter)>, Fault> {
    let end = keys::after(&key(keys::WAITING, &[&drop.bytes(), &item.to_be_bytes()]));
    waiting_before(view, &waiting_key(drop, item, from), &end, limit)
}

/// Those who wait at the first `limit` places from `from` on, and some who come next if nobody is left there: one or more
/// while anybody waits. Whoever joins in the same entry stands at the end, and is not looked through.
pub(super) fn first_waiting(
    view: &dyn View,
    drop: DropId,
    item: u16,
    from: Sequence,
    limit: usize,
) -> Result<Vec<(Sequence, Waiter)>, Fault> {
    let to = from.saturating_add(limit as u64);
    let first = waiting_before(view, &waiting_key(drop, item, from), &waiting_key(drop, item, to), limit)?;
    match first.is_empty() {
        true => waiting(view, drop, item, to, limit),
        false => Ok(first),
    }
}

fn waiting_before(view: &dyn View, from: &[u8], end: &[u8], limit: usize) -> Result<Vec<(Sequence, Waiter)>, Fault> {
    let rows = view.scan(from, end, Way::Forward, limit)?;
    rows.iter().map(|(row, bytes)| Ok((sequence_of(row)?, codec::decode(bytes, "somebody who waits")?))).collect()
}

/// What the place of an account in the lines of a drop comes to, if it waits or has an open offer.
pub fn standing(view: &dyn View, drop: DropId, account: AccountId) -> Result<Option<Standing>, Fault> {
    let Some(Place { item, sequence, offered }) = place(view, drop, account)? else { return Ok(None) };
    if let Some(id) = offered {
        let open = |order: &orders::Order| matches!(order.status, Status::Reserved | Status::Paying);
        return Ok(orders::get(view, id)?.filter(open).map(Standing::Offered));
    }
    let quantity = waiter(view, drop, item, sequence)?.quantity;
    let first = line(view, drop, item)?.first;
    let (from, to) = (waiting_key(drop, item, first), waiting_key(drop, item, sequence));
    let before = view.scan(&from, &to, Way::Forward, POSITION_MAX)?.len();
    let position = (before < POSITION_MAX).then_some(before + 1);
    Ok(Some(Standing::Waiting { item, quantity, position }))
}

/// The first drop whose lines the clock has yet to go on with.
pub(crate) fn first_due(view: &dyn View) -> Result<Option<DropId>, Fault> {
    Ok(due(view, 1)?.pop())
}

/// Every drop whose lines the clock has yet to go on with, for checks of the whole state.
pub(crate) fn all_due(view: &dyn View) -> Result<Vec<DropId>, Fault> {
    due(view, usize::MAX)
}

fn due(view: &dyn View, limit: usize) -> Result<Vec<DropId>, Fault> {
    let rows = view.scan(&[keys::WAITLIST_DUE], &[keys::WAITLIST_DUE + 1], Way::Forward, limit)?;
    rows.iter().map(|(row, _)| drop_of(row)).collect()
}

/// Every line, for checks of the whole state.
pub(crate) fn all_lines(view: &dyn View) -> Result<Vec<(DropId, u16, Line)>, Fault> {
    view.scan(&[keys::WAITLIST], &[keys::WAITLIST + 1], Way::Forward, usize::MAX)?
        .iter()
        .map(|(row, bytes)| Ok((drop_of(row)?, item_of(row)?, codec::decode(bytes, "a line")?)))
        .collect()
}

/// Everybody who waits, line by line in order, for checks of the whole state.
pub(crate) fn all_waiters(view: &dyn View) -> Result<Vec<(DropId, u16, Sequence, Waiter)>, Fault> {
    view.scan(&[keys::WAITING], &[keys::WAITING + 1], Way::Forward, usize::MAX)?
        .iter()
        .map(|(row, bytes)| {
            let waiter = codec::decode(bytes, "somebody who waits")?;
            Ok((drop_of(row)?, item_of(row)?, sequence_of(row)?, waiter))
        })
        .collect()
}

/// Every place, for checks of the whole state.
pub(crate) fn all_places(view: &dyn View) -> Result<Vec<(DropId, AccountId, Place)>, Fault> {
    view.scan(&[keys::WAITING_OF], &[keys::WAITING_OF + 1], Way::Forward, usize::MAX)?
        .iter()
        .map(|(row, bytes)| {
            let account = keys::id(row, 17).map(AccountId::from_bytes);
            let account = account.ok_or_else(|| Fault::new("reading places in line", "a key without an account"))?;
            Ok((drop_of(row)?, account, codec::decode(bytes, "a place in line")?))
        })
        .collect()
}

fn drop_of(row: &[u8]) -> Result<DropId, Fault> {
    let id = keys::id(row, 1).map(DropId::from_bytes);
    id.ok_or_else(|| Fault::new("reading lines", "a key without a drop id"))
}

fn sequence_of(row: &[u8]) -> Result<Sequence, Fault> {
    keys::number(row, 19).ok_or_else(|| Fault::new("reading a line", "a key without a place"))
}

fn item_of(row: &[u8]) -> Result<u16, Fault> {
    let item = row.get(17..19).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes);
    item.ok_or_else(|| Fault::new("reading lines", "a key without a variant"))
}

/// The drop of a line, which is there.
pub(super) fn drop(view: &dyn View, id: DropId) -> Result<drops::Drop, Fault> {
    drops::get(view, id)?.ok_or_else(|| Fault::new("reading lines", format!("{id} is not there")))
}
