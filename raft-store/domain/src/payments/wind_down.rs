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
            let before = table::of(tx, &order)?;
            let (_, payment) = refund::all_that_is_left(tx, entry, order, before.clone(), true)?;
            table::put(tx, entry, payment, Some(&before));
        }
        Status::Cancelled | Status::Expired | Status::Failed | Status::Refunding | Status::Refunded => {}
    }
    Ok(())
}
