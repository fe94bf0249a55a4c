//! What each entry did: its time, the state hash after it, and its events in order. One row for a whole entry.

use std::ops::Range;

use minicbor::{Decode, Encode, Encoder};

use crate::keys::{self, key};
use crate::overlay::{Key, Overlay};
use crate::view::Order;
use crate::words::Event;
use crate::{Fault, OrderId, Timestamp, View, codec, tx};

/// How many log indices back the journal reaches at least.
pub const ENTRIES_KEPT: u64 = 100_000;

/// The journal of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Decode)]
pub struct Journal {
    /// The time that its commands saw.
    #[n(0)]
    pub at: Timestamp,
    /// The rolling hash of the state after it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// The place of an event here is the ordinal of its id.
    #[n(2)]
    pub events: Vec<Event>,
}

/// The state's clock and hash after the last entry that carried commands, and what else all of it shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Meta {
    /// The latest time that any command saw: time never goes back.
    #[n(0)]
    pub clock: Timestamp,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// The log index of that entry.
    #[n(2)]
    pub index: u64,
    /// The greatest id of an order. Without a default: a row that does not say would let an id be used twice.
    #[n(3)]
    pub newest_order: OrderId,
}

/// Nothing has happened yet.
impl Default for Meta {
    fn default() -> Self {
        Meta { clock: Timestamp::default(), hash: [0; 32], index: 0, newest_order: OrderId::from_u128(0) }
    }
}

fn meta_key() -> Vec<u8> {
    key(keys::META, &[&[0]])
}

fn journal_key(index: u64) -> Vec<u8> {
    key(keys::JOURNAL, &[&index.to_be_bytes()])
}

/// The clock and the hash of the state.
pub fn meta(view: &dyn View) -> Result<Meta, Fault> {
    Ok(tx::row(view, &meta_key(), "the state's clock and hash")?.unwrap_or_default())
}

/// The clock and the hash after the last entry of an apply batch.
pub(crate) fn pending_meta(overlay: &Overlay) -> Result<Option<Meta>, Fault> {
    let row = overlay.get(&Key::new(&meta_key())).flatten();
    row.map(|bytes| codec::decode(bytes, "the state's clock and hash")).transpose()
}

/// Writes an entry's journal and the state's clock and hash. The events were recorded for the hash already.
pub(crate) fn write(overlay: &mut Overlay, meta: Meta, recorded_events: Range<usize>) {
    let mut row = Vec::with_capacity(48 + recorded_events.len());
    Encoder::new(&mut row)
        .array(3)
        .and_then(|e| e.u64(meta.clock.0))
        .and_then(|e| e.bytes(&meta.hash))
        .expect("encoding into memory cannot fail");
    row.extend_from_slice(overlay.recorded(recorded_events));
    overlay.put(Key::new(&journal_key(meta.index)), row);
    overlay.put(Key::new(&meta_key()), codec::encode(&meta));
}

/// The journal of the entry with this log index; entries without commands have none.
pub fn at(view: &dyn View, index: u64) -> Result<Option<Journal>, Fault> {
    tx::row(view, &journal_key(index), "a journal row")
}

/// At most `limit` journals of entries after `index`, oldest first, with their log indices.
pub fn after(view: &dyn View, index: u64, limit: usize) -> Result<Vec<(u64, Journal)>, Fault> {
    view.scan(&journal_key(index.saturating_add(1)), &[keys::JOURNAL + 1], Order::Forward, limit)?
        .iter()
        .map(|(row, bytes)| Ok((index_of(row)?, codec::decode(bytes, "a journal row")?)))
        .collect()
}

/// The hash of the state as of `index`: of the last entry with commands up to there, while the journal reaches back.
pub fn hash_at(view: &dyn View, index: u64) -> Result<Option<[u8; 32]>, Fault> {
    let rows = view.scan(&[keys::JOURNAL], &journal_key(index.saturating_add(1)), Order::Backward, 1)?;
    match rows.first() {
        Some((_, bytes)) => Ok(Some(codec::decode::<Journal>(bytes, "a journal row")?.hash)),
        None => Ok(None),
    }
}

/// The oldest log indices in the journal that are below `end` and not below `start`.
pub(crate) fn indices(view: &dyn View, start: u64, end: u64, limit: usize) -> Result<Vec<u64>, Fault> {
    let rows = view.scan(&journal_key(start), &journal_key(end), Order::Forward, limit)?;
    rows.iter().map(|(row, _)| index_of(row)).collect()
}

pub(crate) fn forget(tx: &mut tx::Tx, index: u64) {
    tx.delete(journal_key(index));
}

fn index_of(row: &[u8]) -> Result<u64, Fault> {
    keys::number(row, 1).ok_or_else(|| Fault::new("reading the journal", "a key without a log index"))
}
