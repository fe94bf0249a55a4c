//! Keys of this room, and typed reads.

use super::{COUNTED_MAX, Line, Place, Position, Sequence, Standing, Waiter};
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
    let position = position(view, drop, item, sequence)?;
    Ok(Some(Standing::Waiting { item, quantity, position }))
}

/// How far from the front a place is at which somebody waits. Looks at nobody else while nobody has left the line, and
/// at [`COUNTED_MAX`] on either side of the place at most.
fn position(view: &dyn View, drop: DropId, item: u16, sequence: Sequence) -> Result<Position, Fault> {
    let Line { waiting, first, next } = line(view, drop, item)?;
    let wrong = || Fault::new("reading a line", format!("{sequence} is not in line {item} of {drop}"));
    let before = sequence.checked_sub(first).ok_or_else(wrong)?;
    let behind = next.checked_sub(sequence + 1).ok_or_else(wrong)?;
    let left = (before + behind + 1).checked_sub(waiting).ok_or_else(wrong)?;
    if left == 0 {
        return Ok(Position::Exactly(before + 1));
    }
    let count = |from, to| {
        let (from, to) = (waiting_key(drop, item, from), waiting_key(drop, item, to));
        Ok::<_, Fault>(view.scan(&from, &to, Way::Forward, COUNTED_MAX)?.len() as u64)
    };
    if behind <= COUNTED_MAX as u64 {
        return Ok(Position::Exactly(waiting - count(sequence + 1, next)?));
    }
    let counted = count(first, sequence)?;
    Ok(match counted < COUNTED_MAX as u64 {
        true => Position::Exactly(counted + 1),
        // All who left may have stood before it.
        false => Position::AtLeast((counted + 1).max((before + 1).saturating_sub(left))),
    })
}

/// At most `limit` drops whose lines the clock has yet to go on with.
pub(crate) fn due(view: &dyn View, limit: usize) -> Result<Vec<DropId>, Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop as schedule};
    use crate::waitlist::Position::{AtLeast, Exactly};
    use crate::{OrderId, codec};

    /// A line of so many, made as if they had joined one by one; those of `left` have left it.
    fn with_line(places: u64, left: impl Fn(Sequence) -> bool) -> Machine {
        let mut machine = Machine::sold_out(1);
        machine.join(1_000_000, 0, 1).expect("nothing is left");
        let id = schedule(1).drop_id;
        let mut waiting = 0;
        for sequence in (0..places).filter(|sequence| !left(*sequence)) {
            let account_id = machine.buyer(sequence.into());
            let order_id = OrderId::from_u128(1_000_000 + u128::from(sequence));
            let waiter = Waiter { account_id, order_id, quantity: 1, joined_at: machine.now };
            let place = Place { item: 0, sequence, offered: None };
            machine.view.0.insert(waiting_key(id, 0, sequence), codec::encode(&waiter));
            machine.view.0.insert(place_key(id, account_id).to_vec(), codec::encode(&place));
            waiting += 1;
        }
        machine.change_line(|line| *line = Line { waiting, first: 0, next: places });
        machine
    }

    fn position_of(machine: &Machine, buyer: u128) -> Position {
        let id = schedule(1).drop_id;
        match standing(&machine.view, id, machine.buyer(buyer)).expect("memory does not fail") {
            Some(Standing::Waiting { position, .. }) => position,
            other => panic!("buyer {buyer} does not wait: {other:?}"),
        }
    }

    #[test]
    fn in_a_line_that_nobody_left_every_place_is_known_without_a_look_at_the_others() {
        let machine = with_line(5_000, |_| false);
        let scanned = machine.rows_scanned_by(|view| {
            let id = schedule(1).drop_id;
            assert_eq!(position(view, id, 0, 0).ok(), Some(Exactly(1)));
            assert_eq!(position(view, id, 0, 2_500).ok(), Some(Exactly(2_501)));
            assert_eq!(position(view, id, 0, 4_999).ok(), Some(Exactly(5_000)));
        });
        assert_eq!(scanned, 0);
    }

    #[test]
    fn after_some_left_those_near_an_end_are_counted_and_the_others_know_at_least_how_many_stand_before_them() {
        // Every tenth has left.
        let machine = with_line(5_000, |sequence| sequence % 10 == 9);
        let counted = |sequence: u64| sequence - sequence / 10 + 1;
        for near in [0, 8, 500, 1_100, 4_000, 4_998] {
            assert_eq!(position_of(&machine, near.into()), Exactly(counted(near)), "place {near}");
        }
        let far = position_of(&machine, 2_500);
        assert_eq!(far, AtLeast(2_001), "500 have left, and nobody knows where they stood");
        assert!(counted(2_500) > 2_001);
        assert_eq!(position_of(&machine, 1_200), AtLeast(1_001), "a thousand were counted");
    }
}
