use super::{Order, newest, place};
use crate::tx::Tx;
use crate::{AccountId, DropId, Entry, Fault, OrderId, Timestamp, accounts, drops};

/// Units for whoever is next in a waiting line.
pub(crate) struct Offer {
    pub order_id: OrderId,
    pub buyer_id: AccountId,
    pub drop_id: DropId,
    /// The variant's place in the stock of the drop.
    pub item: u16,
    /// How many are wanted.
    pub at_most: u32,
    /// When the offer ends.
    pub expires_at: Timestamp,
}

/// Reserves units for somebody who waited, as many as they want, as there are, and as the limit of one customer leaves
/// them. Gives `None` when that is none, when an operator has disabled their account, or when the id names an order
/// already. Emits `Reserved`.
pub(crate) fn offer(tx: &mut Tx, entry: &Entry, offer: Offer) -> Result<Option<Order>, Fault> {
    let Offer { order_id, buyer_id, drop_id, item, at_most, expires_at } = offer;
    if newest::is_taken(tx, order_id)? || accounts::is_disabled(tx, buyer_id)? {
        return Ok(None);
    }
    let held = drops::hold_for_next(tx, drop_id, item, buyer_id, at_most, expires_at)?;
    let Some((held, quantity)) = held else { return Ok(None) };
    Ok(Some(place::reserve(tx, entry, (order_id, buyer_id, drop_id), held, quantity)))
}
