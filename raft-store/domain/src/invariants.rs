//! What must hold of any state, checked over all of it: by the tests after every entry, and by whoever audits a cluster.

mod money;

use std::collections::BTreeMap;

use crate::orders::Tally;
use crate::sandbox::{IntentId, Kind, Status as IntentStatus};
use crate::webhooks::{ENDPOINTS_MAX, SECRETS_MAX, State};
use crate::{AccountId, DropId, Fault, OrderId, View, WebhookId, drops, journal, orders, payments, sandbox, webhooks};

/// A law that the state breaks.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("{drop} {sku}: {what} is {counted} in its row and {summed} over its orders")]
    Counts { drop: DropId, sku: String, what: &'static str, counted: u64, summed: u64 },
    #[error("{drop} {sku}: stock {stock} is not available + held + sold")]
    NotConserved { drop: DropId, sku: String, stock: u64 },
    #[error("{drop}: {account} has {units} units of at most {limit}, {counted} of them in their row")]
    Limit { drop: DropId, account: AccountId, units: u64, limit: u32, counted: u32 },
    #[error("{drop}: sold out is told {told}, {available} units are available")]
    SoldOut { drop: DropId, told: bool, available: u64 },
    #[error("{order} is greater than {newest}, which is said to be the greatest")]
    Newest { order: OrderId, newest: OrderId },
    #[error("the payment of {order} breaks a law: {law}")]
    Payment { order: OrderId, law: &'static str },
    #[error("there are {counted} {what} and {summed} that lead somewhere")]
    Counted { what: &'static str, counted: usize, summed: usize },
    #[error("somebody must talk to the gateway about other payments than {marked:?}")]
    Open { marked: Vec<OrderId> },
    #[error("{drop}: what came of its orders is {counted:?} in its row and {summed:?} over them")]
    Tally { drop: DropId, counted: Tally, summed: Tally },
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
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Checks the laws of every room.
pub fn check(view: &dyn View) -> Result<(), Broken> {
    check_units(view)?;
    check_sandbox(view)?;
    check_webhooks(view)
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
        let available = stock.available();
        if drop.sold_out && available > 0 {
            return Err(Broken::SoldOut { drop: drop.id, told: drop.sold_out, available });
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

/// The sandbox's books say of each intent what its row says: charged once, or not at all, and never overpaid.
fn check_sandbox(view: &dyn View) -> Result<(), Broken> {
    let mut sums: BTreeMap<IntentId, (u64, u64)> = BTreeMap::new();
    for (_, movement) in sandbox::ledger(view, None, usize::MAX)? {
        let (charged, refunded) = sums.entry(movement.intent).or_default();
        match movement.kind {
            Kind::Charge => *charged += movement.amount.amount,
            Kind::Refund => *refunded += movement.amount.amount,
        }
    }
    for intent in sandbox::intents_all(view)? {
        let sums = sums.remove(&intent.id).unwrap_or_default();
        let due = if intent.status == IntentStatus::Succeeded { intent.amount.amount } else { 0 };
        let refunded = intent.refunds.iter().map(|refund| refund.amount).sum();
        for (what, summed, expected) in [("charges", sums.0, due), ("refunds", sums.1, refunded)] {
            if summed != expected {
                return Err(Broken::Books { intent: intent.id, what, summed, expected });
            }
        }
        if refunded > due {
            return Err(Broken::Overpaid { intent: intent.id, refunded, charged: due });
        }
    }
    match sums.first_key_value() {
        Some((intent, (summed, _))) => {
            Err(Broken::Books { intent: *intent, what: "charges", summed: *summed, expected: 0 })
        }
        None => Ok(()),
    }
}

/// No creator has more endpoints than they may, every delivery leads to somebody, and those that wait are the pending ones.
fn check_webhooks(view: &dyn View) -> Result<(), Broken> {
    let mut known: BTreeMap<WebhookId, bool> =
        webhooks::halted(view, usize::MAX)?.into_iter().map(|(id, _)| (id, true)).collect();
    let mut counts: BTreeMap<AccountId, usize> = BTreeMap::new();
    for endpoint in webhooks::all_endpoints(view)? {
        let endpoints = counts.entry(endpoint.creator_id).or_default();
        *endpoints += 1;
        let secrets = endpoint.secrets.len();
        if *endpoints > ENDPOINTS_MAX || !(1..=SECRETS_MAX).contains(&secrets) {
            return Err(Broken::Endpoints { creator: endpoint.creator_id, endpoints: *endpoints, secrets });
        }
        *known.entry(endpoint.id).or_default() |= endpoint.enabled;
    }
    let mut waiting: BTreeMap<_, _> = webhooks::all_waiting(view)?
        .into_iter()
        .map(|waiting| ((waiting.endpoint_id, waiting.index, waiting.ordinal), waiting.at))
        .collect();
    for (endpoint, (index, ordinal), delivery) in webhooks::all_deliveries(view)? {
        let is_pending = delivery.state == State::Pending;
        let what = match known.get(&endpoint) {
            None => "is to nobody",
            Some(false) if is_pending => "waits for a disabled endpoint",
            _ if waiting.remove(&(endpoint, index, ordinal)) != delivery.due_at => {
                "is due at another time than its row says"
            }
            _ if is_pending != delivery.due_at.is_some() => "is due and not pending, or the other way round",
            _ => continue,
        };
        return Err(Broken::Delivery { endpoint, index, ordinal, what });
    }
    match waiting.first_key_value() {
        Some(((endpoint, index, ordinal), _)) => Err(Broken::Delivery {
            endpoint: *endpoint,
            index: *index,
            ordinal: *ordinal,
            what: "is due and is not there",
        }),
        None => Ok(()),
    }
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
