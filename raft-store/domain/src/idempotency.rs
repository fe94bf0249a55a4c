//! The first answer to each idempotency key, for as long as it may be asked again.

use minicbor::{Decode, Encode, Encoder};

use crate::keys::{self, key};
use crate::tx::{self, DueRow, Tx};
use crate::view::Order;
use crate::words::{Idempotency, Outcome, Reply};
use crate::{AccountId, Entry, Fault, OrderId, Timestamp, View, codec, orders, payments};

/// How long a key is kept at least: 24 hours.
pub const KEPT_MS: u64 = 24 * 60 * 60 * 1_000;
/// How long a key is kept longer while its order is not final: one hour at a time.
const KEPT_LONGER_MS: u64 = 60 * 60 * 1_000;
/// An account and the hash of its key.
const NAME_BYTES: usize = 32;

/// How an idempotency key was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub body_hash: [u8; 16],
    pub outcome: Outcome,
}

/// [`Decided`] as it is stored.
#[derive(Decode)]
struct Row {
    #[cbor(n(0), with = "minicbor::bytes")]
    body_hash: [u8; 16],
    #[n(1)]
    first: First<Outcome>,
}

/// A first answer, as short as it can be told again.
#[derive(Encode, Decode)]
enum First<O> {
    /// The order is there for good, and its row has the answer: what changes of it later is known as it was then.
    #[n(0)]
    Placed(#[n(0)] OrderId),
    #[n(1)]
    Other(#[n(0)] O),
}

impl First<Outcome> {
    /// The order that was placed, if one was.
    fn order(&self) -> Option<OrderId> {
        match self {
            First::Placed(id) => Some(*id),
            First::Other(Outcome { answer: Ok(Reply::Payments(payments::Reply::Placed(order, _))), .. }) => {
                Some(order.id)
            }
            First::Other(_) => None,
        }
    }
}

impl First<&Outcome> {
    fn of(outcome: &Outcome) -> First<&Outcome> {
        match &outcome.answer {
            Ok(Reply::Orders(orders::Reply::Placed(order))) => First::Placed(order.id),
            _ => First::Other(outcome),
        }
    }
}

/// Where an account's key is decided. Without its prefix it is the key's name among those to forget.
fn row_key(account: AccountId, key_hash: &[u8; 16]) -> [u8; 1 + NAME_BYTES] {
    keys::of_ids(keys::IDEMPOTENCY, account.bytes(), *key_hash)
}

/// How this key was decided, if it was, and not too long ago.
pub fn decided(view: &dyn View, account: AccountId, key_hash: &[u8; 16]) -> Result<Option<Decided>, Fault> {
    let Some(Row { body_hash, first }) = row(view, &row_key(account, key_hash))? else { return Ok(None) };
    let outcome = match first {
        First::Placed(id) => {
            let order = orders::as_placed(view, id)?;
            Outcome { index: order.placed_index, replayed: false, answer: Ok(orders::Reply::Placed(order).into()) }
        }
        First::Other(outcome) => outcome,
    };
    Ok(Some(Decided { body_hash, outcome }))
}

fn row(view: &dyn View, key: &[u8]) -> Result<Option<Row>, Fault> {
    tx::row(view, key, "a decided idempotency key")
}

/// Keeps the outcome of the request that named this key.
pub(crate) fn remember(tx: &mut Tx, entry: &Entry, idempotency: &Idempotency, outcome: &Outcome) {
    let row_key = row_key(idempotency.account, &idempotency.key_hash);
    tx.put_with(row_key, |row| {
        Encoder::new(&mut *row)
            .array(2)
            .and_then(|e| e.bytes(&idempotency.body_hash))
            .expect("encoding into memory cannot fail");
        codec::encode_into(&First::of(outcome), row);
    });
    tx.append(due_key(entry.now.after_ms(KEPT_MS), entry.index), &row_key[1..]);
}

/// Adds an answer to the record of an entry, which has the row of every order that was placed.
pub(crate) fn record(outcome: &Outcome, record: &mut Vec<u8>) {
    record.push(if outcome.replayed { b'r' } else { b'f' });
    codec::encode_into(&First::of(outcome), record);
}

fn due_key(at: Timestamp, index: u64) -> [u8; 17] {
    keys::of_time_at(keys::IDEMPOTENCY_DUE, at, index)
}

/// The oldest row of keys that may be forgotten by `now`, not looking before `from`: its key, its time and the keys in it.
pub(crate) fn first_due(view: &dyn View, from: Timestamp, now: Timestamp) -> Result<Option<DueRow>, Fault> {
    let rows = view.scan(&due_key(from, 0), &due_key(now.after_ms(1), 0), Order::Forward, 1)?;
    let Some((row, names)) = rows.into_iter().next() else { return Ok(None) };
    let at = keys::number(&row, 1).ok_or_else(|| Fault::new("forgetting keys", "a key without a time"))?;
    Ok(Some((row, Timestamp(at), names)))
}

/// Splits the names of a due row.
pub(crate) fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(NAME_BYTES)
}

/// Forgets a key, unless its order is still open: then it is kept for another hour.
pub(crate) fn forget(tx: &mut Tx, entry: &Entry, name: &[u8]) -> Result<(), Fault> {
    let key = key(keys::IDEMPOTENCY, &[name]);
    let Some(decided) = row(tx, &key)? else { return Ok(()) };
    if let Some(id) = decided.first.order()
        && orders::get(tx, id)?.is_some_and(|order| !order.status.is_final())
    {
        tx.append(due_key(entry.now.after_ms(KEPT_LONGER_MS), entry.index), name);
    } else {
        tx.delete(key);
    }
    Ok(())
}
