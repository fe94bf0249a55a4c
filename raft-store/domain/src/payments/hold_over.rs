use super::call_off::call_off;
use super::{End, Event, Payment, Stage, table};
use crate::orders::{self, Status};
use crate::tx::Tx;
use crate::{Entry, Fault, OrderId};

/// Looks at an order whose hold or whose wait for the gateway was to end by now, and ends what has ended: an order
/// that nobody began to pay expires, a payment is called off, and one that was called off gives its units back.
///
/// Emits how the order ends, if it does, and `Due` when there is something new to say to the gateway.
pub(crate) fn hold_over(tx: &mut Tx, entry: &Entry, id: OrderId) -> Result<(), Fault> {
    let order = orders::get(tx, id)?.ok_or_else(|| Fault::new("ending a hold", format!("{id} is not there")))?;
    let is_over = order.held_until() <= entry.now;
    match order.status {
        Status::Reserved if is_over => {
            orders::give_back(tx, entry, order, Status::Expired)?;
        }
        Status::Paying => {
            let before = table::of(tx, &order)?;
            if before.stage == Stage::Cancelling {
                give_up(tx, entry, order, before)?;
            } else if is_over {
                call_off(tx, entry, order, before, End::Expired)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Gives the units back though the gateway has not said that it cannot charge any more, if they have waited long enough.
fn give_up(tx: &mut Tx, entry: &Entry, order: orders::Order, before: Payment) -> Result<(), Fault> {
    let (Some(give_up_at), Some(end)) = (before.give_up_at, before.end) else {
        return Err(Fault::new("giving a payment up", format!("that of {} is not called off", order.id)));
    };
    if give_up_at > entry.now {
        return Ok(());
    }
    let order = orders::give_back(tx, entry, order, end.order_status())?;
    let payment = Payment { stage: Stage::Abandoned, attempt: before.attempt + 1, give_up_at: None, ..before.clone() };
    table::put(tx, entry, payment, Some(&before));
    tx.emit(Event::Due { order_id: order.id });
    Ok(())
}
