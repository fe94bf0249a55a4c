use super::call_off::call_off;
use super::{End, refund, table};
use crate::orders::{self, Order, Status};
use crate::tx::Tx;
use crate::{Entry, Fault};

/// Calls off an order of a drop that was cancelled: what is held goes back, what is paid is paid back.
///
/// Emits `Cancelled`, or `Due` when the gateway must be asked first.
pub(crate) fn wind_down(tx: &mut Tx, entry: &Entry, order: Order) -> Result<(), Fault> {
    match order.status {
        Status::Reserved => {
            orders::give_back(tx, entry, order, Status::Cancelled)?;
        }
        Status::Paying => {
            let payment = table::of(tx, &order)?;
            call_off(tx, entry, order, payment, End::DropCancelled)?;
        }
        Status::Confirmed => {
            // What was confirmed before there were payments was not paid here, and nothing goes back.
            let Some(before) = table::get(tx, order.id)? else { return Ok(()) };
            let (_, payment) = refund::all_that_is_left(tx, entry, order, before.clone(), true)?;
            table::put(tx, entry, payment, Some(&before));
        }
        Status::Cancelled | Status::Expired | Status::Failed | Status::Refunding | Status::Refunded => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::is_due;
    use crate::drops::{self, Steer};
    use crate::machine::testing::{Machine, drop};
    use crate::payments::{Outcome, RefundOutcome, ReportRefund, Stage};

    fn cancel_drop(machine: &mut Machine) {
        let steer = Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id };
        machine.run(drops::Command::Cancel(steer)).expect("it is live");
    }

    #[test]
    fn every_order_of_a_cancelled_drop_is_called_off() {
        let mut machine = Machine::with_drop(10);
        machine.place(1, 1, 1).expect("there are ten");
        machine.place(2, 2, 1).expect("there are ten");
        machine.pay(2, 2).expect("it is reserved");
        machine.confirming(3, 3, 1);
        machine.paid(4, 4, 2);
        machine.place(5, 5, 1).expect("there are ten");
        machine.cancel(5, 5).expect("it is reserved");
        cancel_drop(&mut machine);
        machine.tick();

        let statuses = |machine: &Machine| [1, 2, 3, 4, 5].map(|order| machine.order(order).status);
        use Status::*;
        assert_eq!(statuses(&machine), [Cancelled, Cancelled, Paying, Refunding, Cancelled]);
        assert_eq!((machine.payment(3).stage, machine.payment(3).end), (Stage::Cancelling, Some(End::DropCancelled)));
        assert_eq!(machine.counts(), (7, 1, 2));
        machine.report(3, Outcome::Canceled).expect("it is the latest");
        let done = RefundOutcome::Done { refund_id: "re_1".into() };
        let report = ReportRefund { order_id: machine.order(4).id, number: 1, attempt: 1, result: done };
        machine.run(crate::payments::Command::ReportRefund(report)).expect("it is the latest");
        assert_eq!(statuses(&machine), [Cancelled, Cancelled, Cancelled, Refunded, Cancelled]);
        assert_eq!(machine.counts(), (10, 0, 0));
    }

    #[test]
    fn many_orders_are_called_off_in_ticks_of_bounded_work() {
        let mut machine = Machine::with_drop(10);
        for order in 1..=5 {
            machine.place(order, 1, 1).expect("there are ten");
        }
        cancel_drop(&mut machine);
        let mut held = Vec::new();
        while is_due(&machine.view, machine.now).expect("memory does not fail") {
            machine.tick_with(2);
            held.push(machine.counts().1);
        }
        assert_eq!(held, [3, 1, 0]);
        assert_eq!(machine.told("Cancelled"), 6, "five orders and a drop");
    }

    #[test]
    fn a_drop_that_nobody_ordered_from_leaves_nothing_to_do() {
        let mut machine = Machine::with_drop(10);
        cancel_drop(&mut machine);
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
    }

    #[test]
    fn a_reason_that_was_there_before_stays() {
        let mut machine = Machine::with_drop(10);
        machine.confirming(1, 1, 1);
        machine.report(1, Outcome::Declined { code: "card_declined".into() }).expect("it is the latest");
        cancel_drop(&mut machine);
        machine.tick();
        assert_eq!(machine.payment(1).end, Some(End::Declined));
    }
}
