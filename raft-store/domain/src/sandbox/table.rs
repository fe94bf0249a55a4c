//! Keys of this room, and typed reads.

use minicbor::Decoder;

use super::{Intent, IntentId, Kind, Movement};
use crate::keys::{self, key};
use crate::tx::Tx;
use crate::view::Order;
use crate::{Entry, Fault, Money, View, codec, tx};

fn intent_key(id: IntentId) -> [u8; 17] {
    keys::of_id(keys::SANDBOX_INTENT, id.bytes())
}

fn ledger_key(index: u64) -> Vec<u8> {
    key(keys::SANDBOX_LEDGER, &[&index.to_be_bytes()])
}

pub(super) fn put(tx: &mut Tx, intent: &Intent) {
    tx.put(intent_key(intent.id), intent);
}

/// Writes a line into the books. CBOR items say where they end, so the lines of an entry need nothing between them.
pub(super) fn enter(tx: &mut Tx, entry: &Entry, intent: &Intent, kind: Kind, amount: u64) {
    let movement = Movement {
        at: entry.now,
        intent: intent.id,
        order_id: intent.order_id,
        kind,
        amount: Money { amount, ..intent.amount },
    };
    tx.append(ledger_key(entry.index), &codec::encode(&movement));
}

/// The intent with this id.
pub fn get(view: &dyn View, id: IntentId) -> Result<Option<Intent>, Fault> {
    tx::row(view, &intent_key(id), "an intent")
}

/// Every intent, for checks of the whole state.
pub fn intents_all(view: &dyn View) -> Result<Vec<Intent>, Fault> {
    view.scan(&[keys::SANDBOX_INTENT], &[keys::SANDBOX_INTENT + 1], Order::Forward, usize::MAX)?
        .iter()
        .map(|(_, bytes)| codec::decode(bytes, "an intent"))
        .collect()
}

/// Where a line stands in the books: the log index that wrote it, and its place among those of that entry.
pub type Position = (u64, u32);

/// At most `limit` lines of the books, oldest first, younger than `after`.
pub fn ledger(view: &dyn View, after: Option<Position>, limit: usize) -> Result<Vec<(Position, Movement)>, Fault> {
    let from = ledger_key(after.map_or(0, |(index, _)| index));
    // Every row has a line, but the first one may have none that is younger.
    let rows = view.scan(&from, &[keys::SANDBOX_LEDGER + 1], Order::Forward, limit.saturating_add(1))?;
    let mut movements = Vec::new();
    for (row, bytes) in &rows {
        let index = keys::number(row, 1).ok_or_else(|| Fault::new("reading the books", "a key without a log index"))?;
        let lines = lines(bytes)?.into_iter().enumerate().map(|(ordinal, line)| ((index, ordinal as u32), line));
        movements.extend(lines.filter(|(position, _)| after.is_none_or(|after| *position > after)));
        if movements.len() >= limit {
            break;
        }
    }
    movements.truncate(limit);
    Ok(movements)
}

/// The lines of one entry.
fn lines(bytes: &[u8]) -> Result<Vec<Movement>, Fault> {
    let mut decoder = Decoder::new(bytes);
    let mut lines = Vec::new();
    while decoder.position() < bytes.len() {
        lines.push(decoder.decode().map_err(|error| Fault::new("decoding a line of the books", error))?);
    }
    Ok(lines)
}
