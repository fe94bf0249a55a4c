//! Keys of this room, and typed reads.

use super::{Drop, Phase, Stage, Stock, hot};
use crate::keys::{self, key};
use crate::tx::Tx;
use crate::view::Order;
use crate::{AccountId, DropId, Fault, ProductId, Timestamp, View, codec, tx};

fn drop_key(id: DropId) -> [u8; 17] {
    keys::of_id(keys::DROP, id.bytes())
}

fn stock_key(id: DropId) -> [u8; 17] {
    keys::of_id(keys::STOCK, id.bytes())
}

fn stage_key(drop: &Drop) -> Vec<u8> {
    key(keys::DROP_BY_STAGE, &[&[drop.stage() as u8], &drop.id.bytes()])
}

fn product_key(drop: &Drop) -> [u8; 33] {
    keys::of_ids(keys::DROP_BY_PRODUCT, drop.product_id.bytes(), drop.id.bytes())
}

fn customer_key(drop: DropId, account: AccountId) -> [u8; 33] {
    keys::of_ids(keys::CUSTOMER, drop.bytes(), account.bytes())
}

/// When something is to happen to a drop by itself, if ever.
fn due_at(drop: &Drop) -> Option<Timestamp> {
    match drop.phase {
        Phase::Scheduled => Some(drop.starts_at),
        Phase::Live | Phase::Paused => Some(drop.ends_at).filter(|at| *at != Timestamp::NEVER),
        Phase::Ended | Phase::Cancelled => None,
    }
}

fn due_key(drop: &Drop) -> Option<Vec<u8>> {
    due_at(drop).map(|at| key(keys::DROP_DUE, &[&at.0.to_be_bytes(), &drop.id.bytes()]))
}

/// Stores a drop and the rows that lead to it; `before` is what was stored.
pub(super) fn put(tx: &mut Tx, drop: &Drop, before: Option<&Drop>) {
    hot::forget_drop(tx);
    if let Some(before) = before {
        if stage_key(before) != stage_key(drop) {
            tx.delete(stage_key(before));
        }
        if let Some(due) = due_key(before).filter(|due| Some(due) != due_key(drop).as_ref()) {
            tx.delete(due);
        }
    }
    tx.put(drop_key(drop.id), drop);
    if before.is_none_or(|before| stage_key(before) != stage_key(drop)) {
        tx.mark(stage_key(drop));
    }
    if before.is_none() {
        tx.mark(keys::of_ids(keys::DROP_BY_CREATOR, drop.creator_id.bytes(), drop.id.bytes()));
        tx.mark(product_key(drop));
    }
    if let Some(due) = due_key(drop).filter(|due| before.and_then(due_key).as_ref() != Some(due)) {
        tx.mark(due);
    }
}

pub(super) fn put_stock(tx: &mut Tx, id: DropId, stock: &Stock) {
    hot::forget_stock(tx);
    tx.put(stock_key(id), stock);
}

/// Units of the drop that the account holds or bought; kept only for drops with a limit.
pub fn units_of(view: &dyn View, drop: DropId, account: AccountId) -> Result<u32, Fault> {
    Ok(tx::row(view, &customer_key(drop, account), "a customer's units")?.unwrap_or(0))
}

pub(super) fn put_units(tx: &mut Tx, drop: DropId, account: AccountId, units: u32) {
    match units {
        0 => tx.delete(customer_key(drop, account)),
        units => tx.put(customer_key(drop, account), &units),
    }
}

/// The drop with this id.
pub fn get(view: &dyn View, id: DropId) -> Result<Option<Drop>, Fault> {
    tx::row(view, &drop_key(id), "a drop")
}

/// The counts of a drop that is there.
pub fn stock(view: &dyn View, id: DropId) -> Result<Stock, Fault> {
    tx::row(view, &stock_key(id), "the stock of a drop")?
        .ok_or_else(|| Fault::new("reading stock", format!("{id} has no counts")))
}

/// The drops that are due by `now`, longest overdue first.
pub(crate) fn due(view: &dyn View, now: Timestamp, limit: usize) -> Result<Vec<DropId>, Fault> {
    let end = key(keys::DROP_DUE, &[&now.after_ms(1).0.to_be_bytes()]);
    view.scan(&[keys::DROP_DUE], &end, Order::Forward, limit)?
        .iter()
        .map(|(row, _)| {
            let id = keys::id(row, 9).map(DropId::from_bytes);
            id.ok_or_else(|| Fault::new("reading due drops", "a key without a drop id"))
        })
        .collect()
}

/// Which drops to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub stage: Option<Stage>,
    pub creator: Option<AccountId>,
}

/// At most `limit` drops, newest first, older than `before`.
pub fn list(view: &dyn View, filter: Filter, before: Option<DropId>, limit: usize) -> Result<Vec<Drop>, Fault> {
    let prefix = match (filter.creator, filter.stage) {
        (Some(creator), _) => key(keys::DROP_BY_CREATOR, &[&creator.bytes()]),
        (None, Some(stage)) => vec![keys::DROP_BY_STAGE, stage as u8],
        (None, None) => vec![keys::DROP],
    };
    let mut drops: Vec<Drop> = Vec::new();
    let mut before = before;
    while drops.len() < limit {
        let wanted = limit - drops.len();
        let rows = tx::keys_before(view, &prefix, before.map(|id| id.bytes()).as_ref().map(|id| &id[..]), wanted)?;
        for (row, _) in &rows {
            let id = keys::id(row, prefix.len()).map(DropId::from_bytes);
            let id = id.ok_or_else(|| Fault::new("listing drops", "a key without a drop id"))?;
            before = Some(id);
            drops.extend(get(view, id)?.filter(|drop| filter.stage.is_none_or(|stage| drop.stage() == stage)));
        }
        if rows.len() < wanted {
            break;
        }
    }
    Ok(drops)
}

/// At most `limit` drops of a product, newest first, older than `before`.
pub fn of_product(
    view: &dyn View,
    product: ProductId,
    before: Option<DropId>,
    limit: usize,
) -> Result<Vec<Drop>, Fault> {
    let prefix = keys::of_id(keys::DROP_BY_PRODUCT, product.bytes());
    let rows = tx::keys_before(view, &prefix, before.map(|id| id.bytes()).as_ref().map(|id| &id[..]), limit)?;
    rows.iter()
        .map(|(row, _)| {
            let id = keys::id(row, prefix.len()).map(DropId::from_bytes);
            let id = id.ok_or_else(|| Fault::new("listing drops of a product", "a key without a drop id"))?;
            get(view, id)?.ok_or_else(|| Fault::new("listing drops of a product", format!("{id} is not there")))
        })
        .collect()
}

/// At most `limit` drops with ids after `after`, lowest first.
pub(crate) fn after(view: &dyn View, after: Option<DropId>, limit: usize) -> Result<Vec<Drop>, Fault> {
    let from = after.map_or(vec![keys::DROP], |id| [&drop_key(id)[..], &[0]].concat());
    let rows = view.scan(&from, &[keys::DROP + 1], Order::Forward, limit)?;
    rows.iter().map(|(_, bytes)| codec::decode(bytes, "a drop")).collect()
}

/// Lists a drop under its product, if it is not: programs of before did not.
pub(crate) fn list_under_product(tx: &mut Tx, drop: &Drop) -> Result<(), Fault> {
    let key = product_key(drop);
    if tx.get(&key)?.is_none() {
        tx.mark(key);
    }
    Ok(())
}

/// Every drop with its counts, for checks of the whole state.
pub(crate) fn all(view: &dyn View) -> Result<Vec<(Drop, Stock)>, Fault> {
    view.scan(&[keys::DROP], &[keys::DROP + 1], Order::Forward, usize::MAX)?
        .into_iter()
        .map(|(_, bytes)| {
            let drop: Drop = codec::decode(&bytes, "a drop")?;
            let stock = stock(view, drop.id)?;
            Ok((drop, stock))
        })
        .collect()
}
