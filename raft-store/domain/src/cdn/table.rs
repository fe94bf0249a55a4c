//! The key of this room, and its typed read.

use super::Cursor;
use crate::keys::{self, key};
use crate::tx::{self, Tx};
use crate::{Fault, View};

fn cursor_key() -> Vec<u8> {
    key(keys::CDN_CURSOR, &[])
}

pub(super) fn put(tx: &mut Tx, cursor: Cursor) {
    tx.put(cursor_key(), &cursor);
}

/// How far the caches were told.
pub fn cursor(view: &dyn View) -> Result<Cursor, Fault> {
    Ok(tx::row(view, &cursor_key(), "the cursor of the caches")?.unwrap_or_default())
}
