//! What follows when the money is there.

use super::{Payment, Stage, refund};
use crate::drops::{self, Phase};
use crate::orders::{self, Order};
use crate::tx::Tx;
use crate::{Entry, Fault};

/// Confirms the order of a payment that is charged. All of it is to go back at once when the units went back before,
/// or the drop was cancelled in the meantime.
///
/// Emits `Confirmed`, if the units are still there, and `Due` or `Refunded`, if all goes back.
pub(super) fn charged(tx: &mut Tx, entry: &Entry, order: Order, payment: Payment) -> Result<(Order, Payment), Fault> {
    let too_late = payment.stage == Stage::Abandoned;
    let mut payment = Payment { stage: Stage::Charged, give_up_at: None, next_action: None, ..payment };
    if too_late {
        return refund::all_that_is_left(tx, entry, order, payment, false);
    }
    (payment.end, payment.declined) = (None, None);
    let order = orders::confirm(tx, entry, order)?;
    let drop = drops::get(tx, order.drop_id)?;
    match drop.is_some_and(|drop| drop.phase == Phase::Cancelled) {
        true => refund::all_that_is_left(tx, entry, order, payment, true),
        false => Ok((order, payment)),
    }
}
