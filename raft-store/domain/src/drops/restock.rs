use super::types::STOCK_MAX;
use super::{Event, Phase, Rejection, Reply, Restock, of_creator, release, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Adds units of one variant to a drop that has not ended.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`, `UnknownSku`, `BadField` (none, or more than a variant may have).
/// Emits `Restocked`.
pub(super) fn restock(tx: &mut Tx, entry: &Entry, command: Restock) -> Result<Reply, Stop> {
    let drop = of_creator(tx, command.drop_id, command.creator_id)?;
    let over = matches!(drop.phase, Phase::Ended | Phase::Cancelled);
    ensure(!over, Rejection::WrongStatus { status: drop.status() })?;
    let mut stock = table::stock(tx, drop.id)?;
    let item = stock.item_mut(&command.sku).ok_or(Rejection::UnknownSku)?;
    let room = STOCK_MAX - item.stock;
    ensure((1..=room).contains(&command.quantity), Rejection::BadField)?;
    // From here on it must succeed.
    item.stock += command.quantity;
    item.available += command.quantity;
    item.assert_conserved();
    table::put_stock(tx, drop.id, &stock);
    // What was sold out says by itself that it is for sale again.
    if !(drop.sold_out && drop.phase == Phase::Live) {
        tx.emit(Event::Restocked { drop_id: drop.id, creator_id: drop.creator_id, items: stock.0.clone() });
    }
    release::note_units(tx, entry, drop.clone(), stock.available())?;
    let drop = table::get(tx, drop.id)?.unwrap_or(drop);
    Ok(Reply::Changed(drop, stock))
}
