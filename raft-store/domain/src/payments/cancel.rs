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
            Ok(Reply::Cancelled(order, Some(payment)))
        }
        Status::Cancelled => {
            let payment = table::get(tx, order.id)?;
            Ok(Reply::Cancelled(order, payment))
        }
        status => Err(Rejection::WrongStatus { status }.into()),
    }
}
