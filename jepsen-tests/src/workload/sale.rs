//! A sale under full load: a crowd buys one unit after another through all nodes until everybody was served.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::outcome::Outcome;
use crate::workload::buyer::Purchase;
use crate::workload::shop::Shop;

/// One purchase in so many is sent twice in the same moment, to two nodes, as by a buyer who taps twice.
const TWICE: usize = 8;

/// A purchase that is still undecided after so long fails the run: the cluster did not come back.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running sale.
pub struct Sale {
    workers: JoinSet<Served>,
    turnstile: Arc<Semaphore>,
    next: Arc<AtomicUsize>,
    began: Instant,
}

/// What one worker, or all of them, saw.
#[derive(Debug, Default, Clone, Copy)]
pub struct Served {
    pub acknowledged: u64,
    pub rejected: u64,
    pub undecided: u64,
}

impl Sale {
    /// Lets `wishes` purchases of one unit begin, `at_once` of them in flight, as the turnstile lets them in.
    /// It lets nobody in until [`Sale::let_in`]. Keys begin with `mark`.
    pub fn begin(shop: &Shop, drop_id: &str, mark: &str, wishes: usize, at_once: usize) -> Self {
        let turnstile = Arc::new(Semaphore::new(0));
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..at_once {
            let (shop, drop_id, mark) = (shop.clone(), drop_id.to_owned(), mark.to_owned());
            let (turnstile, next) = (turnstile.clone(), next.clone());
            workers.spawn(async move {
                let mut served = Served::default();
                loop {
                    turnstile.acquire().await.expect("the turnstile is never closed").forget();
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= wishes {
                        return served;
                    }
                    let purchase = Purchase {
                        drop_id: drop_id.clone(),
                        buyer: number % shop.buyers.len(),
                        key: format!("{mark}-{number}"),
                        quantity: 1,
                    };
                    match served_once(&shop, &purchase, number).await {
                        Outcome::Ok { .. } => served.acknowledged += 1,
                        Outcome::Rejected { .. } => served.rejected += 1,
                        Outcome::Refused { .. } | Outcome::Unknown { .. } => served.undecided += 1,
                    }
                }
            });
        }
        Self { workers, turnstile, next, began: Instant::now() }
    }

    /// Lets `count` more purchases begin.
    pub fn let_in(&self, count: usize) {
        self.turnstile.add_permits(count);
    }

    /// How many may begin and have not.
    pub fn waiting(&self) -> usize {
        self.turnstile.available_permits()
    }

    /// Sends away who has not begun, and finishes.
    pub async fn close(self) -> Result<(Served, Duration)> {
        self.next.store(usize::MAX / 2, Ordering::Relaxed);
        self.finish().await
    }

    /// Lets everybody in, waits until all are served, and says how many got what and how long it took. Fails when a
    /// purchase stayed undecided.
    pub async fn finish(mut self) -> Result<(Served, Duration)> {
        self.turnstile.add_permits(Semaphore::MAX_PERMITS / 2);
        let mut all = Served::default();
        while let Some(worker) = self.workers.join_next().await {
            let served = worker?;
            all.acknowledged += served.acknowledged;
            all.rejected += served.rejected;
            all.undecided += served.undecided;
        }
        ensure!(all.undecided == 0, "{} purchases were never decided: {all:?}", all.undecided);
        Ok((all, self.began.elapsed()))
    }
}

/// Buys at the node whose turn it is, or at two at once; the checkers look at whether both answers agree.
async fn served_once(shop: &Shop, purchase: &Purchase, number: usize) -> Outcome {
    let nodes = shop.urls.len();
    let first = shop.buy(purchase, number % nodes + 1, PATIENCE);
    if !number.is_multiple_of(TWICE) {
        return first.await;
    }
    let second = shop.buy(purchase, (number + 1) % nodes + 1, PATIENCE);
    let (outcome, _) = tokio::join!(first, second);
    outcome
}
