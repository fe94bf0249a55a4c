//! Purchases at a steady rate over all nodes, whatever becomes of the earlier ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::cluster::PATIENCE;
use crate::outcome::Outcome;
use crate::wait;
use crate::workload::shop::Shop;

/// Between two bursts of purchases.
const A_TENTH: Duration = Duration::from_millis(100);

/// What became of those who bought without waiting in line.
#[derive(Debug, Default, Clone, Copy)]
pub struct Stormed {
    pub attempts: u64,
    pub sold_out: u64,
    pub bought: u64,
    /// Turned away, or not known: nodes die.
    pub other: u64,
}

/// A running storm.
pub struct Storm {
    over: Arc<AtomicBool>,
    begun: watch::Receiver<u64>,
    task: JoinHandle<Stormed>,
}

impl Storm {
    /// Begins `rate` purchases of one unit a second, by the buyers from `first` on, each new one at the next node.
    pub fn begin(shop: &Shop, drop_id: &str, mark: &str, first: usize, rate: usize) -> Self {
        let (over, begun) = (Arc::new(AtomicBool::new(false)), watch::Sender::new(0));
        let (shop, drop_id, mark, stop) = (shop.clone(), drop_id.to_owned(), mark.to_owned(), over.clone());
        let seen = begun.subscribe();
        let task = tokio::spawn(async move {
            let (mut purchases, mut stormed, mut number) = (JoinSet::new(), Stormed::default(), 0);
            let mut tick = tokio::time::interval(A_TENTH);
            while !stop.load(Ordering::Relaxed) {
                tick.tick().await;
                for _ in 0..rate / 10 {
                    let (shop, drop_id, key) = (shop.clone(), drop_id.clone(), format!("{mark}-{number}"));
                    purchases.spawn(async move {
                        let buyer = &shop.buyers[first + number % (shop.buyers.len() - first)];
                        shop.api.buy(&shop.urls[number % shop.urls.len()], buyer, &key, &drop_id, 1).await
                    });
                    number += 1;
                }
                begun.send_replace(number as u64);
                while let Some(outcome) = purchases.try_join_next() {
                    stormed.count(outcome.ok());
                }
            }
            while let Some(outcome) = purchases.join_next().await {
                stormed.count(outcome.ok());
            }
            stormed
        });
        Self { over, begun: seen, task }
    }

    /// Lets `more` further purchases begin, then waits for all that are in flight.
    pub async fn end(mut self, more: u64) -> Result<Stormed> {
        let enough = *self.begun.borrow() + more;
        wait::until("a storm to go on", PATIENCE, async || {
            let begun = *self.begun.borrow_and_update();
            ensure!(begun >= enough, "{begun} of {enough} have begun");
            Ok(())
        })
        .await?;
        self.over.store(true, Ordering::Relaxed);
        Ok(self.task.await?)
    }
}

impl Stormed {
    fn count(&mut self, outcome: Option<Outcome>) {
        self.attempts += 1;
        match outcome {
            Some(Outcome::Ok { .. }) => self.bought += 1,
            Some(Outcome::Rejected { code, .. }) if code == "sold_out" => self.sold_out += 1,
            _ => self.other += 1,
        }
    }
}
