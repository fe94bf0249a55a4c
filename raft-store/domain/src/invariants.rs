//! What must hold of any state, checked over all of it: by the tests after every entry, and by whoever audits a cluster.

mod accounts;
mod follows;
mod money;
mod notifications;
mod sandbox;
mod waitlist;
mod webhooks;

use std::collections::BTreeMap;

use crate::follows::Counts;
use crate::orders::Tally;
use crate::sandbox::IntentId;
use crate::{AccountId, DropId, Fault, OrderId, View, WebhookId, audit, drops, journal, orders, payments};

/// A law that the state breaks.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("{drop} {sku}: {what} is {counted} in its row and {summed} over its orders")]
    Counts { drop: DropId, sku: String, what: &'static str, counted: u64, summed: u64 },
    #[error("{drop} {sku}: stock {stock} is not available + held + sold")]
    NotConserved { drop: DropId, sku: String, stock: u64 },
    #[error("{drop}: {account} has {units} units of at most {limit}, {counted} of them in their row")]
    Limit { drop: DropId, account: AccountId, units: u64, limit: u32, counted: u32 },
    #[error("{drop}: sold out is told {told}, {for_sale} units are for sale")]
    SoldOut { drop: DropId, told: bool, for_sale: u64 },
    #[error("{order} is greater than {newest}, which is said to be the greatest")]
    Newest { order: OrderId, newest: OrderId },
    #[error("the payment of {order} breaks a law: {law}")]
    Payment { order: OrderId, law: &'static str },
    #[error("there are {counted} {what} and {summed} that lead somewhere")]
    Counted { what: &'static str, counted: usize, summed: usize },
    #[error("somebody must talk to the gateway about other payments than {marked:?}")]
    Open { marked: Vec<OrderId> },
    #[error("{drop}: what came of its orders is {counted:?} in its row and {summed:?} over them")]
    Tally { drop: DropId, counted: Box<Tally>, summed: Box<Tally> },
    #[error("{drop}: what was confirmed is not the sum of its minutes")]
    Minutes { drop: DropId },
    #[error("{intent}: {what} come to {summed} in the books of the sandbox and to {expected} in its row")]
    Books { intent: IntentId, what: &'static str, summed: u64, expected: u64 },
    #[error("{intent}: {refunded} was paid back of {charged}")]
    Overpaid { intent: IntentId, refunded: u64, charged: u64 },
    #[error("{creator} has {endpoints} endpoints, one of them with {secrets} secrets")]
    Endpoints { creator: AccountId, endpoints: usize, secrets: usize },
    #[error("{endpoint}: the delivery of event {index}.{ordinal} {what}")]
    Delivery { endpoint: WebhookId, index: u64, ordinal: u32, what: &'static str },
    #[error("{follower} follows {creator} in one of two rows only")]
    HalfFollowed { creator: AccountId, follower: AccountId },
    #[error("{account}: counted are {counted:?}, and there are {summed:?}")]
    Followers { account: AccountId, counted: Counts, summed: Counts },
    #[error("{signers} of {keys} signing keys sign")]
    Signers { keys: usize, signers: usize },
    #[error("the audit trail is broken: {0}")]
    Audit(#[from] audit::Broken),
    #[error("the newest record of the audit trail is {newest} and is said to be {head}")]
    AuditHead { newest: u64, head: u64 },
    #[error("the notice {name:02x?} {what}")]
    Notice { name: Vec<u8>, what: &'static str },
    #[error("{account} mutes too much, or out of order")]
    Inbox { account: AccountId },
    #[error("{drop}: the line for variant {item} {what}")]
    Line { drop: DropId, item: u16, what: &'static str },
    #[error("{drop}: the place of {account} in line {what}")]
    Place { drop: DropId, account: AccountId, what: &'static str },
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Checks the laws of every room.
pub fn check(view: &dyn View) -> Result<(), Broken> {
    check_units(view)?;
    accounts::check(view)?;
    sandbox::check(view)?;
    webhooks::check(view)?;
    follows::check(view)?;
    notifications::check(view)?;
    waitlist::check(view)
}

/// Every unit is in one place, nobody has more than they may, and no order id can be used again unseen.
fn check_units(view: &dyn View) -> Result<(), Broken> {
    let mut held: BTreeMap<(DropId, String), u64> = BTreeMap::new();
    let mut sold = held.clone();
    let mut units: BTreeMap<(DropId, AccountId), u64> = BTreeMap::new();
    let newest = journal::meta(view)?.newest_order;
    let orders = orders::all(view)?;
    let payments = payments::all(view)?.into_iter().map(|payment| (payment.order_id, payment)).collect();
    money::check(view, &orders, &payments)?;
    for order in orders {
        if order.id > newest {
            return Err(Broken::Newest { order: order.id, newest });
        }
        let sums = match money::units(&order, payments.get(&order.id)) {
            money::Units::Held => &mut held,
            money::Units::Sold => &mut sold,
            money::Units::Back => continue,
        };
        *sums.entry((order.drop_id, order.sku)).or_default() += u64::from(order.quantity);
        *units.entry((order.drop_id, order.buyer_id)).or_default() += u64::from(order.quantity);
    }
    for (drop, stock) in drops::all(view)? {
        for item in &stock.0 {
            let (id, sku) = (drop.id, item.sku.clone());
            if item.available.checked_add(item.held).and_then(|sum| sum.checked_add(item.sold)) != Some(item.stock) {
                return Err(Broken::NotConserved { drop: id, sku, stock: item.stock });
            }
            for (what, counted, sums) in [("held", item.held, &mut held), ("sold", item.sold, &mut sold)] {
                let summed = sums.remove(&(id, sku.clone())).unwrap_or_default();
                if counted != summed {
                    return Err(Broken::Counts { drop: id, sku, what, counted, summed });
                }
            }
        }
        let for_sale = drop.for_sale(&stock);
        if drop.sold_out && for_sale > 0 {
            return Err(Broken::SoldOut { drop: drop.id, told: drop.sold_out, for_sale });
        }
        for ((_, account), units) in units.iter().filter(|((id, _), _)| *id == drop.id && drop.per_customer_limit > 0) {
            let (limit, counted) = (drop.per_customer_limit, drops::units_of(view, drop.id, *account)?);
            if *units > u64::from(limit) || *units != u64::from(counted) {
                return Err(Broken::Limit { drop: drop.id, account: *account, units: *units, limit, counted });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop};
    use crate::{codec, keys};

    /// Changes the stock row as a bug would.
    fn with_stock(change: impl FnOnce(&mut drops::Item)) -> Result<(), Broken> {
        let mut machine = Machine::with_drop(5);
        machine.place(1, 1, 1).expect("there are five");
        let mut stock = drops::stock(&machine.view, drop(1).drop_id).expect("it is there");
        change(&mut stock.0[0]);
        machine.view.0.insert(keys::key(keys::STOCK, &[&drop(1).drop_id.bytes()]), codec::encode(&stock));
        check(&machine.view)
    }

    #[test]
    fn a_unit_too_many_is_found() {
        assert!(matches!(with_stock(|item| item.available += 1), Err(Broken::NotConserved { .. })));
    }

    #[test]
    fn a_unit_that_is_held_for_nobody_is_found() {
        let moved = with_stock(|item| {
            item.available -= 1;
            item.held += 1;
        });
        assert!(matches!(moved, Err(Broken::Counts { what: "held", counted: 2, summed: 1, .. })));
    }

    #[test]
    fn an_order_that_is_newer_than_the_newest_is_found() {
        let mut machine = Machine::with_drop(5);
        machine.place(7, 1, 1).expect("there are five");
        let meta =
            journal::Meta { newest_order: OrderId::from_u128(6), ..journal::meta(&machine.view).expect("it is there") };
        machine.view.0.insert(keys::key(keys::META, &[&[0]]), codec::encode(&meta));
        assert!(matches!(check(&machine.view), Err(Broken::Newest { .. })));
    }
}
