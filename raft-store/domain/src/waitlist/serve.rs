//! Units that came free go to those who wait, first come, first served.

use super::dissolve::dissolve;
use super::{Event, OFFER_MS, Place, Waiter, table};
use crate::drops::{self, Drop, Phase};
use crate::orders::{self, Offer};
use crate::tx::Tx;
use crate::{DropId, Entry, Fault};

/// How many who wait are read at a time at most.
const READ_AT_ONCE: usize = 64;

/// Offers what the command, or the thing that it did last, has freed, at most `limit` times, and has the clock go on with
/// the rest. Gives how many places were used up. What was done before stays done: nothing can be rejected any more.
///
/// Emits `orders::Reserved` and `Offered` of each offer, and what the drop says when units are left over.
pub(crate) fn serve(tx: &mut Tx, entry: &Entry, limit: usize) -> Result<usize, Fault> {
    if tx.lines.is_empty() {
        return Ok(0);
    }
    let mut done = 0;
    for id in drops::lines_to_look_at(tx) {
        done += offer_units(tx, entry, id, limit - done)?;
        mark(tx, id)?;
    }
    Ok(done)
}

/// Does at most `limit` of what is left to do about the lines of a drop. Gives how many places were used up.
pub(crate) fn go_on(tx: &mut Tx, entry: &Entry, id: DropId, limit: usize) -> Result<usize, Fault> {
    let drop = table::drop(tx, id)?;
    let done = match drop.phase {
        Phase::Ended | Phase::Cancelled => dissolve(tx, entry, &drop, limit)?,
        _ => offer_units(tx, entry, id, limit)?,
    };
    mark(tx, id)?;
    Ok(done)
}

/// Has the clock go on with the lines of a drop, if there is something left to do about them.
fn mark(tx: &mut Tx, id: DropId) -> Result<(), Fault> {
    let drop = table::drop(tx, id)?;
    let is_due = match drop.phase {
        _ if drop.waited_for.is_none() => false,
        Phase::Ended | Phase::Cancelled => true,
        // When it goes on, whoever has it go on says so.
        Phase::Scheduled | Phase::Paused => false,
        Phase::Live => !drops::free_in_lines(tx, &drop)?.is_empty(),
    };
    table::mark_due(tx, id, is_due)
}

/// Offers what is free of all variants that somebody waits for, while the drop sells. Gives how many places were used up.
fn offer_units(tx: &mut Tx, entry: &Entry, id: DropId, limit: usize) -> Result<usize, Fault> {
    let drop = table::drop(tx, id)?;
    if drop.phase != Phase::Live || drop.ends_at <= entry.now {
        return Ok(0);
    }
    let mut done = 0;
    for (item, available) in drops::free_in_lines(tx, &drop)? {
        done += offer_variant(tx, entry, &drop, (item, available), limit - done)?;
    }
    Ok(done)
}

/// Offers the `available` units of one variant to those who wait for it, in order.
fn offer_variant(
    tx: &mut Tx,
    entry: &Entry,
    drop: &Drop,
    (item, mut available): (u16, u64),
    limit: usize,
) -> Result<usize, Fault> {
    let mut line = table::line(tx, drop.id, item)?;
    let mut done = 0;
    while done < limit && available > 0 && line.waiting > 0 {
        // Each of them takes a unit at least, or none at all: more of them than units are not needed yet.
        let units = usize::try_from(available).unwrap_or(usize::MAX);
        let next = table::first_waiting(tx, drop.id, item, line.first, units.min(READ_AT_ONCE).min(limit - done))?;
        if next.is_empty() {
            return Err(Fault::new("going on with a line", format!("{} of {} are not there", line.waiting, drop.id)));
        }
        for (sequence, waiter) in next {
            if available == 0 {
                break;
            }
            available -= offer(tx, entry, drop, (item, sequence), waiter)?;
            line.first = sequence + 1;
            line.waiting -= 1;
            done += 1;
            // A read looks through all that is pending.
            tx.flush();
        }
    }
    if done > 0 {
        table::put_line(tx, drop.id, item, &line);
        if line.waiting == 0 {
            drops::change_line(tx, entry, drop.id, item, false)?;
        }
    }
    Ok(done)
}

/// Offers units to whoever waits at a place, which is used up by it. Gives how many: none when the limit of one customer
/// leaves them nothing, when their account is disabled, or when the id of their order was used for another one, which no
/// node does.
fn offer(tx: &mut Tx, entry: &Entry, drop: &Drop, (item, sequence): (u16, u64), waiter: Waiter) -> Result<u64, Fault> {
    let Waiter { account_id, order_id, quantity, .. } = waiter;
    let expires_at = entry.now.after_ms(drop.hold_ms.max(OFFER_MS));
    let (drop_id, creator_id) = (drop.id, drop.creator_id);
    let offer = Offer { order_id, buyer_id: account_id, drop_id, item, at_most: quantity, expires_at };
    let order = orders::offer(tx, entry, offer)?;
    table::delete_waiter(tx, drop_id, (item, sequence));
    let Some(order) = order else {
        table::delete_place(tx, drop_id, account_id);
        return Ok(0);
    };
    table::put_place(tx, drop_id, account_id, &Place { item, sequence, offered: Some(order_id) });
    let quantity = order.quantity;
    tx.emit(Event::Offered { drop_id, creator_id, account_id, order_id, quantity, expires_at });
    Ok(u64::from(quantity))
}

#[cfg(test)]
mod tests;
