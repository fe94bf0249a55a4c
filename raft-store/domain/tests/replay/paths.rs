//! Whether the rows that lead to other rows are just those that must be there.

use std::collections::{BTreeMap, BTreeSet};

use livedrop_domain::accounts::{Account, Session};
use livedrop_domain::drops::{self, Drop, Phase};
use livedrop_domain::orders::{Order, Status};
use livedrop_domain::payments::{self, Payment, Stage};
use livedrop_domain::products::Product;
use livedrop_domain::webhooks::{self, Delivery};
use livedrop_domain::{MemView, Timestamp, codec, keys};
use proptest::prelude::*;

type Checked = Result<(), TestCaseError>;

/// A row that leads somewhere: its key without the prefix, followed by its value.
type Path = Vec<u8>;

/// Checks every path to accounts, products, drops, orders, idempotency keys and deliveries.
pub fn check(view: &MemView) -> Checked {
    accounts(view)?;
    sessions(view)?;
    products(view)?;
    drops(view)?;
    orders(view)?;
    customers(view)?;
    idempotency(view)?;
    deliveries(view)
}

fn accounts(view: &MemView) -> Checked {
    let accounts: Vec<Account> = decoded(view, keys::ACCOUNT);
    let by_email = accounts.iter().map(|account| {
        let id = codec::encode(&account.id);
        [account.email.to_lowercase().as_bytes(), &id].concat()
    });
    are_those("accounts by address", by_email, marks(view, keys::ACCOUNT_BY_EMAIL))
}

fn sessions(view: &MemView) -> Checked {
    let due: BTreeMap<Path, Path> = parts(view, keys::SESSION_DUE, 16).map(|at| (at[16..].to_vec(), at)).collect();
    for session in decoded::<Session>(view, keys::SESSION) {
        let at = due.get(&session.id.bytes()[..]).and_then(|path| keys::number(path, 0));
        prop_assert!(at.is_some(), "nothing will forget {}", session.id);
    }
    Ok(())
}

fn products(view: &MemView) -> Checked {
    let mut products: Vec<Product> = decoded(view, keys::PRODUCT);
    products.retain(|product| !product.retired);
    let by_creator = products.iter().map(|product| [product.creator_id.bytes(), product.id.bytes()].concat());
    are_those("products by creator", by_creator, marks(view, keys::PRODUCT_BY_CREATOR))?;
    let by_tag = products.iter().flat_map(|product| {
        let tags = product.tags.iter().collect::<BTreeSet<_>>().into_iter();
        tags.map(|tag| [tag.as_bytes(), &[0], &product.id.bytes()].concat())
    });
    are_those("products by tag", by_tag, marks(view, keys::PRODUCT_BY_TAG))
}

fn drops(view: &MemView) -> Checked {
    let drops: Vec<Drop> = decoded(view, keys::DROP);
    let by_stage = drops.iter().map(|drop| [&[drop.stage() as u8][..], &drop.id.bytes()].concat());
    are_those("drops by stage", by_stage, marks(view, keys::DROP_BY_STAGE))?;
    let by_creator = drops.iter().map(|drop| [drop.creator_id.bytes(), drop.id.bytes()].concat());
    are_those("drops by creator", by_creator, marks(view, keys::DROP_BY_CREATOR))?;
    let by_product = drops.iter().map(|drop| [drop.product_id.bytes(), drop.id.bytes()].concat());
    are_those("drops by product", by_product, marks(view, keys::DROP_BY_PRODUCT))?;
    let due = drops.iter().filter_map(|drop| {
        let at = match drop.phase {
            Phase::Scheduled => drop.starts_at,
            Phase::Live | Phase::Paused => drop.ends_at,
            Phase::Ended | Phase::Cancelled => return None,
        };
        (at != Timestamp::NEVER).then(|| [&at.0.to_be_bytes()[..], &drop.id.bytes()].concat())
    });
    are_those("drops that are due", due, marks(view, keys::DROP_DUE))?;
    for drop in &drops {
        let left = drop.for_sale(&drops::stock(view, drop.id).expect("a drop has counts"));
        prop_assert_eq!(drop.sold_out, left == 0, "{} has {} units for sale", drop.id, left);
    }
    Ok(())
}

fn orders(view: &MemView) -> Checked {
    let orders: Vec<Order> = decoded(view, keys::ORDER);
    let by_buyer = orders.iter().map(|order| [order.buyer_id.bytes(), order.id.bytes()].concat());
    are_those("orders by buyer", by_buyer, marks(view, keys::ORDER_BY_BUYER))?;
    let by_drop = orders.iter().map(|order| {
        let index = order.placed_index.to_be_bytes();
        [&order.drop_id.bytes()[..], &index, &order.id.bytes()].concat()
    });
    are_those("orders by drop", by_drop, parts(view, keys::ORDER_BY_DROP, 16))?;
    let awaited: BTreeSet<_> = parts(view, keys::HOLD_DUE, 16).collect();
    for order in orders.iter().filter(|order| matches!(order.status, Status::Reserved | Status::Paying)) {
        let payment = payments::get(view, order.id).expect("memory does not fail");
        let until = payment.and_then(|payment| payment.give_up_at).unwrap_or(order.held_until());
        // The log index in the key is that of whoever said so.
        let is_awaited = |path: &Path| path[..8] == until.0.to_be_bytes() && path[16..] == order.id.bytes();
        prop_assert!(awaited.iter().any(is_awaited), "nothing will end the hold of {}", order.id);
    }
    Ok(())
}

fn customers(view: &MemView) -> Checked {
    let mut units: BTreeMap<Path, u32> = BTreeMap::new();
    for order in decoded::<Order>(view, keys::ORDER) {
        let drop = drops::get(view, order.drop_id).expect("memory does not fail").expect("orders are of drops");
        let payment = payments::get(view, order.id).expect("memory does not fail");
        if has_units(&order, payment.as_ref()) && drop.per_customer_limit > 0 {
            *units.entry([drop.id.bytes(), order.buyer_id.bytes()].concat()).or_default() += order.quantity;
        }
    }
    let counted = units.into_iter().map(|(customer, units)| [customer, codec::encode(&units)].concat());
    are_those("units of customers", counted, marks(view, keys::CUSTOMER))
}

/// Whether the buyer holds or has bought the units.
fn has_units(order: &Order, payment: Option<&Payment>) -> bool {
    let went_back = payment.is_some_and(|payment| payment.end.is_some());
    let restocked = payment.is_some_and(|payment| payment.refunds.iter().any(|refund| refund.restock));
    match order.status {
        Status::Reserved | Status::Paying | Status::Confirmed => true,
        Status::Refunding => !went_back,
        Status::Refunded => !went_back && !restocked,
        Status::Cancelled | Status::Expired | Status::Failed => false,
    }
}

fn idempotency(view: &MemView) -> Checked {
    let decided = rows(view, keys::IDEMPOTENCY).map(|(key, _)| key.to_vec());
    let to_forget = parts(view, keys::IDEMPOTENCY_DUE, 32).map(|path| path[16..].to_vec());
    are_those("keys that will be forgotten", decided, to_forget)
}

fn deliveries(view: &MemView) -> Checked {
    let mut owners: BTreeMap<[u8; 16], [u8; 16]> = BTreeMap::new();
    for (key, _) in rows(view, keys::WEBHOOK_ENDPOINT) {
        owners.insert(keys::id(key, 16).expect("an endpoint"), keys::id(key, 0).expect("a creator"));
    }
    let forgotten_at: BTreeSet<Path> =
        parts(view, keys::WEBHOOK_OLD, 28).map(|path| [&path[..8], &path[16..]].concat()).collect();
    let mut due = Vec::new();
    for (name, value) in rows(view, keys::WEBHOOK_DELIVERY) {
        let delivery: Delivery = codec::decode(value, "a row").expect("it was written just so");
        let end = delivery.created_at.after_ms(webhooks::KEPT_MS).0.to_be_bytes();
        prop_assert!(forgotten_at.contains(&[&end[..], name].concat()), "nothing will forget a delivery");
        due.extend(delivery.due_at.map(|at| [&at.0.to_be_bytes()[..], name].concat()));
    }
    are_those("deliveries that are due", due.into_iter(), rows(view, keys::WEBHOOK_DUE).map(|(key, _)| key.to_vec()))?;
    for (key, creator) in rows(view, keys::WEBHOOK_DUE) {
        let owner = owners.get(&keys::id(key, 8).expect("an endpoint"));
        prop_assert!(owner.is_none_or(|owner| owner == creator), "a delivery is due for somebody else");
    }
    Ok(())
}

/// Checks that nothing is left that should have happened by itself by `now`.
pub fn nothing_is_overdue(view: &MemView, now: Timestamp) -> Checked {
    for order in decoded::<Order>(view, keys::ORDER) {
        let reserved = order.status == Status::Reserved;
        prop_assert!(!reserved || order.held_until() > now, "the hold of {} has not ended", order.id);
        let payment = payments::get(view, order.id).expect("memory does not fail");
        let goes_on = payment.filter(|payment| order.status == Status::Paying && payment.stage != Stage::Cancelling);
        prop_assert!(goes_on.is_none() || order.held_until() > now, "the payment of {} goes on", order.id);
    }
    for payment in decoded::<Payment>(view, keys::PAYMENT) {
        let called_off = payment.stage == Stage::Cancelling;
        prop_assert!(!called_off || payment.give_up_at > Some(now), "{} is not given up", payment.order_id);
    }
    prop_assert_eq!(rows(view, keys::DROP_WINDING).next(), None, "orders of a cancelled drop are not called off");
    for drop in decoded::<Drop>(view, keys::DROP) {
        prop_assert!(drop.phase != Phase::Scheduled || drop.starts_at > now, "{} has not started", drop.id);
        let over = matches!(drop.phase, Phase::Ended | Phase::Cancelled);
        prop_assert!(over || drop.ends_at > now, "{} has not ended", drop.id);
    }
    let due = [keys::HOLD_DUE, keys::IDEMPOTENCY_DUE, keys::WEBHOOK_OLD, keys::SESSION_DUE, keys::NOTICE_OLD];
    for prefix in due {
        let first = rows(view, prefix).next().map(|(key, _)| keys::number(key, 0).expect("a time"));
        prop_assert!(first.is_none_or(|at| at > now.0), "what is due is not done");
    }
    for session in decoded::<Session>(view, keys::SESSION) {
        prop_assert!(session.expires_at > now, "{} has run out", session.id);
    }
    prop_assert!(rows(view, keys::WAITLIST_DUE).next().is_none(), "lines do not go on");
    prop_assert!(rows(view, keys::WEBHOOK_HALTED).next().is_none(), "deliveries to nobody are left");
    Ok(())
}

/// The rows under a prefix, their keys without it.
fn rows(view: &MemView, prefix: u8) -> impl Iterator<Item = (&[u8], &[u8])> {
    view.0.range(vec![prefix]..vec![prefix + 1]).map(|(key, value)| (&key[1..], &value[..]))
}

fn decoded<T: for<'b> minicbor::Decode<'b, ()>>(view: &MemView, prefix: u8) -> Vec<T> {
    rows(view, prefix).map(|(_, value)| codec::decode(value, "a row").expect("it was written just so")).collect()
}

fn marks(view: &MemView, prefix: u8) -> impl Iterator<Item = Path> {
    rows(view, prefix).map(|(key, value)| [key, value].concat())
}

/// One path for each of the parts of a row's value, `width` bytes long.
fn parts(view: &MemView, prefix: u8, width: usize) -> impl Iterator<Item = Path> {
    rows(view, prefix).flat_map(move |(key, value)| {
        let (parts, rest) = (value.chunks_exact(width), value.len() % width);
        assert!(!value.is_empty() && rest == 0, "a row has whole parts, or is not there");
        parts.map(move |part| [key, part].concat())
    })
}

fn are_those(what: &str, expected: impl Iterator<Item = Path>, found: impl Iterator<Item = Path>) -> Checked {
    let (mut expected, mut found): (Vec<_>, Vec<_>) = (expected.collect(), found.collect());
    expected.sort();
    found.sort();
    prop_assert_eq!(expected, found, "{}", what);
    Ok(())
}
