//! What remains of a state when it is forgotten which requests shared a log entry.
//!
//! The claim: the same requests at the same times, cut differently into entries, come to the same outcomes, the same
//! facts in the same order, and the same rows, but for
//! - log indices: of outcomes, versions, `placed_index`, `registered_index`, audit records, and in keys;
//! - rows that hold the things of one entry (orders of a drop, ends of holds, keys, sessions, deliveries and notices to
//!   forget, lines of books), and the notices of one creator or account: end to end they are the same;
//! - the journal, with the hash: one row for each entry; and the hashes of audit records, which have log indices in them.
//!
//! It does not hold for requests that name the version or the notice that they have seen, or say how far caches were told:
//! those are log indices, and two changes in one entry have the same one.

use std::collections::BTreeMap;

use livedrop_domain::accounts::Account;
use livedrop_domain::audit::{Action, Head, Record};
use livedrop_domain::drops::Drop;
use livedrop_domain::follows::Edge;
use livedrop_domain::journal::Meta;
use livedrop_domain::members::Member;
use livedrop_domain::orders::Order;
use livedrop_domain::payments::Payment;
use livedrop_domain::products::Product;
use livedrop_domain::webhooks::Endpoint;
use livedrop_domain::{
    AccountId, Command, Event, MemView, Outcome, Rejection, Reply, accounts, codec, decided, drops, follows, keys,
    members, notifications, orders, payments, products, webhooks,
};

use crate::log::Logged;
use crate::replica::Replica;

/// Takes the requests out that name a version, or a log index.
pub fn without_versions(mut log: Vec<Logged>) -> Vec<Logged> {
    for entry in &mut log {
        entry.requests.retain_mut(|asked| match &mut asked.command {
            Command::Products(products::Command::Edit(_)) | Command::Cdn(_) => false,
            Command::Notifications(notifications::Command::MarkRead(_)) => false,
            Command::Drops(drops::Command::Edit(edit)) => {
                edit.expected_version = None;
                true
            }
            _ => true,
        });
    }
    log
}

pub fn outcomes(replica: &Replica) -> Vec<Outcome> {
    replica.applied.iter().flat_map(|applied| &applied.outcomes).cloned().map(outcome).collect()
}

pub fn facts(replica: &Replica) -> Vec<Event> {
    replica.applied.iter().flat_map(|applied| &applied.facts).cloned().collect()
}

/// The rows without log indices; those that hold the things of one entry are put end to end.
pub fn rows(view: &MemView) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for (key, value) in &view.0 {
        // What stands before the log index in a key, if there is one.
        let name = match key[0] {
            keys::JOURNAL => continue,
            keys::HOLD_DUE | keys::IDEMPOTENCY_DUE | keys::WEBHOOK_OLD => &key[..9],
            keys::SESSION_DUE | keys::NOTICE_OLD => &key[..9],
            keys::SANDBOX_LEDGER => &key[..1],
            keys::ORDER_BY_DROP | keys::NOTICE_OF_CREATOR | keys::NOTICE_OF_ACCOUNT => &key[..17],
            _ => &key[..],
        };
        rows.entry(name.to_vec()).or_default().extend(row(view, key, value));
    }
    rows
}

fn row(view: &MemView, key: &[u8], value: &[u8]) -> Vec<u8> {
    match key[0] {
        keys::META if key[1..] == [0] => changed(value, |meta: Meta| Meta { hash: [0; 32], index: 0, ..meta }),
        keys::IDEMPOTENCY => {
            let (account, key_hash) = key[1..].split_at(16);
            let account = AccountId::from_bytes(account.try_into().expect("16 bytes"));
            let decided = decided(view, account, key_hash.try_into().expect("16 bytes"));
            let first = decided.expect("memory does not fail").expect("it is there");
            [&first.body_hash[..], &codec::encode(&outcome(first.outcome))].concat()
        }
        keys::ACCOUNT => changed(value, account),
        keys::PRODUCT => changed(value, product),
        keys::DROP => changed(value, drop),
        keys::ORDER => changed(value, order),
        keys::PAYMENT => changed(value, payment),
        // How far the orders of a drop are called off is a log index and a place in its entry.
        keys::DROP_WINDING => vec![],
        keys::MEMBER => changed(value, member),
        keys::WEBHOOK_ENDPOINT => changed(value, endpoint),
        keys::AUDIT => changed(value, |record: Record| {
            // What was let go of is named by its hash, in which its index is.
            let detail = if record.action == Action::TrailTrimmed { String::new() } else { record.detail };
            Record { index: 0, previous: [0; 32], hash: [0; 32], detail, ..record }
        }),
        keys::AUDIT_HEAD => changed(value, |head: Head| Head { hash: [0; 32], ..head }),
        keys::FOLLOWING => changed(value, edge),
        // The key of each notice, up to the log index.
        keys::NOTICE_OLD => value.chunks(29).flat_map(|name| &name[..17]).copied().collect(),
        _ => value.to_vec(),
    }
}

fn changed<T>(value: &[u8], change: impl FnOnce(T) -> T) -> Vec<u8>
where
    T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()>,
{
    codec::encode(&change(codec::decode(value, "a row").expect("it was written just so")))
}

fn account(account: Account) -> Account {
    Account { version: 0, ..account }
}

fn product(product: Product) -> Product {
    Product { version: 0, ..product }
}

fn drop(drop: Drop) -> Drop {
    Drop { version: 0, ..drop }
}

fn order(order: Order) -> Order {
    Order { version: 0, placed_index: 0, ..order }
}

fn payment(payment: Payment) -> Payment {
    Payment { version: 0, ..payment }
}

fn member(member: Member) -> Member {
    let set = |index: Option<u64>| index.map(|_| 0);
    Member {
        registered_index: 0,
        promoted_index: set(member.promoted_index),
        removed_index: set(member.removed_index),
        ..member
    }
}

fn endpoint(endpoint: Endpoint) -> Endpoint {
    Endpoint { version: 0, ..endpoint }
}

fn edge(edge: Edge) -> Edge {
    Edge { index: 0, ..edge }
}

fn outcome(outcome: Outcome) -> Outcome {
    let answer = match outcome.answer {
        Ok(reply) => Ok(self::reply(reply)),
        Err(Rejection::Products(products::Rejection::Changed { .. })) => {
            unreachable!("no request of this property names a version")
        }
        rejected => rejected,
    };
    Outcome { index: 0, answer, ..outcome }
}

fn reply(reply: Reply) -> Reply {
    match reply {
        Reply::Clock(_) => reply,
        Reply::Members(members::Reply::LeftBehind(_)) => reply,
        Reply::Members(members::Reply::Registered(row)) => members::Reply::Registered(member(row)).into(),
        Reply::Members(members::Reply::Changed(row)) => members::Reply::Changed(member(row)).into(),
        Reply::Members(_) => reply,
        Reply::Accounts(accounts::Reply::Registered(row)) => accounts::Reply::Registered(account(row)).into(),
        Reply::Accounts(accounts::Reply::Changed(row)) => accounts::Reply::Changed(account(row)).into(),
        Reply::Accounts(_) => reply,
        Reply::Products(products::Reply::Created(row)) => products::Reply::Created(product(row)).into(),
        Reply::Products(products::Reply::Edited(row)) => products::Reply::Edited(product(row)).into(),
        Reply::Products(products::Reply::Retired(row)) => products::Reply::Retired(product(row)).into(),
        Reply::Drops(drops::Reply::Scheduled(row, stock)) => drops::Reply::Scheduled(drop(row), stock).into(),
        Reply::Drops(drops::Reply::Changed(row, stock)) => drops::Reply::Changed(drop(row), stock).into(),
        Reply::Orders(orders::Reply::Placed(row)) => orders::Reply::Placed(order(row)).into(),
        Reply::Payments(payments::Reply::Changed(row, paid)) => {
            payments::Reply::Changed(order(row), payment(*paid).into()).into()
        }
        Reply::Payments(payments::Reply::Placed(row, paid)) => {
            payments::Reply::Placed(order(row), payment(*paid).into()).into()
        }
        Reply::Payments(payments::Reply::Cancelled(row, paid)) => {
            payments::Reply::Cancelled(order(row), paid.map(|paid| payment(*paid).into())).into()
        }
        Reply::Payments(payments::Reply::Refunding(row, paid, number)) => {
            payments::Reply::Refunding(order(row), payment(*paid).into(), number).into()
        }
        Reply::Sandbox(_) => reply,
        Reply::Webhooks(webhooks::Reply::Created(row)) => webhooks::Reply::Created(endpoint(row)).into(),
        Reply::Webhooks(webhooks::Reply::Edited(row)) => webhooks::Reply::Edited(endpoint(row)).into(),
        Reply::Webhooks(webhooks::Reply::Rotated(row)) => webhooks::Reply::Rotated(endpoint(row)).into(),
        Reply::Webhooks(_) => reply,
        Reply::Follows(follows::Reply::Followed(row)) => follows::Reply::Followed(edge(row)).into(),
        Reply::Follows(_) | Reply::Notifications(_) | Reply::Waitlist(_) | Reply::Cdn(_) => reply,
    }
}
