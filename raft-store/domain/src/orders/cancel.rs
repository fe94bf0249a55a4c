use super::{Cancel, Event, Order, Rejection, Reply, Status, table, told};
use crate::drops;
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Fault, Stop};

/// Gives the units of a reserved order back; again changes nothing.
///
/// Rejects, in this order: `NotFound` (also when it is somebody else's), `WrongStatus`. Emits `Cancelled`.
pub(super) fn cancel(tx: &mut Tx, entry: &Entry, command: Cancel) -> Result<Reply, Stop> {
    let order = table::get(tx, command.order_id)?
        .filter(|order| order.buyer_id == command.buyer_id)
        .ok_or(Rejection::NotFound)?;
    if order.status == Status::Cancelled {
        return Ok(Reply::Cancelled(order));
    }
    ensure(order.status == Status::Reserved, Rejection::WrongStatus { status: order.status })?;
    // From here on it must succeed.
    let order = give_back(tx, entry, order, Status::Cancelled)?;
    tx.emit(Event::Cancelled(told(&order)));
    Ok(Reply::Cancelled(order))
}

/// Ends a reserved order with `status` and returns its units to the drop.
pub(super) fn give_back(tx: &mut Tx, entry: &Entry, order: Order, status: Status) -> Result<Order, Fault> {
    drops::release(tx, entry, order.drop_id, order.buyer_id, &order.sku, order.quantity)?;
    let order = Order { status, version: entry.index, ..order };
    table::put(tx, &order);
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop};
    use crate::orders::Command;

    #[test]
    fn cancelled_units_come_back_once() {
        let mut machine = Machine::with_drop(2);
        let order = machine.place(1, 1, 2).expect("there are two");
        let cancel = Cancel { order_id: order.id, buyer_id: order.buyer_id };
        for _ in 0..2 {
            machine.run(Command::Cancel(cancel.clone())).expect("again changes nothing");
            let stock = drops::stock(&machine.view, drop(1).drop_id).expect("it is there");
            assert_eq!((stock.0[0].available, stock.0[0].held), (2, 0));
        }
        assert_eq!((machine.told("SoldOut"), machine.told("Restocked")), (1, 1));
        machine.place(2, 2, 2).expect("they came back");
    }

    #[test]
    fn a_cancelled_order_no_longer_counts_against_the_limit() {
        let mut machine = Machine::with_product();
        let limited = drops::Schedule { per_customer_limit: 1, ..drop(1) };
        machine.run(drops::Command::Schedule(limited)).expect("the creator may");
        let order = machine.place(1, 1, 1).expect("one is allowed");
        machine.run(Command::Cancel(Cancel { order_id: order.id, buyer_id: order.buyer_id })).expect("it is reserved");
        machine.place(2, 1, 1).expect("one is allowed again");
    }

    #[test]
    fn somebody_elses_order_is_not_there() {
        let mut machine = Machine::with_drop(2);
        let order = machine.place(1, 1, 1).expect("there are two");
        let cancel = Cancel { order_id: order.id, buyer_id: machine.buyer(2) };
        assert_eq!(machine.run(Command::Cancel(cancel)), Err(Rejection::NotFound.into()));
    }
}
