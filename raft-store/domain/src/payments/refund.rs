use super::{AskRefund, Event, Payment, REFUNDS_MAX, Refund, Rejection, Reply, table};
use crate::orders::{self, Order, Status, Units};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Fault, Stop, drops};

/// Pays a part of a charge back, or all that is left of it, when the drop's creator or an operator says so.
///
/// Rejects, in this order: `NotFound` (also to everybody else), `WrongStatus`, `BadAmount`, `RestockNeedsAll`,
/// `TooManyRefunds`. Emits `Due`; of what was free `Refunded`.
pub(super) fn refund(tx: &mut Tx, entry: &Entry, command: AskRefund) -> Result<Reply, Stop> {
    let order = orders::get(tx, command.order_id)?.ok_or(Rejection::NotFound)?;
    let drop = drops::get(tx, order.drop_id)?;
    let may = command.operator || drop.is_some_and(|drop| drop.creator_id == command.by);
    ensure(may, Rejection::NotFound)?;
    ensure(order.status == Status::Confirmed, Rejection::WrongStatus { status: order.status })?;
    let before = table::of(tx, &order)?;
    let left = left(&before);
    let amount = command.amount.unwrap_or(left);
    let is_free = before.amount.amount == 0;
    ensure(amount <= left && (amount > 0 || is_free), Rejection::BadAmount { left })?;
    ensure(!command.restock || amount == left, Rejection::RestockNeedsAll)?;
    ensure(before.refunds.len() < REFUNDS_MAX, Rejection::TooManyRefunds)?;
    // From here on it must succeed.
    let (order, payment) = begin(tx, entry, order, before.clone(), amount, command.restock)?;
    let payment = table::put(tx, entry, payment, Some(&before));
    let number = payment.refunds.len() as u32;
    Ok(Reply::Refunding(order, payment, number))
}

/// What of a charge is not to go back yet.
fn left(payment: &Payment) -> u64 {
    payment.charged() - payment.refund_asked()
}

/// Begins to pay back all that is left of a charge. The caller stores the payment.
pub(super) fn all_that_is_left(
    tx: &mut Tx,
    entry: &Entry,
    order: Order,
    payment: Payment,
    restock: bool,
) -> Result<(Order, Payment), Fault> {
    let left = left(&payment);
    begin(tx, entry, order, payment, left, restock)
}

fn begin(
    tx: &mut Tx,
    entry: &Entry,
    order: Order,
    mut payment: Payment,
    amount: u64,
    restock: bool,
) -> Result<(Order, Payment), Fault> {
    let is_free = payment.amount.amount == 0;
    payment.refunds.push(Refund {
        number: payment.refunds.len() as u32 + 1,
        amount,
        restock,
        attempt: 1,
        requested_at: entry.now,
        refund_id: None,
        // No gateway knows of what was free.
        done_at: is_free.then_some(entry.now),
    });
    if is_free {
        let order = end(tx, entry, order, &payment)?;
        return Ok((order, payment));
    }
    let order = if left(&payment) == 0 { orders::begin_refund(tx, entry, order) } else { order };
    tx.emit(Event::Due { order_id: order.id });
    Ok((order, payment))
}

/// Ends an order whose whole charge went back. Emits `Refunded`.
pub(super) fn end(tx: &mut Tx, entry: &Entry, order: Order, payment: &Payment) -> Result<Order, Fault> {
    let units = match payment.end {
        Some(_) => Units::WentBack,
        None if payment.refunds.iter().any(|refund| refund.restock) => Units::Restocked,
        None => Units::Gone,
    };
    orders::refunded(tx, entry, order, units)
}
