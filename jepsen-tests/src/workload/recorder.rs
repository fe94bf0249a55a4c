//! The pen of a run: many tasks write into one history, on one clock.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::sync::watch;

use crate::history::{Attempt, Fault, History, Record};
use crate::outcome::Outcome;
use crate::wait;

/// Clones write into the same history.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    began: Instant,
    history: Mutex<History>,
    acknowledged: watch::Sender<u64>,
}

impl Default for Recorder {
    fn default() -> Self {
        let shared = Shared { began: Instant::now(), history: Mutex::default(), acknowledged: watch::Sender::new(0) };
        Self { shared: Arc::new(shared) }
    }
}

impl Recorder {
    /// Nanoseconds since the run began.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.shared.began.elapsed().as_nanos()).expect("a run takes less than five centuries")
    }

    pub fn push(&self, record: Record) {
        self.locked(|history| history.push(record));
    }

    /// Writes down an attempt, and counts it when it is a first acknowledgement.
    pub fn attempt(&self, attempt: Attempt) {
        let counts = matches!(attempt.outcome, Outcome::Ok { .. });
        self.push(Record::Attempt(attempt));
        if counts {
            self.shared.acknowledged.send_modify(|count| *count += 1);
        }
    }

    /// Writes down that something was done to a node, and gives the moment.
    pub fn fault(&self, what: &str, node: usize) -> u64 {
        let at_ns = self.now_ns();
        self.push(Record::Fault(Fault { what: what.to_owned(), node, at_ns }));
        at_ns
    }

    /// Acknowledgements written down so far.
    pub fn acknowledged(&self) -> u64 {
        *self.shared.acknowledged.borrow()
    }

    /// Waits until `count` acknowledgements have been written down.
    pub async fn wait_acknowledged(&self, count: u64, deadline: Duration) -> Result<()> {
        wait::until(&format!("{count} acknowledged purchases"), deadline, async || {
            let so_far = self.acknowledged();
            if so_far < count {
                bail!("there are {so_far}");
            }
            Ok(())
        })
        .await
    }

    /// Looks at the history as it is now.
    pub fn locked<T>(&self, look: impl FnOnce(&mut History) -> T) -> T {
        look(&mut self.shared.history.lock().expect("nobody panics while writing"))
    }

    /// The history as it is now.
    pub fn history(&self) -> History {
        self.locked(|history| history.clone())
    }
}
