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
        return Ok(Reply::Changed(order, before));
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
    Ok(Reply::Changed(order, payment))
}

/// Whether the whole charge went back.
fn is_all_back(payment: &Payment) -> bool {
    payment.refunded() == payment.charged()
}
