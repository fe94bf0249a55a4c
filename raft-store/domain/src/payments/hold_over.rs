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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::is_due;
    use crate::machine::testing::{Machine, with};
    use crate::payments::Outcome;

    #[test]
    fn a_payment_that_was_never_confirmed_expires_with_its_order() {
        let mut machine = Machine::with_drop(5);
        machine.place(1, 1, 1).expect("there are five");
        let (order, _) = machine.pay(1, 1).expect("it is reserved");
        machine.now = order.hold_expires_at;
        machine.tick();
        assert_eq!(machine.order(1).status, Status::Paying, "it is held longer since the payment began");
        machine.now = order.held_until();
        machine.tick();
        assert_eq!((machine.order(1).status, machine.payment(1).stage), (Status::Expired, Stage::Closed));
        assert_eq!((machine.counts(), machine.told("Expired")), ((5, 0, 0), 1));
    }

    #[test]
    fn a_payment_whose_hold_is_over_is_called_off_and_then_given_up() {
        let mut machine = Machine::with_drop(5);
        let (order, _) = machine.confirming(1, 1, 1);
        machine.now = order.held_until();
        machine.tick();
        let payment = machine.payment(1);
        assert_eq!((payment.stage, payment.end), (Stage::Cancelling, Some(End::Expired)));
        assert_eq!(payment.give_up_at, Some(machine.now.after_ms(with().give_up_ms)));
        assert_eq!((machine.order(1).status, machine.counts()), (Status::Paying, (4, 1, 0)));
        machine.now.0 += with().give_up_ms - 1;
        machine.tick();
        assert_eq!(machine.payment(1), payment, "it is not yet time");
        machine.now.0 += 1;
        machine.tick();
        let given_up = machine.payment(1);
        assert_eq!((given_up.stage, given_up.attempt), (Stage::Abandoned, payment.attempt + 1));
        assert_eq!((machine.order(1).status, machine.counts()), (Status::Expired, (5, 0, 0)));
        assert!(given_up.needs_gateway(), "it must not charge later");
        assert_eq!(machine.told("Due"), 3, "to pay, to cancel, and to go on asking");
        machine.report(1, Outcome::Canceled).expect("it is the latest");
        assert_eq!(machine.payment(1).stage, Stage::Closed);
    }

    #[test]
    fn the_clock_leaves_alone_what_is_paid() {
        let mut machine = Machine::with_drop(5);
        let (order, payment) = machine.paid(1, 1, 1);
        machine.now = order.held_until();
        machine.tick();
        assert_eq!((machine.order(1), machine.payment(1)), (order, payment));
    }

    #[test]
    fn a_payment_that_is_given_up_at_once_waits_for_the_next_moment() {
        let mut machine = Machine::with_drop(5);
        machine.place(1, 1, 1).expect("there are five");
        let impatient = crate::payments::With { hold_ms: 0, give_up_ms: 0, ..with() };
        let (order_id, buyer_id) = (OrderId::from_u128(1), machine.buyer(1));
        let pay = crate::payments::Pay { order_id, buyer_id, with: impatient };
        machine.run(crate::payments::Command::Pay(pay)).expect("it is reserved");
        machine.report(1, Outcome::Created { intent_id: "pi_1".into() }).expect("it is the latest");
        machine.now = machine.order(1).held_until();
        machine.tick();
        assert_eq!(machine.payment(1).stage, Stage::Cancelling);
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
        machine.now.0 += 1;
        machine.tick();
        assert_eq!(machine.payment(1).stage, Stage::Abandoned);
    }
}
