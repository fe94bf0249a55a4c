//! Aims commands of payments at orders that they can do something to: hardly any would hit one by chance.

use livedrop_domain::orders::{Order, Status};
use livedrop_domain::payments::{self, Command, Payment};
use livedrop_domain::{OrderId, codec, keys};

use crate::replica::Replica;

/// From here on the id of an order stands for one that the command can do something to.
pub const AIMED: u128 = 1_000;
/// Stands for the number of the latest attempt.
pub const LATEST: u32 = 0;

/// Fills in which order is meant, whose it is, and which attempt was the latest.
pub fn aim(replica: &Replica, command: &mut Command) {
    match command {
        Command::Pay(pay) => {
            let reserved = |order: &Order, _: Option<&Payment>| order.status == Status::Reserved;
            let order = aim_at(replica, &mut pay.order_id, reserved);
            pay.buyer_id = order.map_or(pay.buyer_id, |order| order.buyer_id);
        }
        Command::Cancel(cancel) => {
            let open = |order: &Order, _: Option<&Payment>| matches!(order.status, Status::Reserved | Status::Paying);
            let order = aim_at(replica, &mut cancel.order_id, open);
            cancel.buyer_id = order.map_or(cancel.buyer_id, |order| order.buyer_id);
        }
        Command::Report(report) => {
            let open = |_: &Order, payment: Option<&Payment>| payment.is_some_and(Payment::needs_gateway);
            aim_at(replica, &mut report.order_id, open);
            if report.attempt == LATEST {
                report.attempt = payment(replica, report.order_id).map_or(LATEST, |payment| payment.attempt);
            }
        }
        Command::Refund(refund) => {
            aim_at(replica, &mut refund.order_id, |order, _| order.status == Status::Confirmed);
        }
        Command::ReportRefund(report) => {
            let refunds =
                |_: &Order, payment: Option<&Payment>| payment.is_some_and(|it| it.open_refunds().next().is_some());
            let order = aim_at(replica, &mut report.order_id, refunds);
            let payment = payment(replica, report.order_id);
            if let Some(open) = payment.as_ref().filter(|_| order.is_some()).and_then(|it| it.open_refunds().next()) {
                report.number = open.number;
            }
            let refunds = payment.map_or(vec![], |payment| payment.refunds);
            let refund = refunds.into_iter().find(|refund| refund.number == report.number);
            if report.attempt == LATEST {
                report.attempt = refund.map_or(LATEST, |refund| refund.attempt);
            }
        }
        Command::PlaceAndPay(_) => {}
    }
}

/// Puts an order for which `fits` holds in the place of an id that stands for one, if there is one, and gives it.
fn aim_at(replica: &Replica, id: &mut OrderId, fits: impl Fn(&Order, Option<&Payment>) -> bool) -> Option<Order> {
    let number = u128::from_be_bytes(id.bytes()).checked_sub(AIMED)?;
    let rows = replica.view.0.range(vec![keys::ORDER]..vec![keys::ORDER + 1]);
    let orders = rows.map(|(_, row)| codec::decode::<Order>(row, "an order").expect("it was written just so"));
    let fitting: Vec<Order> = orders.filter(|order| fits(order, payment(replica, order.id).as_ref())).collect();
    let order = fitting.get(number as usize % fitting.len().max(1)).cloned();
    *id = order.as_ref().map_or(OrderId::from_u128(1 + number), |order| order.id);
    order
}

fn payment(replica: &Replica, order: OrderId) -> Option<Payment> {
    payments::get(&replica.view, order).expect("memory does not fail")
}
