use super::cancel::give_back;
use super::{Event, Status, table, told};
use crate::tx::Tx;
use crate::{Entry, Fault, OrderId};

/// Expires an order whose hold has ended, unless it was confirmed or cancelled before. Emits `Expired`.
pub(crate) fn expire(tx: &mut Tx, entry: &Entry, id: OrderId) -> Result<(), Fault> {
    let order = table::get(tx, id)?.ok_or_else(|| Fault::new("expiring an order", format!("{id} is not there")))?;
    if order.status != Status::Reserved || order.hold_expires_at > entry.now {
        return Ok(());
    }
    let order = give_back(tx, entry, order, Status::Expired)?;
    tx.emit(Event::Expired(told(&order)));
    Ok(())
}
