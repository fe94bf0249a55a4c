use super::{Drop, Event, Phase, hot, line, table};
use crate::tx::Tx;
use crate::{AccountId, DropId, Entry, Fault};

/// Gives held units back to the drop. Emits `Restocked` when the drop was live and sold out and they are for sale.
///
/// # Panics
///
/// When the units are not held: an order gives its units back once.
pub(crate) fn release(
    tx: &mut Tx,
    entry: &Entry,
    id: DropId,
    buyer: AccountId,
    sku: &str,
    quantity: u32,
) -> Result<(), Fault> {
    let moved = i64::from(quantity);
    give_back(tx, entry, (id, buyer, sku), quantity, (moved, -moved, 0))
}

/// Takes sold units back. Emits `Restocked` when the drop was live and sold out and they are for sale.
///
/// # Panics
///
/// When the units are not sold: an order gives its units back once.
pub(crate) fn take_back(
    tx: &mut Tx,
    entry: &Entry,
    id: DropId,
    buyer: AccountId,
    sku: &str,
    quantity: u32,
) -> Result<(), Fault> {
    let moved = i64::from(quantity);
    give_back(tx, entry, (id, buyer, sku), quantity, (moved, 0, -moved))
}

/// Turns held units into sold ones.
///
/// # Panics
///
/// When the units are not held.
pub(crate) fn settle(tx: &mut Tx, id: DropId, sku: &str, quantity: u32) -> Result<(), Fault> {
    let moved = i64::from(quantity);
    shift(tx, id, sku, (0, -moved, moved))
}

/// Moves units that were a buyer's, who has so many fewer from now on.
fn give_back(
    tx: &mut Tx,
    entry: &Entry,
    (id, buyer, sku): (DropId, AccountId, &str),
    quantity: u32,
    moved: (i64, i64, i64),
) -> Result<(), Fault> {
    let drop = hot::get(tx, id)?.ok_or_else(|| Fault::new("moving units", format!("{id} is not there")))?;
    if drop.per_customer_limit != 0 {
        let units = table::units_of(tx, id, buyer)?;
        table::put_units(tx, id, buyer, units.checked_sub(quantity).expect("no count is ever negative"));
    }
    shift(tx, id, sku, moved)?;
    line::note_units(tx, &drop);
    let left = drop.for_sale(hot::stock(tx, id)?);
    note_units(tx, entry, drop, left)
}

/// Ends the sold-out status and arms the low-stock warning again, when `left` units for sale are enough for it.
pub(super) fn note_units(tx: &mut Tx, entry: &Entry, before: Drop, left: u64) -> Result<(), Fault> {
    let mut drop = before.clone();
    drop.low_stock_told &= left <= drop.low_stock_threshold;
    drop.sold_out &= left == 0;
    if before.sold_out && !drop.sold_out && drop.phase == Phase::Live {
        drop.version = entry.index;
        let items = table::stock(tx, drop.id)?.0;
        tx.emit(Event::Restocked { drop_id: drop.id, creator_id: drop.creator_id, items });
    }
    if drop != before {
        table::put(tx, &drop, Some(&before));
    }
    Ok(())
}

/// Moves units between the available, the held and the sold ones of a variant.
fn shift(tx: &mut Tx, id: DropId, sku: &str, (available, held, sold): (i64, i64, i64)) -> Result<(), Fault> {
    let stock = hot::stock(tx, id)?;
    let item = stock.item_mut(sku);
    let item = item.ok_or_else(|| Fault::new("moving units", format!("{id} has no variant {sku}")))?;
    item.shift(available, held, sold);
    hot::put_stock(tx);
    Ok(())
}
