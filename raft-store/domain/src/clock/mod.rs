//! What happens by itself as time passes: drops open and end, holds expire, payments are given up, orders of cancelled
//! drops are called off, lines go on, old idempotency keys, old deliveries and notices, sessions that ran out, signing
//! keys whose tokens did, and old journal rows go.
//!
//! Time is a command. The leader proposes a [`Tick`] when [`is_due`] says that there is something to do; the tick does
//! a bounded amount of it and says whether there is more, as `pulse` in TigerBeetle. A node's own clock decides nothing.

mod tick;

use minicbor::{Decode, Encode};

pub(crate) use tick::tick;

use crate::keys::{self, key};
use crate::{
    Fault, Timestamp, View, accounts, drops, idempotency, journal, notifications, orders, tx, waitlist, webhooks,
};

/// Does at most `budget` of what is due: one drop, order, offer, key, delivery, notice, session or journal row each.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Tick {
    #[n(0)]
    pub budget: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Ticked {
    #[n(0)]
    pub done: u32,
    /// The budget was spent: another tick is due at once.
    #[n(1)]
    pub more: bool,
}

/// Before when there is nothing left to sweep, so that a tick does not look at rows that are long gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
struct Swept {
    #[n(0)]
    holds: Timestamp,
    #[n(1)]
    keys: Timestamp,
    /// A log index.
    #[n(2)]
    journal: u64,
    /// Not there, and without a byte in the row, before the first delivery is forgotten.
    #[n(3)]
    deliveries: Option<Timestamp>,
    /// As of deliveries, before the first notice is forgotten.
    #[n(4)]
    notices: Option<Timestamp>,
    /// As for deliveries.
    #[n(5)]
    sessions: Option<Timestamp>,
}

fn swept_key() -> Vec<u8> {
    key(keys::META, &[&[1]])
}

fn swept(view: &dyn View) -> Result<Swept, Fault> {
    Ok(tx::row(view, &swept_key(), "how far the clock has swept")?.unwrap_or_default())
}

/// The end of the journal rows that may go when the entry at `index` is applied. Goes up in steps, so that
/// an idle cluster does not write a tick for each of them.
fn journal_end(index: u64) -> u64 {
    index.saturating_sub(journal::ENTRIES_KEPT) / 1_000 * 1_000
}

/// Whether a tick proposed at `now` would find something to do.
pub fn is_due(view: &dyn View, now: Timestamp) -> Result<bool, Fault> {
    let swept = swept(view)?;
    Ok(!drops::due(view, now, 1)?.is_empty()
        || orders::first_due(view, swept.holds, now)?.is_some()
        || !drops::winding(view, 1)?.is_empty()
        || waitlist::first_due(view)?.is_some()
        || idempotency::first_due(view, swept.keys, now)?.is_some()
        || webhooks::first_old(view, swept.deliveries.unwrap_or_default(), now)?.is_some()
        || notifications::first_old(view, swept.notices.unwrap_or_default(), now)?.is_some()
        || !webhooks::halted(view, 1)?.is_empty()
        || accounts::first_due(view, swept.sessions.unwrap_or_default(), now)?.is_some()
        || accounts::any_key_retires(view, now)?
        || swept.journal < journal_end(journal::meta(view)?.index))
}
