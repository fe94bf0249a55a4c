use super::{Payment, RefundOutcome, Rejection, Reply, ReportRefund, refund, table};
use crate::orders;
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Takes in what the gateway said about a refund. When the whole charge went back, the order is refunded.
///
/// Rejects, in this order: `NotFound`, `Stale`. Emits `Refunded` in the end.
pub(super) fn report_refund(tx: &mut Tx, entry: &Entry, command: ReportRefund) -> Result<Reply, Stop> {
    let order = orders::get(tx, command.order_id)?.ok_or(Rejection::NotFound)?;
    let before = table::get(tx, order.id)?.ok_or(Rejection::NotFound)?;
    let mut payment = before.clone();
    let asked = payment.refunds.iter_mut().find(|refund| refund.number == command.number);
    let asked = asked.ok_or(Rejection::NotFound)?;
    ensure(asked.attempt == command.attempt, Rejection::Stale { attempt: asked.attempt })?;
    // From here on it must succeed.
    if asked.done_at.is_some() {
        return Ok(Reply::Changed(order, before.into()));
    }
    match command.result {
        RefundOutcome::Done { refund_id } => (asked.refund_id, asked.done_at) = (Some(refund_id), Some(entry.now)),
        // Under the same key the gateway would say the same again.
        RefundOutcome::Failed { .. } => asked.attempt += 1,
    }
    let done = asked.done_at.map(|_| asked.amount);
    let mut order = order;
    if let Some(amount) = done {
        // What came after the units went back was never a sale.
        if payment.end.is_none() {
            orders::note_refund(tx, &order, amount)?;
        }
        if is_all_back(&payment) {
            order = refund::end(tx, entry, order, &payment)?;
        }
    }
    let payment = table::put(tx, entry, payment, Some(&before));
    Ok(Reply::Changed(order, payment.into()))
}

/// Whether the whole charge went back.
fn is_all_back(payment: &Payment) -> bool {
    payment.refunded() == payment.charged()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OrderId;
    use crate::machine::testing::{Machine, drop};
    use crate::orders::Status;
    use crate::payments::{AskRefund, Command};
    use crate::{Rejection as No, Reply as Yes};

    fn refunding() -> Machine {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        let (order_id, by) = (OrderId::from_u128(1), drop(1).creator_id);
        let ask = AskRefund { order_id, by, operator: false, amount: None, restock: false };
        machine.run(Command::Refund(ask)).expect("it is confirmed");
        machine
    }

    fn report(machine: &mut Machine, number: u32, attempt: u32, result: RefundOutcome) -> Result<Yes, No> {
        let order_id = OrderId::from_u128(1);
        machine.run(Command::ReportRefund(ReportRefund { order_id, number, attempt, result }))
    }

    fn done() -> RefundOutcome {
        RefundOutcome::Done { refund_id: "re_1".into() }
    }

    fn failed() -> RefundOutcome {
        RefundOutcome::Failed { code: "expired_or_canceled_card".into() }
    }

    #[test]
    fn a_refund_that_failed_is_tried_anew_as_another_attempt() {
        let mut machine = refunding();
        report(&mut machine, 1, 1, failed()).expect("it is the latest");
        assert_eq!((machine.order(1).status, machine.payment(1).refunds[0].attempt), (Status::Refunding, 2));
        assert_eq!(report(&mut machine, 1, 1, done()), Err(Rejection::Stale { attempt: 2 }.into()));
        report(&mut machine, 1, 2, done()).expect("it is the latest");
        assert_eq!(machine.order(1).status, Status::Refunded);
    }

    #[test]
    fn a_refund_that_is_done_stays_done() {
        let mut machine = refunding();
        report(&mut machine, 1, 1, done()).expect("it is the latest");
        let payment = machine.payment(1);
        machine.now.0 += 1;
        for again in [done(), failed()] {
            report(&mut machine, 1, 1, again).expect("it is the latest");
            assert_eq!((machine.payment(1), machine.told("Refunded")), (payment.clone(), 1));
        }
    }

    #[test]
    fn a_refund_that_nobody_asked_for_is_not_there() {
        let mut machine = refunding();
        assert_eq!(report(&mut machine, 2, 1, done()), Err(Rejection::NotFound.into()));
        assert_eq!(report(&mut machine, 0, 1, done()), Err(Rejection::NotFound.into()));
        let mut machine = Machine::with_drop(1);
        assert_eq!(report(&mut machine, 1, 1, done()), Err(Rejection::NotFound.into()));
    }
}
