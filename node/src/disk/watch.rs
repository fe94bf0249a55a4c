//! Looks at the disk every second, and acts on what it finds.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use livedrop_store::{LogMetrics, Reader};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::alarm::{self, Slowness};
use super::{Disk, room};
use crate::raft::Consensus;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// With less room than this the ballast is given back, before a write fails.
const LAST: u64 = 8 << 20;
/// Leadership that nobody could take is offered again after so long; so is a disk that was slow twice.
const OFFER_AGAIN: Duration = Duration::from_secs(10);

/// Where to look, and what is too little or too long.
#[derive(Debug, Clone)]
pub struct Settings {
    pub data_dir: PathBuf,
    /// Bytes.
    pub reserve: u64,
    /// Bytes, laid again when there is room.
    pub ballast: u64,
    /// The longest that a sync may take on average; zero for no bound.
    pub slow_sync: Duration,
}

/// Looks until stopped.
pub async fn watch(disk: Arc<Disk>, settings: Settings, consensus: Consensus, reader: Reader, stop: CancellationToken) {
    disk.reserve.store(settings.reserve, Ordering::Relaxed);
    let mut slowness = Slowness::new(settings.slow_sync);
    let mut synced = reader.metrics().log;
    let mut offered: Option<Instant> = None;
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        look_at_room(&disk, &settings).await;
        let now = reader.metrics().log;
        let slow = slowness.look(sync_time(&synced, &now));
        synced = now;
        if disk.slow.swap(slow, Ordering::Relaxed) != slow {
            let bound = settings.slow_sync;
            match slow {
                true => tracing::warn!(?bound, "disk_slow: syncs of this node take longer than they may"),
                false => tracing::info!("syncs of this node are fast enough again"),
            }
        }
        let flags = disk.flags();
        let leads = consensus.leadership().borrow().is_leader;
        if (flags.full || flags.slow) && leads && offered.is_none_or(|at| at.elapsed() >= OFFER_AGAIN) {
            offered = Some(Instant::now());
            match consensus.hand_over_but(&disk.unfit()).await {
                Ok(leader) => tracing::warn!(?leader, ?flags, "leadership is handed over"),
                Err(error) => tracing::debug!(%error, "no other node can lead"),
            }
        }
    }
}

async fn look_at_room(disk: &Disk, settings: &Settings) {
    let Settings { data_dir, reserve, ballast, .. } = settings.clone();
    let was_full = disk.flags().full;
    let looked = tokio::task::spawn_blocking(move || {
        let mut free = room::free(&data_dir)?;
        if free < LAST && reserve > 0 && room::drop_ballast(&data_dir) {
            free = room::free(&data_dir)?;
        }
        let full = alarm::full(was_full, free, reserve);
        // With as much room again beside it, so that it does not raise the alarm itself.
        if !full && ballast > 0 && free >= 2 * reserve + ballast {
            livedrop_store::lay_ballast(&data_dir, ballast)?;
        }
        Ok::<_, std::io::Error>((free, full))
    });
    match looked.await {
        Ok(Ok((free, full))) => {
            disk.free.store(free, Ordering::Relaxed);
            if disk.full.swap(full, Ordering::Relaxed) != full {
                match full {
                    true => tracing::error!(free, reserve, "disk_full: too little room on the data disk"),
                    false => tracing::info!(free, reserve, "there is room on the data disk again"),
                }
            }
        }
        Ok(Err(error)) => tracing::error!(%error, "the room on the data disk cannot be seen"),
        Err(panicked) => tracing::error!(%panicked, "the room on the data disk cannot be seen"),
    }
}

/// How long a sync took on average between two looks; one that does not end counts while it lasts.
fn sync_time(before: &LogMetrics, now: &LogMetrics) -> Option<Duration> {
    let groups = now.groups_total.saturating_sub(before.groups_total);
    let micros = now.group_micros_total.saturating_sub(before.group_micros_total);
    let ended = micros.checked_div(groups);
    let lasting = Some(now.lasting_micros).filter(|micros| *micros > 0);
    ended.max(lasting).map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_that_does_not_end_counts_while_it_lasts() {
        let before = LogMetrics { groups_total: 10, group_micros_total: 1_000, ..LogMetrics::default() };
        assert_eq!(sync_time(&before, &before), None);
        let now = LogMetrics { groups_total: 14, group_micros_total: 9_000, ..before };
        assert_eq!(sync_time(&before, &now), Some(Duration::from_micros(2_000)));
        let hangs = LogMetrics { lasting_micros: 3_000_000, ..now };
        assert_eq!(sync_time(&now, &hangs), Some(Duration::from_secs(3)));
    }
}
