//! Keys of this room, and typed reads.

use super::{Head, Record};
use crate::keys::{self, key};
use crate::tx::Tx;
use crate::view::Order;
use crate::{Fault, View, codec, tx};

fn record_key(number: u64) -> Vec<u8> {
    key(keys::AUDIT, &[&number.to_be_bytes()])
}

fn head_key() -> Vec<u8> {
    key(keys::AUDIT_HEAD, &[])
}

/// Stores a record, which is the newest then.
pub(super) fn put(tx: &mut Tx, record: &Record) {
    tx.put(record_key(record.number), record);
    tx.put(head_key(), &Head { number: record.number, hash: record.hash });
}

/// Lets go of a record.
pub(super) fn delete(tx: &mut Tx, number: u64) {
    tx.delete(record_key(number));
}

/// The number and the hash of the newest record.
pub fn head(view: &dyn View) -> Result<Head, Fault> {
    Ok(tx::row(view, &head_key(), "the head of the audit trail")?.unwrap_or_default())
}

/// At most `limit` records with numbers after `number`, oldest first.
pub fn after(view: &dyn View, number: u64, limit: usize) -> Result<Vec<Record>, Fault> {
    view.scan(&record_key(number.saturating_add(1)), &[keys::AUDIT + 1], Order::Forward, limit)?
        .iter()
        .map(|(_, bytes)| codec::decode(bytes, "a record of the audit trail"))
        .collect()
}
