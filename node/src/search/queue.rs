//! Who may search now, who waits, and who is refused at once.
//!
//! As many questions are in work as there are cores. What would wait longer than [`WAIT_MAX`], by what questions took of
//! late, is refused when it comes: a queue of seconds would make every answer late and would stay, since those who wait
//! in vain ask again. Where questions turn out to take longer than they did, those who have waited so long are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::find::Unavailable;
use super::meter;

/// The longest that a question waits for its turn.
pub(super) const WAIT_MAX: Duration = Duration::from_millis(200);
/// Each new measurement counts for this part of what a question takes.
const SMOOTHING: u64 = 16;

#[derive(Clone)]
pub(super) struct Queue(Arc<Inside>);

struct Inside {
    at_a_time: usize,
    in_work: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// What a question takes, waiting not included; 0 until that is known.
    micros: AtomicU64,
    shown: Gauge,
    refused: Counter,
}

/// The right to search, until it is dropped. It goes where the work is done, which goes on when nobody waits for it.
pub(super) struct Turn {
    queue: Queue,
    began: Instant,
    _permit: OwnedSemaphorePermit,
}

/// One who waits, however the waiting ends.
struct Waiting<'a>(&'a Inside);

impl Queue {
    pub fn new(at_a_time: usize) -> Self {
        let (shown, refused) = meter::queue();
        let in_work = Arc::new(Semaphore::new(at_a_time));
        let (waiting, micros) = (AtomicUsize::new(0), AtomicU64::new(0));
        Queue(Arc::new(Inside { at_a_time, in_work, waiting, micros, shown, refused }))
    }

    /// Waits for a turn. Errors: `Overloaded`.
    pub async fn enter(&self) -> Result<Turn, Unavailable> {
        let inside = &*self.0;
        let permit = match inside.in_work.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let waiting = Waiting::new(inside);
                let turn = tokio::time::timeout(WAIT_MAX, inside.in_work.clone().acquire_owned());
                let got = if waiting.fits() { turn.await.ok() } else { None };
                got.and_then(Result::ok).ok_or_else(|| {
                    inside.refused.increment(1);
                    Unavailable::Overloaded
                })?
            }
        };
        Ok(Turn { queue: self.clone(), began: Instant::now(), _permit: permit })
    }
}

impl Queue {
    fn took(&self, time: Duration) {
        let took = time.as_micros() as u64;
        let smooth = |before: u64| match before {
            0 => Some(took.max(1)),
            before => Some((before * (SMOOTHING - 1) + took).div_ceil(SMOOTHING)),
        };
        // It always gives a number, so there is nothing to fail.
        let _before = self.0.micros.fetch_update(Ordering::Relaxed, Ordering::Relaxed, smooth);
    }
}

impl<'a> Waiting<'a> {
    fn new(inside: &'a Inside) -> Self {
        inside.shown.set((inside.waiting.fetch_add(1, Ordering::Relaxed) + 1) as f64);
        Waiting(inside)
    }

    /// Whether the last of all who wait now gets its turn in time.
    fn fits(&self) -> bool {
        let Waiting(inside) = self;
        let (waiting, micros) = (inside.waiting.load(Ordering::Relaxed), inside.micros.load(Ordering::Relaxed));
        micros.saturating_mul(waiting as u64) / inside.at_a_time as u64 <= WAIT_MAX.as_micros() as u64
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.shown.set((self.0.waiting.fetch_sub(1, Ordering::Relaxed) - 1) as f64);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.queue.took(self.began.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A queue of questions that took so long each.
    fn queue(at_a_time: usize, took: Duration) -> Queue {
        let queue = Queue::new(at_a_time);
        (0..100).for_each(|_| queue.took(took));
        queue
    }

    #[tokio::test]
    async fn what_would_wait_too_long_is_refused_when_it_comes() {
        let queue = queue(1, 40 * MS);
        let _in_work = queue.enter().await.expect("nobody is there");
        let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(queue.enter())).collect();
        assert!(waiting.iter_mut().all(|one| one.as_mut().now_or_never().is_none()), "five times forty fit");
        assert!(matches!(queue.enter().now_or_never(), Some(Err(Unavailable::Overloaded))));
        drop(waiting.pop());
        assert!(queue.enter().now_or_never().is_none(), "whoever leaves makes room");
    }

    #[tokio::test]
    async fn whoever_waited_too_long_all_the_same_is_refused() {
        let queue = queue(1, MS);
        let _never_done = queue.enter().await.expect("nobody is there");
        let began = Instant::now();
        assert!(matches!(queue.enter().await, Err(Unavailable::Overloaded)));
        assert!(began.elapsed() >= WAIT_MAX);
    }

    #[tokio::test]
    async fn a_queue_that_goes_faster_again_takes_more() {
        let queue = queue(2, 1_000 * MS);
        let _in_work = [queue.enter().await, queue.enter().await];
        assert!(matches!(queue.enter().now_or_never(), Some(Err(Unavailable::Overloaded))));
        (0..100).for_each(|_| queue.took(MS));
        assert!(queue.enter().now_or_never().is_none());
    }

    #[tokio::test]
    async fn whoever_has_a_turn_keeps_it_though_nobody_waits_for_the_answer() {
        let queue = queue(1, MS);
        let turn = queue.enter().await.expect("nobody is there");
        let (done, wait) = std::sync::mpsc::channel();
        let work = tokio::task::spawn_blocking(move || {
            wait.recv().expect("the test ends it");
            drop(turn);
        });
        assert!(queue.enter().now_or_never().is_none(), "the work goes on");
        done.send(()).expect("it waits");
        work.await.expect("it does not panic");
        assert!(queue.enter().await.is_ok());
    }
}
