//! The drop that everybody wants at the moment: decoded once for all purchases of an entry, not once for each.

use super::{Drop, Stock, table};
use crate::tx::Tx;
use crate::{DropId, Fault};

/// What the command at hand would read of a drop, if it is here. Whoever writes the row brings it along or takes it out;
/// with what a command wrote it is forgotten, if that is discarded.
#[derive(Default)]
pub(crate) struct Hot {
    drop: Option<Drop>,
    stock: Option<(DropId, Stock)>,
}

/// The drop with this id.
pub(super) fn get(tx: &mut Tx, id: DropId) -> Result<Option<Drop>, Fault> {
    match &tx.hot.drop {
        Some(drop) if drop.id == id => Ok(Some(drop.clone())),
        _ => {
            let drop = table::get(tx, id)?;
            tx.hot.drop.clone_from(&drop);
            Ok(drop)
        }
    }
}

/// The counts of a drop that is there. Who changes them must [`put_stock`] before anything can stop the command.
pub(super) fn stock<'a>(tx: &'a mut Tx, id: DropId) -> Result<&'a mut Stock, Fault> {
    let stock = match tx.hot.stock.take() {
        Some((of, stock)) if of == id => stock,
        _ => table::stock(tx, id)?,
    };
    Ok(&mut tx.hot.stock.insert((id, stock)).1)
}

/// Stores the counts as they are here.
pub(super) fn put_stock(tx: &mut Tx) {
    // Taken out for the moment, as whoever stores counts forgets those that are here.
    if let Some((id, stock)) = tx.hot.stock.take() {
        table::put_stock(tx, id, &stock);
        tx.hot.stock = Some((id, stock));
    }
}

/// Takes out a drop that is about to change.
pub(super) fn forget_drop(tx: &mut Tx) {
    tx.hot.drop = None;
}

/// Takes out counts that are about to change.
pub(super) fn forget_stock(tx: &mut Tx) {
    tx.hot.stock = None;
}
