//! How deep the queue is, in time: how long a command that comes now would wait for its batch.
//!
//! How fast the queue empties is measured only by full batches, one right after the other: of those, as many leave as can.
//! Small ones say how fast commands come.
//! A queue that is deep in time would make every command late, and would stay deep, since those who wait in vain ask
//! again. So what comes then is refused at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge};
use tokio::time::Instant;

/// Each new measurement counts for this part of the rate.
const SMOOTHING: u64 = 8;

/// Shared by those who add commands and the task that takes them away.
#[derive(Clone)]
pub struct Depth(Arc<Inside>);

struct Inside {
    /// Commands that wait.
    commands: AtomicUsize,
    /// The most commands of a batch: so many never wait for longer than one takes.
    batch: usize,
    /// Commands that leave in a second in full batches; 0 until that is known.
    per_second: AtomicU64,
    wait_max: Duration,
    shown: Gauge,
    refused: Counter,
}

impl Depth {
    pub fn new(wait_max: Duration, batch: usize) -> Self {
        Depth(Arc::new(Inside {
            batch,
            commands: AtomicUsize::new(0),
            per_second: AtomicU64::new(0),
            wait_max,
            shown: metrics::gauge!("livedrop_propose_queue_commands"),
            refused: metrics::counter!("livedrop_propose_refused_total"),
        }))
    }

    /// Takes note of commands that come; `false` when they would wait too long, and are not to be added.
    pub fn come(&self, commands: usize) -> bool {
        let before = self.0.commands.fetch_add(commands, Ordering::Relaxed);
        let welcome = before < self.0.batch || self.wait(before) <= self.0.wait_max;
        if !welcome {
            self.turned_away(commands);
        }
        welcome
    }

    /// Takes note that commands which came could not be added.
    pub fn turned_away(&self, commands: usize) {
        self.0.commands.fetch_sub(commands, Ordering::Relaxed);
        self.0.refused.increment(commands as u64);
    }

    /// How long `commands` take to leave.
    fn wait(&self, commands: usize) -> Duration {
        match self.0.per_second.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            per_second => Duration::from_micros(commands as u64 * 1_000_000 / per_second),
        }
    }
}

/// Notes how fast batches leave. Held by the task that makes them.
pub struct Pace {
    depth: Depth,
    /// When the last batch left, if others were waiting then.
    last: Option<Instant>,
}

impl Pace {
    pub fn new(depth: Depth) -> Self {
        Pace { depth, last: None }
    }

    /// Takes note of a batch of so many commands that leaves.
    pub fn left(&mut self, commands: usize, now: Instant) {
        let Depth(inside) = &self.depth;
        let behind = inside.commands.fetch_sub(commands, Ordering::Relaxed).saturating_sub(commands);
        inside.shown.set(behind as f64);
        if let Some(last) = self.last.filter(|_| commands >= inside.batch) {
            let took = now.saturating_duration_since(last).as_micros().max(1) as u64;
            let measured = (commands as u64 * 1_000_000 / took).max(1);
            let rate = match inside.per_second.load(Ordering::Relaxed) {
                0 => measured,
                before => (before * (SMOOTHING - 1) + measured).div_ceil(SMOOTHING),
            };
            inside.per_second.store(rate, Ordering::Relaxed);
        }
        self.last = (behind > 0).then_some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn depth() -> (Depth, Pace) {
        let depth = Depth::new(500 * MS, 100);
        (depth.clone(), Pace::new(depth))
    }

    fn come(depth: &Depth, commands: usize) -> usize {
        (0..commands).filter(|_| depth.come(1)).count()
    }

    #[tokio::test]
    async fn a_queue_that_empties_slowly_refuses_what_would_wait_too_long() {
        let ((depth, mut pace), start) = (depth(), Instant::now());
        assert_eq!(come(&depth, 3_000), 3_000, "nothing is known of how fast it empties");
        // A hundred in 100 milliseconds: five hundred are half a second.
        for batch in 0..29 {
            pace.left(100, start + batch * 100 * MS);
        }
        assert_eq!(come(&depth, 3_000), 401, "one hundred are there");
        pace.left(500, start + 2_900 * MS);
        assert!(depth.come(1));
    }

    #[tokio::test]
    async fn a_queue_that_becomes_empty_says_nothing_of_how_fast_it_could_be() {
        let ((depth, mut pace), start) = (depth(), Instant::now());
        for second in 0..10 {
            assert!(depth.come(1));
            pace.left(1, start + second * 1_000 * MS);
        }
        assert_eq!(come(&depth, 5_000), 5_000);
    }

    #[tokio::test]
    async fn a_storm_after_a_few_who_came_now_and_then_is_welcome() {
        let ((depth, mut pace), start) = (depth(), Instant::now());
        assert!(depth.come(2));
        for round in 0..10 {
            // One came while the others left.
            pace.left(1, start + round * 4 * MS);
            assert!(depth.come(1));
        }
        assert_eq!(come(&depth, 5_000), 5_000);
    }

    #[tokio::test]
    async fn one_slow_batch_after_an_election_does_not_close_the_door() {
        let ((depth, mut pace), start) = (depth(), Instant::now());
        come(&depth, 8_000);
        for batch in 0..50 {
            pace.left(100, start + batch * 10 * MS);
        }
        pace.left(100, start + 1_500 * MS);
        assert!(depth.come(1), "2,900 wait, at nearly 10,000 a second");
    }

    #[tokio::test]
    async fn what_was_turned_away_does_not_count() {
        let (depth, mut pace) = depth();
        assert!(depth.come(10));
        depth.turned_away(10);
        pace.left(0, Instant::now());
        assert_eq!(depth.0.commands.load(Ordering::Relaxed), 0);
    }
}
