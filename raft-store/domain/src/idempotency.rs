//! The first answer to each idempotency key, for as long as it may be asked again.

use minicbor::{Decode, Encode};

use crate::keys::{self, key};
use crate::tx::{self, Tx};
use crate::view::Order;
use crate::words::{Idempotency, Outcome, Reply};
use crate::{AccountId, Entry, Fault, Timestamp, View, orders};

/// How long a key is kept at least: 24 hours.
pub const KEPT_MS: u64 = 24 * 60 * 60 * 1_000;
/// How long a key is kept longer while its order is not final: one hour at a time.
const KEPT_LONGER_MS: u64 = 60 * 60 * 1_000;
const KEY_BYTES: usize = 32;

/// How an idempotency key was decided.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Decided {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub body_hash: [u8; 16],
    #[n(1)]
    pub outcome: Outcome,
}

fn name(account: AccountId, key_hash: &[u8; 16]) -> [u8; KEY_BYTES] {
    let mut name = [0; KEY_BYTES];
    name[..16].copy_from_slice(&account.bytes());
    name[16..].copy_from_slice(key_hash);
    name
}

/// How this key was decided, if it was, and not too long ago.
pub fn decided(view: &dyn View, account: AccountId, key_hash: &[u8; 16]) -> Result<Option<Decided>, Fault> {
    tx::row(view, &key(keys::IDEMPOTENCY, &[&name(account, key_hash)]), "a decided idempotency key")
}

/// Keeps the outcome of the request that named this key.
pub(crate) fn remember(tx: &mut Tx, entry: &Entry, idempotency: &Idempotency, outcome: &Outcome) {
    let name = name(idempotency.account, &idempotency.key_hash);
    let decided = Decided { body_hash: idempotency.body_hash, outcome: outcome.clone() };
    tx.put(key(keys::IDEMPOTENCY, &[&name]), &decided);
    tx.append(due_key(entry.now.after_ms(KEPT_MS), entry.index), &name);
}

fn due_key(at: Timestamp, index: u64) -> Vec<u8> {
    key(keys::IDEMPOTENCY_DUE, &[&at.0.to_be_bytes(), &index.to_be_bytes()])
}

/// The oldest row of keys that may be forgotten by `now`, not looking before `from`: its key, its time and the keys in it.
pub(crate) fn first_due(
    view: &dyn View,
    from: Timestamp,
    now: Timestamp,
) -> Result<Option<(Vec<u8>, Timestamp, Vec<u8>)>, Fault> {
    let rows = view.scan(&due_key(from, 0), &due_key(now.after_ms(1), 0), Order::Forward, 1)?;
    let Some((row, names)) = rows.into_iter().next() else { return Ok(None) };
    let at = keys::number(&row, 1).ok_or_else(|| Fault::new("forgetting keys", "a key without a time"))?;
    Ok(Some((row, Timestamp(at), names)))
}

/// Splits the names of a due row.
pub(crate) fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(KEY_BYTES)
}

/// Forgets a key, unless its order is still open: then it is kept for another hour.
pub(crate) fn forget(tx: &mut Tx, entry: &Entry, name: &[u8]) -> Result<(), Fault> {
    let row = key(keys::IDEMPOTENCY, &[name]);
    let Some(decided) = tx.row::<Decided>(&row, "a decided idempotency key")? else { return Ok(()) };
    if let Ok(Reply::Orders(orders::Reply::Placed(order))) = decided.outcome.answer
        && orders::get(tx, order.id)?.is_some_and(|order| !order.status.is_final())
    {
        tx.append(due_key(entry.now.after_ms(KEPT_LONGER_MS), entry.index), name);
    } else {
        tx.delete(row);
    }
    Ok(())
}
