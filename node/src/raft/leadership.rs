//! Who leads, as this node knows it: kept in a watch that changes only when something about it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use livedrop_store::types::Raft;
use openraft::Instant as _;
use openraft::async_runtime::watch::WatchReceiver;
use tokio::sync::watch;

use super::settings::ConsensusSettings;

/// What a node knows of the leader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leadership {
    pub term: u64,
    /// None during an election. A follower that lost its leader keeps naming it until an election begins.
    pub leader: Option<u64>,
    pub is_leader: bool,
    /// On the leader: a quorum answered it lately, so that it takes commands. Elsewhere: the leader was heard lately.
    pub has_quorum: bool,
}

/// Waits until this node leads, or does not; `false` when it never will again, because consensus has ended.
pub async fn leads(leadership: &mut watch::Receiver<Leadership>, wanted: bool) -> bool {
    leadership.wait_for(|seen| seen.is_leader == wanted).await.is_ok()
}

/// When a leader was last heard. A follower that loses its leader and cannot win an election goes on naming it.
pub(super) struct Heard {
    began: Instant,
    /// Milliseconds after that.
    last_ms: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        Heard { began: Instant::now(), last_ms: AtomicU64::new(0) }
    }
}

impl Heard {
    /// Notes that a leader was heard just now.
    pub(super) fn note(&self) {
        self.last_ms.store(self.began.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    fn age(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.last_ms.load(Ordering::Relaxed)))
    }
}

/// What is called, with a reason, when consensus ended by itself. It must end the process.
pub type OnFatal = Arc<dyn Fn(&str) + Send + Sync>;

/// Ends the process at once, without a last word on the disk: whatever supervises it starts it again, and it reads what is
/// really there.
pub fn abort_process() -> OnFatal {
    Arc::new(|reason| {
        tracing::error!(reason, "the process stops");
        // The log may be buffered; the terminal is not.
        eprintln!("livedropd: {reason}; stopping");
        std::process::abort()
    })
}

/// Keeps `leadership` up to date until consensus ends; an end that nobody asked for is fatal.
pub(super) async fn watch_over(
    raft: Raft,
    own: u64,
    heard: Arc<Heard>,
    settings: ConsensusSettings,
    leadership: watch::Sender<Leadership>,
    stopping: Arc<AtomicBool>,
    on_fatal: OnFatal,
) {
    let mut server = raft.server_metrics();
    let quorum_age_max = Duration::from_millis(settings.election_max_ms);
    let mut beat = tokio::time::interval(Duration::from_millis(settings.heartbeat_ms));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let now = current(&raft, own, &heard, quorum_age_max);
        leadership.send_if_modified(|known| {
            let changed = *known != now;
            *known = now;
            changed
        });
        let alive = tokio::select! {
            changed = server.changed() => changed.is_ok(),
            _ = beat.tick() => true,
        };
        if !alive {
            break;
        }
    }
    leadership.send_replace(Leadership::default());
    if !stopping.load(Ordering::Acquire) {
        let state = raft.metrics().borrow_watched().running_state.clone();
        let reason = state.err().map_or_else(|| "consensus ended".to_owned(), |fatal| fatal.to_string());
        on_fatal(&format!("consensus cannot go on: {reason}"));
    }
}

fn current(raft: &Raft, own: u64, heard: &Heard, quorum_age_max: Duration) -> Leadership {
    let (vote, leader, is_leader, voters) = {
        let server = raft.server_metrics();
        let server = server.borrow_watched();
        let voters = server.membership_config.membership().voter_ids().count();
        (server.vote, server.current_leader, server.state.is_leader(), voters)
    };
    let has_quorum = match (is_leader, voters) {
        // A single voter is its own quorum and is never asked.
        (true, 1) => true,
        (true, _) => quorum_age(raft).is_some_and(|age| age < quorum_age_max),
        // Twice as long as an election may wait: one late heartbeat says nothing.
        (false, _) => leader.is_some() && heard.age() < 2 * quorum_age_max,
    };
    Leadership { term: vote.leader_id.term, leader, is_leader: is_leader && leader == Some(own), has_quorum }
}

/// How long ago the leader sent the newest message that a quorum has answered.
fn quorum_age(raft: &Raft) -> Option<Duration> {
    let data = raft.data_metrics();
    let data = data.borrow_watched();
    data.last_quorum_acked.map(|at| at.elapsed())
}
