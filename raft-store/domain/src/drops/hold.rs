use super::{Drop, Event, Phase, hot, open_due, table};
use crate::stop::Fault;
use crate::tx::Tx;
use crate::{AccountId, DropId, Entry, Money, ProductId, Timestamp};

/// Units that were taken out of a drop for an order.
pub(crate) struct Held {
    pub product_id: ProductId,
    pub sku: String,
    pub unit_price: Money,
    pub expires_at: Timestamp,
}

/// Why a drop has no units for an order.
pub(crate) enum NoHold {
    NotFound,
    NotOpen { opens_at: Timestamp },
    Paused,
    Ended,
    UnknownSku,
    LimitReached { limit: u32 },
    SoldOut,
}

/// Takes `quantity` units out of a live drop for one buyer, until `entry.now + hold_ms`.
///
/// Says no, in this order: `NotFound`, `NotOpen`, `Paused` or `Ended`, `UnknownSku`, `LimitReached`, `SoldOut`: what
/// somebody waits for is sold out for everybody else.
/// Emits `Live` when it is the first to come after the start, `LowStock` and `SoldOut` when it crosses them.
pub(crate) fn hold(
    tx: &mut Tx,
    entry: &Entry,
    id: DropId,
    buyer: AccountId,
    sku: Option<&str>,
    quantity: u32,
) -> Result<Result<Held, NoHold>, Fault> {
    let Some(before) = hot::get(tx, id)? else { return Ok(Err(NoHold::NotFound)) };
    // The clock opens and ends drops a moment late; a purchase does not wait for it.
    let opens_now = before.phase == Phase::Scheduled && before.starts_at <= entry.now;
    match before.phase {
        _ if before.ends_at <= entry.now => return Ok(Err(NoHold::Ended)),
        Phase::Scheduled if !opens_now => return Ok(Err(NoHold::NotOpen { opens_at: before.starts_at })),
        Phase::Scheduled | Phase::Live => {}
        Phase::Paused => return Ok(Err(NoHold::Paused)),
        Phase::Ended | Phase::Cancelled => return Ok(Err(NoHold::Ended)),
    }
    let stock = hot::stock(tx, id)?;
    let Some(wanted) = stock.place_of(sku) else { return Ok(Err(NoHold::UnknownSku)) };
    let available = stock.0[wanted].available;
    let limit = before.per_customer_limit;
    let units = if limit == 0 { 0 } else { table::units_of(tx, id, buyer)?.saturating_add(quantity) };
    if units > limit {
        return Ok(Err(NoHold::LimitReached { limit }));
    }
    if available < u64::from(quantity) || before.is_waited_for(wanted) {
        return Ok(Err(NoHold::SoldOut));
    }
    // From here on it must succeed.
    if limit != 0 {
        table::put_units(tx, id, buyer, units);
    }
    let (held, left) = take(tx, &before, wanted, quantity, entry.now.after_ms(before.hold_ms))?;
    if opens_now || left == 0 || left <= before.low_stock_threshold {
        note_what_is_left(tx, entry, before, opens_now, left);
    }
    Ok(Ok(held))
}

/// Moves units of the variant at `item` from the available ones to the held ones. Gives how many are for sale after it.
pub(super) fn take(
    tx: &mut Tx,
    drop: &Drop,
    item: usize,
    quantity: u32,
    expires_at: Timestamp,
) -> Result<(Held, u64), Fault> {
    let moved = i64::from(quantity);
    let stock = hot::stock(tx, drop.id)?;
    stock.0[item].shift(-moved, moved, 0);
    let (sku, left) = (stock.0[item].sku.clone(), drop.for_sale(stock));
    hot::put_stock(tx);
    Ok((Held { product_id: drop.product_id, sku, unit_price: drop.unit_price, expires_at }, left))
}

/// Opens the drop when it is the first to take from it, and tells, once each, that little or nothing is left.
fn note_what_is_left(tx: &mut Tx, entry: &Entry, before: Drop, opens_now: bool, left: u64) {
    let mut drop = before.clone();
    if opens_now {
        open_due::open(tx, entry, &mut drop);
    }
    let (drop_id, creator_id) = (drop.id, drop.creator_id);
    if drop.low_stock_threshold != 0 && left <= drop.low_stock_threshold && !drop.low_stock_told {
        drop.low_stock_told = true;
        tx.emit(Event::LowStock { drop_id, creator_id, available: left });
    }
    if left == 0 && !drop.sold_out {
        drop.sold_out = true;
        tx.emit(Event::SoldOut { drop_id, creator_id });
    }
    if drop != before {
        table::put(tx, &drop, Some(&before));
    }
}
