//! What happens by itself as time passes: drops open and end, holds expire, payments are given up, orders of cancelled
//! drops are called off, lines go on, old idempotency keys, old deliveries and notices, sessions that ran out, signing
//! keys whose tokens did, old records of the audit trail and old journal rows go.
//!
//! Time is a command. The leader proposes a [`Tick`] when [`is_due`] says that there is something to do; the tick does
//! a bounded amount of it and says whether there is more, as `pulse` in TigerBeetle. A node's own clock decides nothing.

mod complete;
mod tick;

use complete::Completed;
use minicbor::{Decode, Encode};

pub(crate) use tick::tick;

pub use crate::journal::Kept;
use crate::keys::{self, key};
use crate::{
    Fault, Timestamp, View, accounts, audit, drops, idempotency, journal, notifications, orders, tx, waitlist, webhooks,
};

/// Does at most `budget` of what is due: one drop, order, offer, key, delivery, notice, session, record or journal row each.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Tick {
    #[n(0)]
    pub budget: u32,
    /// How much of the journal is kept, as the leader is configured: see [`Kept`].
    #[n(1)]
    pub journal_entries: Option<u64>,
    /// In milliseconds.
    #[n(2)]
    pub journal_ms: Option<u64>,
    /// How long records of the audit trail are kept, in milliseconds; for good when it is not said.
    #[n(3)]
    pub audit_ms: Option<u64>,
    /// Whether rows that older programs did not write are to be made complete.
    #[n(4)]
    pub completes: Option<bool>,
}

/// Old records of the audit trail wait until the oldest is older by this, so that not each has a tick of its own.
pub const AUDIT_STEP_MS: u64 = 86_400_000;

impl Tick {
    /// A tick that keeps as much of the journal as is usual.
    pub fn of(budget: u32) -> Self {
        Tick { budget, journal_entries: None, journal_ms: None, audit_ms: None, completes: None }
    }

    /// A tick that keeps this much of the journal.
    pub fn keeping(budget: u32, kept: Kept) -> Self {
        Tick { budget, journal_entries: Some(kept.entries), journal_ms: Some(kept.ms), ..Tick::of(budget) }
    }

    /// The same tick, which lets go of records of the audit trail that are older than this.
    pub fn trimming_audit(self, audit_ms: u64) -> Self {
        Tick { audit_ms: Some(audit_ms), ..self }
    }

    /// The same tick, which makes complete what older programs left out: see [`is_incomplete`].
    pub fn completing(self) -> Self {
        Tick { completes: Some(true), ..self }
    }

    fn kept(&self) -> Kept {
        let usual = Kept::default();
        Kept { entries: self.journal_entries.unwrap_or(usual.entries), ms: self.journal_ms.unwrap_or(usual.ms) }
    }
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
    /// The number of the newest record of the audit trail that is gone; not there before one is.
    #[n(6)]
    audit: Option<u64>,
    /// How far rows of older programs are complete; not there before the first are.
    #[n(7)]
    completed: Option<Completed>,
}

fn swept_key() -> Vec<u8> {
    key(keys::META, &[&[1]])
}

fn swept(view: &dyn View) -> Result<Swept, Fault> {
    Ok(tx::row(view, &swept_key(), "how far the clock has swept")?.unwrap_or_default())
}

/// The oldest log index whose journal row is there still, if the entry wrote one.
pub(crate) fn journal_floor(view: &dyn View) -> Result<u64, Fault> {
    Ok(swept(view)?.journal)
}

/// Whether a tick proposed at `now` that keeps this much of the journal would take some of it away.
pub fn is_journal_long(view: &dyn View, now: Timestamp, kept: Kept) -> Result<bool, Fault> {
    journal::is_long(view, swept(view)?.journal, now, kept)
}

/// Whether a tick proposed at `now` that keeps the audit trail for so long would let go of some of it.
pub fn is_audit_long(view: &dyn View, now: Timestamp, audit_ms: u64) -> Result<bool, Fault> {
    let before = now.0.saturating_sub(audit_ms.saturating_add(AUDIT_STEP_MS));
    audit::is_long(view, swept(view)?.audit.unwrap_or_default(), Timestamp(before))
}

/// Whether there may be rows that an older program left out, as far as is known.
pub fn is_incomplete(view: &dyn View) -> Result<bool, Fault> {
    Ok(!swept(view)?.completed.unwrap_or_default().is_all())
}

/// Whether a tick proposed at `now` would find something to do, the journal and the audit trail aside: see
/// [`is_journal_long`] and [`is_audit_long`].
pub fn is_due(view: &dyn View, now: Timestamp) -> Result<bool, Fault> {
    let swept = swept(view)?;
    Ok(!drops::due(view, now, 1)?.is_empty()
        || orders::first_due(view, swept.holds, now)?.is_some()
        || !drops::winding(view, 1)?.is_empty()
        || !waitlist::due(view, 1)?.is_empty()
        || idempotency::first_due(view, swept.keys, now)?.is_some()
        || webhooks::first_old(view, swept.deliveries.unwrap_or_default(), now)?.is_some()
        || notifications::first_old(view, swept.notices.unwrap_or_default(), now)?.is_some()
        || !webhooks::halted(view, 1)?.is_empty()
        || accounts::first_due(view, swept.sessions.unwrap_or_default(), now)?.is_some()
        || accounts::any_key_retires(view, now)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn a_tick_of_an_older_leader_keeps_what_is_usual() {
        let older = codec::encode(&Tick::of(7));
        assert_eq!(older, [0x81, 7], "what is not said costs no byte");
        let tick: Tick = codec::decode(&older, "a tick").expect("it is one");
        assert_eq!((tick.budget, tick.kept()), (7, Kept::default()));
        let kept = Kept { entries: 50_000, ms: 86_400_000 };
        let newer: Tick = codec::decode(&codec::encode(&Tick::keeping(7, kept)), "a tick").expect("it is one");
        assert_eq!(newer.kept(), kept);
    }
}
