use super::call_off::call_off;
use super::{Cancel, End, Rejection, Reply, table};
use crate::orders::{self, Status};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Gives the units of an order back, at once or when the gateway can no longer charge for them; again changes nothing.
///
/// Rejects, in this order: `NotFound` (also when it is somebody else's), `WrongStatus`. Emits `Cancelled`, or `Due`
/// when the gateway must be asked first.
pub(super) fn cancel(tx: &mut Tx, entry: &Entry, command: Cancel) -> Result<Reply, Stop> {
    let order = orders::get(tx, command.order_id)?
        .filter(|order| order.buyer_id == command.buyer_id)
        .ok_or(Rejection::NotFound)?;
    match order.status {
        Status::Reserved => {
            let order = orders::give_back(tx, entry, order, Status::Cancelled)?;
            Ok(Reply::Cancelled(order, None))
        }
        Status::Paying => {
            let payment = table::of(tx, &order)?;
            let (order, payment) = call_off(tx, entry, order, payment, End::Cancelled)?;
            Ok(Reply::Cancelled(order, Some(payment.into())))
        }
        Status::Cancelled => {
            let payment = table::get(tx, order.id)?;
            Ok(Reply::Cancelled(order, payment.map(Box::new)))
        }
        status => Err(Rejection::WrongStatus { status }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drops;
    use crate::machine::testing::{Machine, drop};
    use crate::payments::{Outcome, Stage};

    #[test]
    fn cancelled_units_come_back_once() {
        let mut machine = Machine::with_drop(2);
        machine.place(1, 1, 2).expect("there are two");
        for _ in 0..2 {
            let (order, payment) = machine.cancel(1, 1).expect("again changes nothing");
            assert_eq!((order.status, payment), (Status::Cancelled, None));
            assert_eq!(machine.counts(), (2, 0, 0));
        }
        assert_eq!((machine.told("SoldOut"), machine.told("Restocked"), machine.told("Cancelled")), (1, 1, 1));
        machine.place(2, 2, 2).expect("they came back");
    }

    #[test]
    fn a_cancelled_order_no_longer_counts_against_the_limit() {
        let mut machine = Machine::with_product();
        let limited = drops::Schedule { per_customer_limit: 1, ..drop(1) };
        machine.run(drops::Command::Schedule(limited)).expect("the creator may");
        machine.place(1, 1, 1).expect("one is allowed");
        machine.cancel(1, 1).expect("it is reserved");
        machine.place(2, 1, 1).expect("one is allowed again");
    }

    #[test]
    fn somebody_elses_order_is_not_there() {
        let mut machine = Machine::with_drop(2);
        machine.place(1, 1, 1).expect("there are two");
        assert_eq!(machine.cancel(1, 2), Err(Rejection::NotFound.into()));
    }

    #[test]
    fn a_payment_that_was_never_confirmed_ends_at_once() {
        let mut machine = Machine::with_drop(2);
        machine.place(1, 1, 1).expect("there are two");
        machine.pay(1, 1).expect("it is reserved");
        let (order, payment) = machine.cancel(1, 1).expect("it is paying");
        let payment = payment.expect("it was begun");
        assert_eq!(
            (order.status, payment.stage, payment.end),
            (Status::Cancelled, Stage::Closed, Some(End::Cancelled))
        );
        assert_eq!((machine.counts(), machine.told("Due")), ((2, 0, 0), 1));
        let (_, late) = machine.report(1, Outcome::Created { intent_id: "pi_1".into() }).expect("it is the latest");
        assert_eq!(late, payment, "what the gateway made is never confirmed");
    }

    #[test]
    fn a_payment_that_may_be_charged_holds_its_units_until_the_gateway_says_that_it_is_not() {
        let mut machine = Machine::with_drop(2);
        machine.confirming(1, 1, 1);
        for _ in 0..2 {
            let (order, payment) = machine.cancel(1, 1).expect("again changes nothing");
            let payment = payment.expect("it was begun");
            assert_eq!((order.status, payment.stage, payment.attempt), (Status::Paying, Stage::Cancelling, 3));
        }
        assert_eq!((machine.counts(), machine.told("Due")), ((1, 1, 0), 2));
        machine.report(1, Outcome::Canceled).expect("it is the latest");
        assert_eq!((machine.order(1).status, machine.counts()), (Status::Cancelled, (2, 0, 0)));
        machine.cancel(1, 1).expect("it is cancelled");
    }

    #[test]
    fn the_first_reason_to_call_a_payment_off_stays() {
        let mut machine = Machine::with_drop(2);
        machine.confirming(1, 1, 1);
        machine.report(1, Outcome::Declined { code: "card_declined".into() }).expect("it is the latest");
        machine.cancel(1, 1).expect("it is paying");
        machine.report(1, Outcome::Canceled).expect("it is the latest");
        assert_eq!(machine.order(1).status, Status::Failed);
        assert_eq!(machine.cancel(1, 1), Err(Rejection::WrongStatus { status: Status::Failed }.into()));
    }

    #[test]
    fn what_is_paid_is_refunded_and_not_cancelled() {
        let mut machine = Machine::with_drop(2);
        machine.paid(1, 1, 1);
        assert_eq!(machine.cancel(1, 1), Err(Rejection::WrongStatus { status: Status::Confirmed }.into()));
    }
}
