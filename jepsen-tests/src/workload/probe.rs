//! A paced load that does not wait for answers: a new purchase begins every few milliseconds whatever became of the
//! earlier ones, so that the length of an outage is seen as a buyer who comes during it would see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::task::{JoinHandle, JoinSet};

use crate::history::{Fault, History};
use crate::outcome::Outcome;
use crate::wait;
use crate::workload::buyer::Purchase;
use crate::workload::shop::Shop;

/// Between two new purchases.
pub const EVERY: Duration = Duration::from_millis(20);

const PATIENCE: Duration = Duration::from_secs(60);

/// A running probe.
pub struct Probe {
    over: Arc<AtomicBool>,
    task: JoinHandle<u64>,
}

impl Probe {
    /// Begins to buy single units, each new one at the next node.
    pub fn begin(shop: &Shop, drop_id: &str, mark: &str) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (shop, drop_id, mark, stop) = (shop.clone(), drop_id.to_owned(), mark.to_owned(), over.clone());
        let task = tokio::spawn(async move {
            let mut purchases = JoinSet::new();
            let mut undecided = 0;
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (shop, drop_id, key) = (shop.clone(), drop_id.clone(), format!("{mark}-{number}"));
                purchases.spawn(async move {
                    let purchase = Purchase { drop_id, buyer: number % shop.buyers.len(), key, quantity: 1 };
                    shop.buy(&purchase, number % shop.urls.len() + 1, PATIENCE).await.is_decided()
                });
                while let Some(done) = purchases.try_join_next() {
                    undecided += u64::from(!matches!(done, Ok(true)));
                }
                wait::pause(EVERY).await;
            }
            while let Some(done) = purchases.join_next().await {
                undecided += u64::from(!matches!(done, Ok(true)));
            }
            undecided
        });
        Self { over, task }
    }

    /// Begins no more, waits for those in flight, and gives how many were never decided.
    pub async fn end(self) -> Result<u64> {
        self.over.store(true, Ordering::Relaxed);
        Ok(self.task.await?)
    }
}

/// From a fault to the first answer 201 to a request that was sent after it, in nanoseconds.
pub fn outage_ns(history: &History, fault: &Fault) -> Option<u64> {
    let after = history.attempts().filter(|attempt| attempt.invoked_ns >= fault.at_ns);
    let acknowledged = after.filter(|attempt| matches!(attempt.outcome, Outcome::Ok { replayed: false, .. }));
    acknowledged.map(|attempt| attempt.returned_ns - fault.at_ns).min()
}
