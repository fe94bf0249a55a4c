use super::{Drop, Event, Phase, Stock, table};
use crate::tx::Tx;
use crate::{AccountId, DropId, Entry, Fault};

/// Gives held units back to the drop. Emits `Restocked` when the drop was live and sold out.
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
    let drop = must_be_there(tx, id)?;
    let mut stock = table::stock(tx, id)?;
    let moved = i64::from(quantity);
    item(&mut stock, id, sku)?.shift(moved, -moved, 0);
    if drop.per_customer_limit != 0 {
        let units = table::units_of(tx, id, buyer)?;
        table::put_units(tx, id, buyer, units.checked_sub(quantity).expect("no count is ever negative"));
    }
    table::put_stock(tx, id, &stock);
    note_units(tx, entry, drop, &stock);
    Ok(())
}

/// Turns held units into sold ones.
///
/// # Panics
///
/// When the units are not held.
pub(crate) fn settle(tx: &mut Tx, id: DropId, sku: &str, quantity: u32) -> Result<(), Fault> {
    let mut stock = table::stock(tx, id)?;
    let moved = i64::from(quantity);
    item(&mut stock, id, sku)?.shift(0, -moved, moved);
    table::put_stock(tx, id, &stock);
    Ok(())
}

/// Ends the sold-out status and arms the low-stock warning again, when there are units for it.
pub(super) fn note_units(tx: &mut Tx, entry: &Entry, before: Drop, stock: &Stock) {
    let left = stock.available();
    let mut drop = before.clone();
    drop.low_stock_told &= left <= drop.low_stock_threshold;
    drop.sold_out &= left == 0;
    if before.sold_out && !drop.sold_out && drop.phase == Phase::Live {
        drop.version = entry.index;
        tx.emit(Event::Restocked { drop_id: drop.id, creator_id: drop.creator_id, items: stock.0.clone() });
    }
    if drop != before {
        table::put(tx, &drop, Some(&before));
    }
}

pub(super) fn item<'a>(stock: &'a mut Stock, id: DropId, sku: &str) -> Result<&'a mut super::Item, Fault> {
    stock.item_mut(sku).ok_or_else(|| Fault::new("moving units", format!("{id} has no variant {sku}")))
}

fn must_be_there(tx: &Tx, id: DropId) -> Result<Drop, Fault> {
    table::get(tx, id)?.ok_or_else(|| Fault::new("moving units", format!("{id} is not there")))
}
