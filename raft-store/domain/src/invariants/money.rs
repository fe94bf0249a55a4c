//! What must hold of payments, and of the counts that are kept of them.

use std::collections::BTreeMap;

use super::Broken;
use crate::orders::{Order, Status, Tally};
use crate::payments::{Payment, Stage};
use crate::{DropId, OrderId, View, orders, payments};

/// Where the units of an order are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    Held,
    Sold,
    /// For sale, or somebody else's.
    Back,
}

/// Where the units of an order must be.
pub(super) fn units(order: &Order, payment: Option<&Payment>) -> Units {
    match order.status {
        Status::Reserved | Status::Paying => Units::Held,
        Status::Confirmed => Units::Sold,
        Status::Cancelled | Status::Expired | Status::Failed => Units::Back,
        // What was called off and charged all the same had given its units back.
        Status::Refunding | Status::Refunded if payment.is_none_or(|payment| payment.end.is_some()) => Units::Back,
        Status::Refunding => Units::Sold,
        Status::Refunded => match payment.is_some_and(|payment| payment.refunds.iter().any(|refund| refund.restock)) {
            true => Units::Back,
            false => Units::Sold,
        },
    }
}

/// Checks that orders and payments agree, nobody gets more back than they paid, and no open payment is forgotten.
pub(super) fn check(view: &dyn View, orders: &[Order], payments: &BTreeMap<OrderId, Payment>) -> Result<(), Broken> {
    let mut known = 0;
    for order in orders {
        let payment = payments.get(&order.id);
        known += usize::from(payment.is_some());
        let broken = |law| Err(Broken::Payment { order: order.id, law });
        if !fits(order.status, payment) {
            return broken("the order's status fits its payment's stage");
        }
        let Some(payment) = payment else { continue };
        if payment.amount != order.amount() {
            return broken("it is of the order's amount");
        }
        if payment.refund_asked() > payment.charged() {
            return broken("no more goes back than was charged");
        }
        let all = payment.refund_asked() == payment.charged() && !payment.refunds.is_empty();
        if all != matches!(order.status, Status::Refunding | Status::Refunded) {
            return broken("the order is refunding or refunded when all is to go back");
        }
        if (order.status == Status::Refunded) != (all && payment.open_refunds().next().is_none()) {
            return broken("the order is refunded when all went back");
        }
        let called_off = matches!(payment.stage, Stage::Cancelling | Stage::Closed | Stage::Abandoned);
        if called_off && payment.end.is_none() {
            return broken("what is called off has a reason");
        }
        if (payment.stage == Stage::Cancelling) != payment.give_up_at.is_some() {
            return broken("the wait for the gateway ends while it is called off");
        }
        if (payment.stage == Stage::Acting) != payment.next_action.is_some() {
            return broken("the buyer is sent to authenticate when they have to");
        }
    }
    if known != payments.len() {
        return Err(Broken::Counted { what: "payments of orders", counted: payments.len(), summed: known });
    }
    let open: Vec<OrderId> = payments::open(view, None, usize::MAX)?.iter().map(|open| open.order_id).collect();
    if !open.iter().eq(payments.values().filter(|payment| payment.needs_gateway()).map(|payment| &payment.order_id)) {
        return Err(Broken::Open { marked: open });
    }
    tallies(view, orders, payments)
}

/// Whether an order with this status may have this payment, or none.
fn fits(status: Status, payment: Option<&Payment>) -> bool {
    let Some(payment) = payment else {
        return matches!(status, Status::Reserved | Status::Cancelled | Status::Expired);
    };
    let ended = payment.end.map(|end| end.order_status());
    match payment.stage {
        Stage::Creating | Stage::Confirming | Stage::Acting | Stage::Unknown | Stage::Cancelling => {
            status == Status::Paying
        }
        Stage::Closed | Stage::Abandoned => Some(status) == ended,
        Stage::Charged if ended.is_some() => matches!(status, Status::Refunding | Status::Refunded),
        Stage::Charged => matches!(status, Status::Confirmed | Status::Refunding | Status::Refunded),
    }
}

/// Checks that the counts of each drop are those of its orders.
fn tallies(view: &dyn View, orders: &[Order], payments: &BTreeMap<OrderId, Payment>) -> Result<(), Broken> {
    let mut summed: BTreeMap<DropId, Tally> = BTreeMap::new();
    for order in orders {
        let tally = summed.entry(order.drop_id).or_default();
        let payment = payments.get(&order.id);
        // How it ended first: what was called off is that, even if money came later.
        let ended = payment.and_then(|payment| payment.end).map(|end| end.order_status());
        match ended.filter(|_| order.status.is_final() || order.status == Status::Refunding).unwrap_or(order.status) {
            Status::Reserved | Status::Paying => {}
            Status::Failed => tally.failed_orders += 1,
            Status::Expired => tally.expired_orders += 1,
            Status::Cancelled => tally.cancelled_orders += 1,
            status @ (Status::Confirmed | Status::Refunding | Status::Refunded) => {
                tally.confirmed_orders += 1;
                tally.confirmed_units += u64::from(order.quantity);
                // As the count itself: one that is full stays full.
                tally.revenue = tally.revenue.saturating_add(order.amount().amount);
                tally.refunded = tally.refunded.saturating_add(payment.map_or(0, Payment::refunded));
                if status == Status::Refunded {
                    tally.refunded_orders += 1;
                    tally.refunded_units += u64::from(order.quantity);
                }
            }
        }
    }
    for (drop, summed) in summed {
        let counted = orders::tally(view, drop)?;
        if counted != summed {
            let (counted, summed) = (Box::new(counted), Box::new(summed));
            return Err(Broken::Tally { drop, counted, summed });
        }
        let minutes = orders::minutes(view, drop, 0, usize::MAX)?;
        let in_minutes = minutes.iter().fold((0, 0, 0_u64), |(orders, units, revenue), (_, minute)| {
            (orders + minute.confirmed_orders, units + minute.confirmed_units, revenue.saturating_add(minute.revenue))
        });
        if in_minutes != (summed.confirmed_orders, summed.confirmed_units, summed.revenue) {
            return Err(Broken::Minutes { drop });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariants;
    use crate::machine::testing::{Machine, drop};
    use crate::{codec, keys};

    /// Changes the payment of an order that is paid as a bug would.
    fn with_payment(change: impl FnOnce(&mut Payment)) -> Result<(), Broken> {
        let mut machine = Machine::with_drop(5);
        machine.paid(1, 1, 1);
        let mut payment = machine.payment(1);
        change(&mut payment);
        machine.view.0.insert(keys::of_id(keys::PAYMENT, payment.order_id.bytes()).to_vec(), codec::encode(&payment));
        invariants::check(&machine.view)
    }

    #[test]
    fn a_confirmed_order_that_is_not_charged_is_found() {
        assert!(with_payment(|_| {}).is_ok());
        for stage in [Stage::Closed, Stage::Unknown] {
            assert!(matches!(with_payment(|payment| payment.stage = stage), Err(Broken::Payment { .. })));
        }
    }

    #[test]
    fn an_order_of_which_more_goes_back_than_was_charged_is_found() {
        let refund = payments::Refund {
            number: 1,
            amount: 5_000,
            restock: false,
            attempt: 1,
            requested_at: crate::Timestamp(1_000_000),
            refund_id: None,
            done_at: None,
        };
        assert!(matches!(with_payment(|payment| payment.refunds.push(refund)), Err(Broken::Payment { .. })));
    }

    #[test]
    fn a_payment_that_nobody_would_go_on_with_is_found() {
        let mut machine = Machine::with_drop(5);
        let (order, _) = machine.confirming(1, 1, 1);
        machine.view.0.remove(&keys::of_id(keys::PAYMENT_OPEN, order.id.bytes())[..]);
        assert!(matches!(invariants::check(&machine.view), Err(Broken::Open { .. })));
    }

    #[test]
    fn a_sale_that_was_not_counted_is_found() {
        let mut machine = Machine::with_drop(5);
        machine.paid(1, 1, 1);
        machine.view.0.remove(&keys::of_id(keys::DROP_TALLY, drop(1).drop_id.bytes())[..]);
        assert!(matches!(invariants::check(&machine.view), Err(Broken::Tally { .. })));
    }
}
