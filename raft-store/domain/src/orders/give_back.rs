use super::{Event, Order, Status, table, tally, told};
use crate::drops;
use crate::tx::Tx;
use crate::{Entry, Fault};

/// Ends an order that is not paid as `Cancelled`, `Expired` or `Failed`, returns its units to the drop, and says so.
pub(crate) fn give_back(tx: &mut Tx, entry: &Entry, order: Order, status: Status) -> Result<Order, Fault> {
    drops::release(tx, entry, order.drop_id, order.buyer_id, &order.sku, order.quantity)?;
    let order = Order { status, version: entry.index, ..order };
    table::put(tx, &order);
    tally::not_sold(tx, &order)?;
    let told = told(&order);
    tx.emit(match status {
        Status::Expired => Event::Expired(told),
        Status::Failed => Event::Failed(told),
        _ => Event::Cancelled(told),
    });
    Ok(order)
}
