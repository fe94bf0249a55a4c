//! What each entry did: its time, the state hash after it, and its events in order. One row for a whole entry.

use std::ops::Range;

use minicbor::{Decode, Encode, Encoder};

use crate::keys::{self, key};
use crate::overlay::{Key, Overlay};
use crate::view::Order;
use crate::words::Event;
use crate::{Entry, Fault, OrderId, Timestamp, View, clock, codec, tx};

/// Log indices that the journal reaches back whatever else is said: nodes compare their hashes by it.
const ALWAYS_KEPT: u64 = 1_000;
/// Rows that are too many go so many at a time, so that not every entry has a tick for the row that it pushes out.
const STEP: u64 = 1_000;
/// For the same reason rows that are too old wait until the oldest is older by such a part of the age.
const AGE_STEP: u64 = 64;

/// How much of the journal is kept: a row goes when it is beyond the count or older than the age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Log indices.
    pub entries: u64,
    /// In milliseconds.
    pub ms: u64,
}

/// A hundred thousand entries, and a week.
impl Default for Kept {
    fn default() -> Self {
        Kept { entries: 100_000, ms: 7 * 86_400_000 }
    }
}

impl Kept {
    /// The end of the rows that are too many once the entry at `index` is applied.
    fn end_by_count(&self, index: u64) -> u64 {
        index.saturating_sub(self.entries.max(ALWAYS_KEPT)) / STEP * STEP
    }
}

/// Rows that may go.
pub(crate) struct Old {
    /// In order.
    pub indices: Vec<u64>,
    /// Once they are gone there is no row below this index.
    pub floor: u64,
}

/// What of a row says how old it is.
#[derive(Decode)]
struct Aged {
    #[n(0)]
    at: Timestamp,
}

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
    stored_after(view, index, limit)?.iter().map(|(index, stored)| Ok((*index, decode(stored)?))).collect()
}

/// The hash of the state as of `index`: of the last entry with commands up to there, while the journal reaches back.
pub fn hash_at(view: &dyn View, index: u64) -> Result<Option<[u8; 32]>, Fault> {
    let rows = view.scan(&[keys::JOURNAL], &journal_key(index.saturating_add(1)), Order::Backward, 1)?;
    match rows.first() {
        Some((_, bytes)) => Ok(Some(codec::decode::<Journal>(bytes, "a journal row")?.hash)),
        None => Ok(None),
    }
}

/// The journals of at most `limit` entries after `index`, oldest first, as they are stored: [`decode`] reads them where
/// nobody waits for the rows.
pub fn stored_after(view: &dyn View, index: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, Fault> {
    let rows = view.scan(&journal_key(index.saturating_add(1)), &[keys::JOURNAL + 1], Order::Forward, limit)?;
    rows.into_iter().map(|(row, bytes)| Ok((index_of(&row)?, bytes))).collect()
}

/// Reads what [`stored_after`] gives.
pub fn decode(stored: &[u8]) -> Result<Journal, Fault> {
    codec::decode(stored, "a journal row")
}

/// The index below which rows were taken away: of every entry from it on, what it did is here.
pub fn floor(view: &dyn View) -> Result<u64, Fault> {
    clock::journal_floor(view)
}

/// Whether there are rows from `floor` on that should go by `now`, and enough of them to be worth a tick.
pub(crate) fn is_long(view: &dyn View, floor: u64, now: Timestamp, kept: Kept) -> Result<bool, Fault> {
    let index = meta(view)?.index;
    if floor < kept.end_by_count(index) {
        return Ok(true);
    }
    let late = Kept { ms: kept.ms.saturating_add(kept.ms / AGE_STEP), ..kept };
    Ok(!old(view, floor, &Entry { index, now }, late, 1)?.indices.is_empty())
}

/// The oldest rows from `floor` on that should go when this entry is applied, at most `limit`.
pub(crate) fn old(view: &dyn View, floor: u64, entry: &Entry, kept: Kept, limit: usize) -> Result<Old, Fault> {
    let by_count = kept.end_by_count(entry.index);
    let end = entry.index.saturating_sub(ALWAYS_KEPT);
    let mut old = Old { indices: Vec::new(), floor: floor.max(by_count) };
    if floor >= end {
        return Ok(Old { floor, ..old });
    }
    let rows = view.scan(&journal_key(floor), &journal_key(end), Order::Forward, limit)?;
    let spent = rows.len() == limit;
    for (row, bytes) in &rows {
        let index = index_of(row)?;
        let is_old = || Ok(codec::decode::<Aged>(bytes, "a journal row")?.at.0.saturating_add(kept.ms) <= entry.now.0);
        if index >= by_count && !is_old()? {
            return Ok(old);
        }
        old.indices.push(index);
        old.floor = old.floor.max(index + 1);
    }
    if spent {
        // There may be more: the next tick begins right after the last of these.
        old.floor = old.indices.last().map_or(floor, |last| last + 1);
    }
    Ok(old)
}

pub(crate) fn forget(tx: &mut tx::Tx, index: u64) {
    tx.delete(journal_key(index));
}

fn index_of(row: &[u8]) -> Result<u64, Fault> {
    keys::number(row, 1).ok_or_else(|| Fault::new("reading the journal", "a key without a log index"))
}
