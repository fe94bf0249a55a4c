//! What a drop has to do with those who wait for its variants. Who they are is known to the room of waiting lines.

use super::hold::{Held, take};
use super::{Drop, Event, Phase, Reply, hot, release, table};
use crate::tx::Tx;
use crate::{AccountId, DropId, Entry, Fault, Timestamp};

/// Notes that units of a drop may have come free for those who wait.
pub(super) fn note_units(tx: &mut Tx, drop: &Drop) {
    if drop.waited_for.is_some() && drop.phase == Phase::Live {
        look_at_lines(tx, drop.id);
    }
}

/// Notes that nobody needs to wait any longer: the drop is over.
pub(super) fn note_end(tx: &mut Tx, drop: &Drop) {
    if drop.waited_for.is_some() {
        look_at_lines(tx, drop.id);
    }
}

/// Has the lines of a drop looked at when the command is done.
pub(crate) fn look_at_lines(tx: &mut Tx, id: DropId) {
    if !tx.lines.contains(&id) {
        tx.lines.push(id);
    }
}

/// The drops whose lines are to be looked at, once.
pub(crate) fn lines_to_look_at(tx: &mut Tx) -> Vec<DropId> {
    std::mem::take(&mut tx.lines)
}

/// Notes that somebody waits for the variant at `item`, or that nobody does any more: what is available of it is for
/// sale from then on. Emits `Restocked` when the drop is live and that is something.
pub(crate) fn change_line(tx: &mut Tx, entry: &Entry, id: DropId, item: u16, somebody: bool) -> Result<(), Fault> {
    let before = must_be_there(tx, id)?;
    let mut waited_for = before.waited_for.clone().unwrap_or_default();
    waited_for.retain(|other| *other != item);
    if somebody {
        waited_for.push(item);
        waited_for.sort_unstable();
    }
    let waited_for = Some(waited_for).filter(|items| !items.is_empty());
    let drop = Drop { waited_for, ..before.clone() };
    table::put(tx, &drop, Some(&before));
    let stock = hot::stock(tx, id)?.clone();
    let freed = drop.for_sale(&stock) > before.for_sale(&stock);
    // What was sold out says by itself that it is for sale again.
    if freed && drop.phase == Phase::Live && !drop.sold_out {
        tx.emit(Event::Restocked { drop_id: id, creator_id: drop.creator_id, items: stock.0.clone() });
    }
    let left = drop.for_sale(&stock);
    release::note_units(tx, entry, drop, left)
}

/// What of a live drop is free and waited for: the variants, in order, each with its units. The counts are decoded once
/// for all variants, and for all that an entry does to one drop.
pub(crate) fn free_in_lines(tx: &mut Tx, drop: &Drop) -> Result<Vec<(u16, u64)>, Fault> {
    let Some(waited_for) = &drop.waited_for else { return Ok(Vec::new()) };
    let stock = hot::stock(tx, drop.id)?;
    let available = |item: u16| stock.0.get(usize::from(item)).map_or(0, |counts| counts.available);
    Ok(waited_for.iter().map(|item| (*item, available(*item))).filter(|(_, available)| *available > 0).collect())
}

/// Holds units of the variant at `item` for the next in line: `at_most` of them, as far as they are there and the limit
/// leaves them to the buyer. Gives how many; `None` when that is none.
pub(crate) fn hold_for_next(
    tx: &mut Tx,
    id: DropId,
    item: u16,
    buyer: AccountId,
    at_most: u32,
    expires_at: Timestamp,
) -> Result<Option<(Held, u32)>, Fault> {
    let drop = must_be_there(tx, id)?;
    let place = usize::from(item);
    let available = hot::stock(tx, id)?.0.get(place).map_or(0, |item| item.available);
    let limit = drop.per_customer_limit;
    let units = if limit == 0 { 0 } else { table::units_of(tx, id, buyer)? };
    let leaves = if limit == 0 { u32::MAX } else { limit.saturating_sub(units) };
    let quantity = at_most.min(leaves).min(u32::try_from(available).unwrap_or(u32::MAX));
    if quantity == 0 {
        return Ok(None);
    }
    if limit != 0 {
        table::put_units(tx, id, buyer, units + quantity);
    }
    let (held, _) = take(tx, &drop, place, quantity, expires_at)?;
    Ok(Some((held, quantity)))
}

/// An answer about a drop, with the drop as it is after those who wait were offered what came free.
pub(crate) fn as_it_is_now(tx: &mut Tx, reply: Reply) -> Result<Reply, Fault> {
    Ok(match reply {
        Reply::Changed(drop, _) => Reply::Changed(must_be_there(tx, drop.id)?, table::stock(tx, drop.id)?),
        Reply::Scheduled(..) => reply,
    })
}

fn must_be_there(tx: &mut Tx, id: DropId) -> Result<Drop, Fault> {
    hot::get(tx, id)?.ok_or_else(|| Fault::new("reading a drop that is waited for", format!("{id} is not there")))
}
