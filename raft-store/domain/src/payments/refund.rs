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
    // What was confirmed before there were payments was not paid here.
    let before = table::get(tx, order.id)?.ok_or(Rejection::WrongStatus { status: order.status })?;
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
    Ok(Reply::Refunding(order, payment.into(), number))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop, product};
    use crate::payments::{Command, RefundOutcome, ReportRefund};
    use crate::{AccountId, Currency, Money, OrderId, Rejection as No, products};

    const PRICE: u64 = 4_999;

    fn ask(amount: Option<u64>, restock: bool) -> AskRefund {
        let order_id = OrderId::from_u128(1);
        AskRefund { order_id, by: drop(1).creator_id, operator: false, amount, restock }
    }

    fn refund(machine: &mut Machine, ask: AskRefund) -> Result<(Order, Payment, u32), No> {
        machine.run(Command::Refund(ask)).map(|reply| match reply {
            crate::Reply::Payments(Reply::Refunding(order, payment, number)) => (order, *payment, number),
            other => panic!("not refunding: {other:?}"),
        })
    }

    fn done(machine: &mut Machine, number: u32) {
        let result = RefundOutcome::Done { refund_id: format!("re_{number}") };
        let report = ReportRefund { order_id: OrderId::from_u128(1), number, attempt: 1, result };
        machine.run(Command::ReportRefund(report)).expect("it is the latest");
    }

    #[test]
    fn an_order_whose_whole_charge_goes_back_is_refunded_when_it_is_back() {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        let (order, payment, number) = refund(&mut machine, ask(None, true)).expect("it is confirmed");
        assert_eq!((order.status, payment.refund_asked(), number), (Status::Refunding, PRICE, 1));
        assert_eq!((machine.counts(), payment.needs_gateway()), ((0, 0, 1), true));
        done(&mut machine, 1);
        assert_eq!((machine.order(1).status, machine.payment(1).refunded()), (Status::Refunded, PRICE));
        assert_eq!((machine.counts(), machine.told("Refunded"), machine.told("Restocked")), ((1, 0, 0), 1, 1));
        machine.place(2, 2, 1).expect("it is for sale again");
    }

    #[test]
    fn units_that_are_not_for_sale_again_stay_sold() {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        refund(&mut machine, ask(None, false)).expect("it is confirmed");
        done(&mut machine, 1);
        assert_eq!((machine.order(1).status, machine.counts()), (Status::Refunded, (0, 0, 1)));
    }

    #[test]
    fn a_part_that_goes_back_leaves_the_order_confirmed() {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        let (order, ..) = refund(&mut machine, ask(Some(1_000), false)).expect("it is confirmed");
        assert_eq!(order.status, Status::Confirmed);
        let (order, _, number) = refund(&mut machine, ask(None, true)).expect("something is left");
        assert_eq!((order.status, number), (Status::Refunding, 2));
        done(&mut machine, 2);
        assert_eq!(machine.order(1).status, Status::Refunding, "the first part is not back");
        done(&mut machine, 1);
        assert_eq!((machine.order(1).status, machine.counts()), (Status::Refunded, (1, 0, 0)));
        let tally = orders::tally(&machine.view, drop(1).drop_id).expect("memory does not fail");
        assert_eq!((tally.revenue, tally.refunded, tally.refunded_orders, tally.refunded_units), (PRICE, PRICE, 1, 1));
    }

    #[test]
    fn no_more_goes_back_than_was_paid() {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        let bad = |left| Err(Rejection::BadAmount { left }.into());
        assert_eq!(refund(&mut machine, ask(Some(PRICE + 1), false)), bad(PRICE));
        assert_eq!(refund(&mut machine, ask(Some(0), false)), bad(PRICE));
        refund(&mut machine, ask(Some(PRICE - 1), false)).expect("it is confirmed");
        assert_eq!(refund(&mut machine, ask(Some(2), false)), bad(1));
        assert_eq!(refund(&mut machine, ask(Some(u64::MAX), false)), bad(1));
    }

    #[test]
    fn units_are_for_sale_again_only_when_all_goes_back() {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        assert_eq!(refund(&mut machine, ask(Some(1), true)), Err(Rejection::RestockNeedsAll.into()));
        refund(&mut machine, ask(Some(PRICE), true)).expect("that is all");
    }

    #[test]
    fn the_creator_and_operators_pay_back_and_nobody_else() {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        let stranger = AskRefund { by: AccountId::from_u128(9), ..ask(Some(1), false) };
        assert_eq!(refund(&mut machine, stranger.clone()), Err(Rejection::NotFound.into()));
        let buyer = AskRefund { by: machine.buyer(1), ..stranger.clone() };
        assert_eq!(refund(&mut machine, buyer), Err(Rejection::NotFound.into()));
        refund(&mut machine, AskRefund { operator: true, ..stranger.clone() }).expect("an operator may");
        refund(&mut machine, ask(Some(1), false)).expect("the creator may");
        let nothing = AskRefund { order_id: OrderId::from_u128(7), ..stranger };
        assert_eq!(refund(&mut machine, nothing), Err(Rejection::NotFound.into()));
    }

    #[test]
    fn only_what_is_paid_goes_back_and_that_once() {
        let mut machine = Machine::with_drop(1);
        let no = |status| Err(Rejection::WrongStatus { status }.into());
        machine.place(1, 1, 1).expect("there is one");
        assert_eq!(refund(&mut machine, ask(None, false)), no(Status::Reserved));
        machine.pay(1, 1).expect("it is reserved");
        assert_eq!(refund(&mut machine, ask(None, false)), no(Status::Paying));
        let created = crate::payments::Outcome::Created { intent_id: "pi_1".into() };
        machine.report(1, created).expect("it is the latest");
        machine.report(1, crate::payments::Outcome::Succeeded).expect("it is the latest");
        refund(&mut machine, ask(None, false)).expect("it is confirmed");
        assert_eq!(refund(&mut machine, ask(None, false)), no(Status::Refunding));
    }

    #[test]
    fn a_payment_goes_back_in_so_many_parts_and_a_cancelled_drop_pays_the_rest_back() {
        let mut machine = Machine::with_drop(1);
        machine.paid(1, 1, 1);
        for _ in 0..REFUNDS_MAX {
            refund(&mut machine, ask(Some(1), false)).expect("there is some left");
        }
        assert_eq!(refund(&mut machine, ask(Some(1), false)), Err(Rejection::TooManyRefunds.into()));
        let steer = drops::Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id };
        machine.run(drops::Command::Cancel(steer)).expect("it is live");
        machine.tick();
        assert_eq!(machine.payment(1).refund_asked(), PRICE);
    }

    #[test]
    fn what_was_free_is_refunded_at_once() {
        let mut machine = Machine::with_creator();
        let price = Money { amount: 0, currency: Currency::EUR };
        machine.run(products::Command::Create(products::Create { price, ..product(1, 1) })).expect("the creator may");
        machine.run(drops::Command::Schedule(drop(1))).expect("the creator may");
        machine.place(1, 1, 1).expect("there are five");
        machine.pay(1, 1).expect("it is reserved");
        assert_eq!(refund(&mut machine, ask(Some(1), true)), Err(Rejection::BadAmount { left: 0 }.into()));
        let (order, payment, number) = refund(&mut machine, ask(None, true)).expect("it is confirmed");
        assert_eq!((order.status, number, payment.needs_gateway()), (Status::Refunded, 1, false));
        assert_eq!(machine.counts(), (5, 0, 0));
    }
}
