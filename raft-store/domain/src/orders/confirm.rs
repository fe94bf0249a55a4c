use super::{Event, Order, Status, table, tally, told};
use crate::drops;
use crate::tx::Tx;
use crate::{Entry, Fault};

/// Turns the units of an order that is paid into sold ones. Emits `Confirmed`.
pub(crate) fn confirm(tx: &mut Tx, entry: &Entry, order: Order) -> Result<Order, Fault> {
    drops::settle(tx, order.drop_id, &order.sku, order.quantity)?;
    let order = Order { status: Status::Confirmed, version: entry.index, ..order };
    table::put(tx, &order);
    tally::sold(tx, entry, &order)?;
    tx.emit(Event::Confirmed(told(&order)));
    Ok(order)
}
