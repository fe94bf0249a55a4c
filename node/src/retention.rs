//! The log and the journal are bounded in bytes, too, and nobody has to look after them.
//!
//! Each node shortens its own log, by way of a snapshot that holds what goes. Of the journal, which is replicated, all
//! nodes keep the same: the leader turns bytes into entries and has the clock's ticks say how many stay.

use std::time::Duration;

use livedrop_domain::clock::Kept;
use livedrop_domain::{Fault, View, journal, restored};
use livedrop_store::{Reader, StoreMetrics};
use tokio_util::sync::CancellationToken;

use crate::raft::Consensus;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// From so many places of the journal, and so many rows at each, it is seen how long a row is.
const PLACES: u64 = 8;
const ROWS: usize = 32;

/// Keeps this node's log at about `keep_bytes`, until stopped.
pub async fn bound_log(consensus: Consensus, reader: Reader, keep_bytes: u64, stop: CancellationToken) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let now = reader.metrics();
        let Some(upto) = too_long(&now, keep_bytes) else { continue };
        if now.snapshot_index < Some(upto) {
            consensus.snapshot_soon().await;
        }
        // What the snapshot does not hold yet stays, and is looked at again.
        let upto = upto.min(now.snapshot_index.unwrap_or(0));
        if now.log.first_index.is_some_and(|first| first < upto) {
            tracing::info!(upto, bytes = now.log.disk_bytes, keep_bytes, "the log is shortened");
            consensus.shorten_log(upto).await;
        }
    }
}

/// The entry up to which a log has to go that has more bytes than it may, if all its entries were alike.
fn too_long(now: &StoreMetrics, keep_bytes: u64) -> Option<u64> {
    let (first, last) = (now.log.first_index?, now.log.last_index?);
    if now.log.disk_bytes <= keep_bytes || last <= first {
        return None;
    }
    let entries = last + 1 - first;
    let kept = (u128::from(entries) * u128::from(keep_bytes) / u128::from(now.log.disk_bytes)) as u64;
    // Never what this node has yet to apply.
    Some(last.saturating_sub(kept).min(now.applied_index))
}

/// How much of the journal is to be kept so that it has at most about `bytes`; none when that cannot be seen now.
pub fn of_journal(reader: &Reader, kept: Kept, bytes: u64) -> Option<Kept> {
    let seen = reader.read(|view| seen(view, kept, bytes)).map_err(anyhow::Error::from);
    seen.and_then(|seen| Ok(seen?))
        .inspect_err(|error| tracing::error!(%error, "it cannot be seen how long the journal is"))
        .ok()
}

fn seen(view: &dyn View, kept: Kept, bytes: u64) -> Result<Kept, Fault> {
    let newest = journal::meta(view)?.index;
    // A cluster that was restored has a gap in its indices, which no entry fills.
    let stretch = |kept: Kept| Ok(restored::get(view)?.map_or(kept, |restored| restored.stretch(kept, newest)));
    let floor = journal::floor(view)?.max(newest.saturating_sub(kept.entries));
    let (mut rows, mut sum) = (0_u64, 0_u64);
    for place in 0..PLACES {
        let after = floor + (newest - floor) / PLACES * place;
        for (_, stored) in journal::stored_after(view, after, ROWS)? {
            rows += 1;
            sum += stored.len() as u64;
        }
    }
    match (bytes * rows).checked_div(sum) {
        Some(fit) => stretch(Kept { entries: kept.entries.min(fit), ..kept }),
        None => stretch(kept),
    }
}

#[cfg(test)]
mod tests {
    use livedrop_store::LogMetrics;

    use super::*;

    fn log(first: u64, last: u64, disk_bytes: u64) -> StoreMetrics {
        let log = LogMetrics { first_index: Some(first), last_index: Some(last), disk_bytes, ..LogMetrics::default() };
        StoreMetrics { log, applied_index: last, ..StoreMetrics::default() }
    }

    #[test]
    fn a_log_is_shortened_as_far_as_it_has_too_many_bytes() {
        assert_eq!(too_long(&log(101, 1_100, 5_000), 5_000), None);
        assert_eq!(too_long(&log(101, 1_100, 10_000), 5_000), Some(600));
        assert_eq!(too_long(&log(1_100, 1_100, 10_000), 5_000), None, "one entry is always whole");
        let behind = StoreMetrics { applied_index: 300, ..log(101, 1_100, 10_000) };
        assert_eq!(too_long(&behind, 5_000), Some(300));
        assert_eq!(too_long(&StoreMetrics::default(), 1), None, "there is no log yet");
    }
}
