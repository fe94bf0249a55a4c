//! How what was paid for an order goes back: all of it is asked for, some of it is done, all of it is done.

use super::{Event, Order, Status, table, tally, told};
use crate::drops;
use crate::tx::Tx;
use crate::{Entry, Fault};

/// Marks an order whose whole charge is to go back.
pub(crate) fn begin_refund(tx: &mut Tx, entry: &Entry, order: Order) -> Order {
    let order = Order { status: Status::Refunding, version: entry.index, ..order };
    table::put(tx, &order);
    order
}

/// Counts so many minor units that were paid back for an order that was sold.
pub(crate) fn note_refund(tx: &mut Tx, order: &Order, amount: u64) -> Result<(), Fault> {
    tally::paid_back(tx, order, amount)
}

/// Where the units of an order are whose whole charge went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// They went back when nobody paid in time; the money that came too late was for nothing.
    WentBack,
    /// They stay sold, and the buyer's: nobody gets them for sale again.
    Gone,
    /// They are for sale again.
    Restocked,
}

/// Ends an order whose whole charge went back. Emits `Refunded`, after what the drop has to say.
pub(crate) fn refunded(tx: &mut Tx, entry: &Entry, order: Order, units: Units) -> Result<Order, Fault> {
    if units == Units::Restocked {
        drops::take_back(tx, entry, order.drop_id, order.buyer_id, &order.sku, order.quantity)?;
    }
    let order = Order { status: Status::Refunded, version: entry.index, ..order };
    table::put(tx, &order);
    if units != Units::WentBack {
        tally::refunded(tx, &order)?;
    }
    tx.emit(Event::Refunded(told(&order)));
    Ok(order)
}
