use super::types::STOCK_MAX;
use super::{Event, Phase, Rejection, Reply, Restock, line, of_creator, release, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Adds units of one variant to a drop that has not ended.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`, `UnknownSku`, `BadField` (none, or more than a variant may have).
/// Emits `Restocked`, unless somebody waits for the variant: the units are for them first.
pub(super) fn restock(tx: &mut Tx, entry: &Entry, command: Restock) -> Result<Reply, Stop> {
    let drop = of_creator(tx, command.drop_id, command.creator_id)?;
    let over = matches!(drop.phase, Phase::Ended | Phase::Cancelled);
    ensure(!over, Rejection::WrongStatus { status: drop.status() })?;
    let mut stock = table::stock(tx, drop.id)?;
    let place = stock.place_of(Some(&command.sku)).ok_or(Rejection::UnknownSku)?;
    let item = &mut stock.0[place];
    let room = STOCK_MAX - item.stock;
    ensure((1..=room).contains(&command.quantity), Rejection::BadField)?;
    // From here on it must succeed.
    item.stock += command.quantity;
    item.available += command.quantity;
    item.assert_conserved();
    table::put_stock(tx, drop.id, &stock);
    // What was sold out says by itself that it is for sale again.
    if !(drop.sold_out && drop.phase == Phase::Live || drop.is_waited_for(place)) {
        tx.emit(Event::Restocked { drop_id: drop.id, creator_id: drop.creator_id, items: stock.0.clone() });
    }
    line::note_units(tx, &drop);
    release::note_units(tx, entry, drop.clone(), drop.for_sale(&stock))?;
    let drop = table::get(tx, drop.id)?.unwrap_or(drop);
    Ok(Reply::Changed(drop, stock))
}
