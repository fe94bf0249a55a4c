use super::{Event, Order, Status, table, told};
use crate::Entry;
use crate::tx::Tx;

/// Holds the units of a reserved order for `hold_ms` from now, if they are not held longer anyway: once, so that
/// nobody holds units by paying over and over. Emits `Paying`.
pub(crate) fn begin_payment(tx: &mut Tx, entry: &Entry, order: Order, hold_ms: u64) -> Order {
    debug_assert_eq!(order.status, Status::Reserved);
    let held_until = order.held_until().max(entry.now.after_ms(hold_ms));
    if held_until > order.held_until() {
        table::look_again(tx, entry, order.id, held_until);
    }
    let order = Order { status: Status::Paying, extended_to: Some(held_until), version: entry.index, ..order };
    table::put(tx, &order);
    tx.emit(Event::Paying(told(&order)));
    order
}
