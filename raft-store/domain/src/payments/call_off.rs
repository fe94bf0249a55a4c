//! How a payment is called off, whoever wants it: the buyer, the clock, the gateway's no, or a drop that is cancelled.

use super::{End, Event, Payment, Stage, table};
use crate::orders::{self, Order};
use crate::tx::Tx;
use crate::{Entry, Fault};

/// Calls off the payment of an order that is paying. One that was never confirmed costs nothing and ends at once, with
/// the order; of others the gateway must say first that they cannot charge any more. One that is called off stays so,
/// for its first reason.
///
/// Emits how the order ends, if it does, or `Due` once.
pub(super) fn call_off(
    tx: &mut Tx,
    entry: &Entry,
    order: Order,
    before: Payment,
    end: End,
) -> Result<(Order, Payment), Fault> {
    match before.stage {
        Stage::Creating => close(tx, entry, order, before, end),
        Stage::Cancelling => Ok((order, before)),
        _ => {
            let payment = begin_cancelling(tx, entry, before.clone(), end);
            tx.emit(Event::Due { order_id: order.id });
            Ok((order, table::put(tx, entry, payment, Some(&before))))
        }
    }
}

/// The payment as it is while the gateway is asked to cancel it. The clock looks again when the units have waited
/// long enough.
pub(super) fn begin_cancelling(tx: &mut Tx, entry: &Entry, payment: Payment, end: End) -> Payment {
    // Later than now in any case: the clock must not find something new in what it is just doing.
    let give_up_at = entry.now.after_ms(payment.give_up_ms.max(1));
    orders::look_again(tx, entry, payment.order_id, give_up_at);
    Payment {
        stage: Stage::Cancelling,
        attempt: payment.attempt + 1,
        give_up_at: Some(give_up_at),
        end: Some(end),
        next_action: None,
        ..payment
    }
}

/// Ends a payment that charged nothing and never will, and the order with it. The reason that it was called off for
/// first goes before `end`.
pub(super) fn close(
    tx: &mut Tx,
    entry: &Entry,
    order: Order,
    before: Payment,
    end: End,
) -> Result<(Order, Payment), Fault> {
    let end = before.end.unwrap_or(end);
    let order = match before.stage {
        // Its units went back when it was given up.
        Stage::Abandoned => order,
        _ => orders::give_back(tx, entry, order, end.order_status())?,
    };
    let payment =
        Payment { stage: Stage::Closed, end: Some(end), give_up_at: None, next_action: None, ..before.clone() };
    Ok((order, table::put(tx, entry, payment, Some(&before))))
}
