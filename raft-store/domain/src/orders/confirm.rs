use super::{Confirm, Event, Order, Rejection, Reply, Status, table, told};
use crate::drops;
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Turns the units of a reserved order into sold ones; again changes nothing.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`. Emits `Confirmed`.
pub(super) fn confirm(tx: &mut Tx, entry: &Entry, command: Confirm) -> Result<Reply, Stop> {
    let order = table::get(tx, command.order_id)?.ok_or(Rejection::NotFound)?;
    if order.status == Status::Confirmed {
        return Ok(Reply::Confirmed(order));
    }
    ensure(order.status == Status::Reserved, Rejection::WrongStatus { status: order.status })?;
    // From here on it must succeed.
    drops::settle(tx, order.drop_id, &order.sku, order.quantity)?;
    let order = Order { status: Status::Confirmed, version: entry.index, ..order };
    table::put(tx, &order);
    tx.emit(Event::Confirmed(told(&order)));
    Ok(Reply::Confirmed(order))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop};
    use crate::orders::{Cancel, Command};

    #[test]
    fn a_confirmed_order_is_sold_and_stays_so() {
        let mut machine = Machine::with_drop(2);
        let order = machine.place(1, 1, 2).expect("there are two");
        for _ in 0..2 {
            machine.run(Command::Confirm(Confirm { order_id: order.id })).expect("again changes nothing");
        }
        let cancel = Cancel { order_id: order.id, buyer_id: order.buyer_id };
        assert_eq!(
            machine.run(Command::Cancel(cancel)),
            Err(Rejection::WrongStatus { status: Status::Confirmed }.into())
        );
        machine.now.0 += drop(1).hold_ms;
        machine.tick();
        let stock = drops::stock(&machine.view, drop(1).drop_id).expect("it is there");
        assert_eq!((stock.0[0].available, stock.0[0].held, stock.0[0].sold), (0, 0, 2));
    }
}
