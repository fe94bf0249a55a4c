//! Whether an order id is taken, mostly without a look at the disk.
//!
//! Ids begin with the time at which they were made, and the state knows the greatest of them. One that is greater names
//! no order yet. Those that took longer to get here than others did are looked up. So are all for as long as the
//! greatest is one from the future, of a node whose clock was wrong; the answer is the same.

use super::table;
use crate::tx::Tx;
use crate::{Fault, OrderId, View};

/// The greatest order ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Newest {
    /// Of those that are stored.
    pub stored: OrderId,
    /// Of those and of the apply batch.
    pub applied: OrderId,
}

/// Whether there is an order with this id.
pub(crate) fn is_taken(tx: &Tx, id: OrderId) -> Result<bool, Fault> {
    let key = table::order_key(id);
    if id > tx.newest_orders.applied {
        return Ok(false);
    }
    if id > tx.newest_orders.stored {
        return Ok(tx.is_pending(&key));
    }
    let mut found = false;
    tx.read(&key, &mut |_| found = true)?;
    Ok(found)
}

/// Takes note of an order that is placed. If it is not in the end, more ids than need be are looked up.
pub(super) fn note(tx: &mut Tx, id: OrderId) {
    tx.newest_orders.applied = tx.newest_orders.applied.max(id);
}
