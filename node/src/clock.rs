//! The only clock of the workspace, and the task that tells the state machine what time it is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use livedrop_domain::clock::{Kept, Tick, is_audit_long, is_due, is_incomplete, is_journal_long};
use livedrop_domain::{Command, Fault, Request, Timestamp};
use livedrop_store::{ReadView, Reader};
use tokio_util::sync::CancellationToken;

use crate::propose::Proposer;
use crate::raft::Consensus;
use crate::retention;

/// How often the leader looks whether something is due: drops open and holds end at most this much late.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How much one tick does at most; apply stays short however many holds end at once.
const BUDGET: u32 = 1_000;
/// How often the leader looks how many bytes the journal has.
const MEASURE_EVERY: Duration = Duration::from_secs(10);

/// The time by this node's clock.
pub fn now() -> Timestamp {
    Timestamp(since_epoch().as_millis() as u64)
}

/// The same, as exactly as the system says it.
#[allow(clippy::disallowed_methods, reason = "this is the one place that may")]
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// When something was, counted from the epoch.
pub fn epoch_of(moment: Instant) -> Duration {
    since_epoch().saturating_sub(moment.elapsed())
}

/// What is kept, and what that may weigh.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    pub of: Keeping,
    /// At most about so many bytes of journal.
    pub bytes: u64,
}

/// How much of what happened is kept while this node leads.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    pub journal: Kept,
    /// How long records of the audit trail are kept, in milliseconds.
    pub audit_ms: u64,
}

/// While this node leads, proposes a tick whenever one has something to do, keeping so much of what happened. A tick that
/// is lost is proposed again.
pub async fn keep_ticking(
    consensus: Consensus,
    reader: Reader,
    proposer: Proposer,
    keep: Keep,
    stop: CancellationToken,
) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let leadership = consensus.leadership();
    let (mut keeping, mut measured) = (keep.of, None::<tokio::time::Instant>);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let leads = leadership.borrow().is_leader;
        if leads && measured.is_none_or(|at| at.elapsed() >= MEASURE_EVERY) {
            measured = Some(tokio::time::Instant::now());
            keeping.journal = retention::of_journal(&reader, keep.of.journal, keep.bytes).unwrap_or(keeping.journal);
        }
        // A tick that spent its budget has left more to do; the next look finds it at once.
        while leadership.borrow().is_leader && !stop.is_cancelled() && due(&reader, keeping) {
            let request_id = format!("clock-{}", now().0);
            let command =
                Command::Clock(Tick::keeping(BUDGET, keeping.journal).trimming_audit(keeping.audit_ms).completing());
            if proposer.propose(Request { request_id, idempotency: None, command, by: None }).await.is_err() {
                break;
            }
        }
    }
}

fn due(reader: &Reader, Keeping { journal, audit_ms }: Keeping) -> bool {
    let due = |view: &ReadView<'_>| {
        let is_long = is_journal_long(view, now(), journal)? || is_audit_long(view, now(), audit_ms)?;
        Ok::<_, Fault>(is_long || is_due(view, now())? || is_incomplete(view)?)
    };
    let due = reader.read(due).map_err(anyhow::Error::from);
    due.and_then(|due| Ok(due?)).unwrap_or_else(|error| {
        tracing::error!(%error, "could not see what is due");
        false
    })
}
