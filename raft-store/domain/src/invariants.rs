//! What must hold of any state, checked over all of it: by the tests after every entry, and by whoever audits a cluster.

use std::collections::BTreeMap;

use crate::orders::Status;
use crate::sandbox::{IntentId, Kind, Status as IntentStatus};
use crate::webhooks::{ENDPOINTS_MAX, SECRETS_MAX, State};
use crate::{AccountId, DropId, Fault, OrderId, View, WebhookId, drops, journal, orders, sandbox, webhooks};

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
    for order in orders::all(view)? {
        if order.id > newest {
            return Err(Broken::Newest { order: order.id, newest });
        }
        let sums = match order.status {
            Status::Reserved => &mut held,
            Status::Confirmed => &mut sold,
            Status::Cancelled | Status::Expired => continue,
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

    /// Runs commands of a room, then breaks a row as a bug would.
    fn broken<C: Into<crate::Command>>(
        commands: impl IntoIterator<Item = C>,
        bug: impl FnOnce(&mut Machine),
    ) -> Result<(), Broken> {
        let mut machine = Machine::default();
        for command in commands {
            machine.run(command).expect("nothing is in its way");
        }
        bug(&mut machine);
        check(&machine.view)
    }

    /// Asks the sandbox for money and confirms it.
    fn charge() -> [sandbox::Command; 2] {
        let amount = crate::Money { amount: 70, currency: crate::Currency::EUR };
        let (id, order_id, method) = (IntentId::from_bytes([1; 16]), OrderId::from_u128(1), "pm_card_ok".to_owned());
        let create = sandbox::Create { id, order_id, amount, method };
        [sandbox::Command::Create(create), sandbox::Command::Confirm(sandbox::Confirm { id })]
    }

    /// Changes the row of the intent.
    fn with_intent(change: impl FnOnce(&mut sandbox::Intent)) -> Result<(), Broken> {
        broken(charge(), |machine| {
            let mut intent = sandbox::intents_all(&machine.view).expect("memory does not fail").remove(0);
            change(&mut intent);
            machine
                .view
                .0
                .insert(keys::of_id(keys::SANDBOX_INTENT, intent.id.bytes()).to_vec(), codec::encode(&intent));
        })
    }

    #[test]
    fn a_charge_that_is_not_in_the_books_or_twice_in_them_is_found() {
        let lines = |change: fn(Vec<u8>) -> Vec<u8>| {
            broken(charge(), move |machine| {
                let key = machine.view.0.keys().find(|key| key[0] == keys::SANDBOX_LEDGER).cloned().expect("a line");
                let lines = machine.view.0.remove(&key).expect("it is there");
                machine.view.0.insert(key, change(lines));
            })
        };
        assert!(lines(|lines| lines).is_ok());
        assert!(matches!(lines(|_| vec![]), Err(Broken::Books { what: "charges", summed: 0, expected: 70, .. })));
        assert!(matches!(lines(|lines| lines.repeat(2)), Err(Broken::Books { summed: 140, expected: 70, .. })));
        let nowhere = broken(charge(), |machine| machine.view.0.retain(|key, _| key[0] != keys::SANDBOX_INTENT));
        assert!(matches!(nowhere, Err(Broken::Books { summed: 70, expected: 0, .. })));
    }

    #[test]
    fn a_charge_that_the_intent_does_not_know_and_a_refund_that_the_books_do_not_know_are_found() {
        let canceled = with_intent(|intent| intent.status = IntentStatus::Canceled);
        assert!(matches!(canceled, Err(Broken::Books { what: "charges", summed: 70, expected: 0, .. })));
        let refund =
            |amount| sandbox::Refund { id: sandbox::RefundId::from_bytes([1; 16]), amount, at: crate::Timestamp(1) };
        let unknown = with_intent(|intent| intent.refunds.push(refund(70)));
        assert!(matches!(unknown, Err(Broken::Books { what: "refunds", summed: 0, expected: 70, .. })));
    }

    #[test]
    fn a_delivery_that_nobody_will_send_or_that_is_to_nobody_is_found() {
        let (creator_id, endpoint_id) = (AccountId::from_u128(1), WebhookId::from_u128(1));
        let secret = webhooks::SecretBytes(vec![1; 32]);
        let create =
            webhooks::Create { endpoint_id, creator_id, url: "https://example.com".into(), events: vec![], secret };
        let (kind, body) = ("drop.live".to_owned(), vec![]);
        let delivery = webhooks::NewDelivery { creator_id, endpoint_id, index: 1, ordinal: 0, kind, body };
        let enqueue = webhooks::Enqueue { from: 0, through: 1, deliveries: vec![delivery] };
        let commands = || [webhooks::Command::Create(create.clone()), webhooks::Command::Enqueue(enqueue.clone())];
        let without = |prefix: u8| broken(commands(), |machine| machine.view.0.retain(|key, _| key[0] != prefix));
        assert!(without(keys::WEBHOOK_CURSOR).is_ok());
        for prefix in [keys::WEBHOOK_DUE, keys::WEBHOOK_DELIVERY, keys::WEBHOOK_ENDPOINT] {
            assert!(matches!(without(prefix), Err(Broken::Delivery { index: 1, .. })), "{prefix:x}");
        }
        let disabled = broken(commands(), |machine| {
            let mut endpoint = webhooks::all_endpoints(&machine.view).expect("memory does not fail").remove(0);
            endpoint.enabled = false;
            let key = keys::of_ids(keys::WEBHOOK_ENDPOINT, creator_id.bytes(), endpoint_id.bytes());
            machine.view.0.insert(key.to_vec(), codec::encode(&endpoint));
        });
        assert!(matches!(disabled, Err(Broken::Delivery { what: "waits for a disabled endpoint", .. })));
    }
}
