//! The only clock of the workspace, and the task that tells the state machine what time it is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use livedrop_domain::clock::{Kept, Tick, is_due, is_journal_long};
use livedrop_domain::{Command, Fault, Request, Timestamp};
use livedrop_store::{ReadView, Reader};
use tokio_util::sync::CancellationToken;

use crate::propose::Proposer;
use crate::raft::Consensus;

/// How often the leader looks whether something is due: drops open and holds end at most this much late.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How much one tick does at most; apply stays short however many holds end at once.
const BUDGET: u32 = 1_000;

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

/// While this node leads, proposes a tick whenever one has something to do, keeping so much of the journal. A tick that
/// is lost is proposed again.
pub async fn keep_ticking(
    consensus: Consensus,
    reader: Reader,
    proposer: Proposer,
    kept: Kept,
    stop: CancellationToken,
) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let leadership = consensus.leadership();
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        // A tick that spent its budget has left more to do; the next look finds it at once.
        while leadership.borrow().is_leader && !stop.is_cancelled() && due(&reader, kept) {
            let request_id = format!("clock-{}", now().0);
            let command = Command::Clock(Tick::keeping(BUDGET, kept));
            if proposer.propose(Request { request_id, idempotency: None, command, by: None }).await.is_err() {
                break;
            }
        }
    }
}

fn due(reader: &Reader, kept: Kept) -> bool {
    let due = |view: &ReadView<'_>| Ok::<_, Fault>(is_due(view, now())? || is_journal_long(view, now(), kept)?);
    let due = reader.read(due).map_err(anyhow::Error::from);
    due.and_then(|due| Ok(due?)).unwrap_or_else(|error| {
        tracing::error!(%error, "could not see what is due");
        false
    })
}
