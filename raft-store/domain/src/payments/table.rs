//! Keys of this room, and typed reads.

use super::Payment;
use crate::keys;
use crate::orders::{self, Order};
use crate::tx::{self, Tx};
use crate::view::Order as Way;
use crate::{Entry, Fault, OrderId, View, codec};

fn payment_key(id: OrderId) -> [u8; 17] {
    keys::of_id(keys::PAYMENT, id.bytes())
}

fn open_key(id: OrderId) -> [u8; 17] {
    keys::of_id(keys::PAYMENT_OPEN, id.bytes())
}

/// Stores a payment, and the mark that says whether somebody must talk to the gateway; `before` is what was stored.
/// One that has not changed is not stored anew.
pub(super) fn put(tx: &mut Tx, entry: &Entry, payment: Payment, before: Option<&Payment>) -> Payment {
    if before == Some(&payment) {
        return payment;
    }
    let payment = Payment { version: entry.index, ..payment };
    tx.put(payment_key(payment.order_id), &payment);
    match (before.is_some_and(Payment::needs_gateway), payment.needs_gateway()) {
        (false, true) => tx.mark(open_key(payment.order_id)),
        (true, false) => tx.delete(open_key(payment.order_id)),
        _ => {}
    }
    payment
}

/// The payment of an order, if one was begun.
pub fn get(view: &dyn View, id: OrderId) -> Result<Option<Payment>, Fault> {
    tx::row(view, &payment_key(id), "a payment")
}

/// The payment of an order that has one.
pub(super) fn of(view: &dyn View, order: &Order) -> Result<Payment, Fault> {
    get(view, order.id)?.ok_or_else(|| Fault::new("reading a payment", format!("{} has none", order.id)))
}

/// At most `limit` payments that somebody must talk to the gateway about, oldest order first, from after `after` on.
pub fn open(view: &dyn View, after: Option<OrderId>, limit: usize) -> Result<Vec<Payment>, Fault> {
    view.scan(&start(keys::PAYMENT_OPEN, after), &[keys::PAYMENT_OPEN + 1], Way::Forward, limit)?
        .iter()
        .map(|(row, _)| {
            let id = keys::id(row, 1).map(OrderId::from_bytes);
            let id = id.ok_or_else(|| Fault::new("reading open payments", "a key without an order id"))?;
            get(view, id)?.ok_or_else(|| Fault::new("reading open payments", format!("{id} has none")))
        })
        .collect()
}

/// At most `limit` payments with their orders, oldest order first, from after `after` on.
pub fn list(view: &dyn View, after: Option<OrderId>, limit: usize) -> Result<Vec<(Payment, Order)>, Fault> {
    view.scan(&start(keys::PAYMENT, after), &[keys::PAYMENT + 1], Way::Forward, limit)?
        .iter()
        .map(|(_, bytes)| {
            let payment: Payment = codec::decode(bytes, "a payment")?;
            let order = orders::get(view, payment.order_id)?;
            let order =
                order.ok_or_else(|| Fault::new("listing payments", format!("{} is not there", payment.order_id)))?;
            Ok((payment, order))
        })
        .collect()
}

/// Every payment, for checks of the whole state.
pub(crate) fn all(view: &dyn View) -> Result<Vec<Payment>, Fault> {
    view.scan(&[keys::PAYMENT], &[keys::PAYMENT + 1], Way::Forward, usize::MAX)?
        .iter()
        .map(|(_, bytes)| codec::decode(bytes, "a payment"))
        .collect()
}

/// The key after that of `after`, or the first one.
fn start(prefix: u8, after: Option<OrderId>) -> Vec<u8> {
    match after {
        // No key lies between one and the same with a zero behind it.
        Some(id) => keys::key(prefix, &[&id.bytes(), &[0]]),
        None => vec![prefix],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::payments::Outcome;

    fn ids(payments: impl IntoIterator<Item = Payment>) -> Vec<u128> {
        payments.into_iter().map(|payment| u128::from_be_bytes(payment.order_id.bytes())).collect()
    }

    #[test]
    fn payments_are_listed_oldest_first_page_by_page_and_open_ones_apart() {
        let mut machine = Machine::with_drop(9);
        for order in [4, 2, 5, 3, 1] {
            machine.confirming(order, order, 1);
        }
        machine.report(2, Outcome::Succeeded).expect("it is the latest");
        machine.report(4, Outcome::Canceled).expect("it is the latest");
        machine.place(6, 6, 1).expect("there are nine");
        let page = |after: Option<u128>| {
            let after = after.map(OrderId::from_u128);
            let all = list(&machine.view, after, 2).expect("memory does not fail");
            let open = open(&machine.view, after, 2).expect("memory does not fail");
            (ids(all.into_iter().map(|(payment, _)| payment)), ids(open))
        };
        assert_eq!(page(None), (vec![1, 2], vec![1, 3]));
        assert_eq!(page(Some(1)), (vec![2, 3], vec![3, 5]));
        assert_eq!(page(Some(3)), (vec![4, 5], vec![5]));
        assert_eq!(page(Some(5)), (vec![], vec![]));
    }
}
