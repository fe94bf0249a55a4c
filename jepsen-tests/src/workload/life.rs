//! What goes on in a shop while others look on: people buy and pay, and the creator pauses drops and resumes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::task::JoinSet;

use crate::wait;
use crate::workload::shop::Shop;

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between two purchases of one buyer.
    pub buys_every: Duration,
    /// Between two changes that the creator makes to a drop.
    pub steers_every: Duration,
}

/// It goes on until it is ended.
pub struct Life {
    stop: Arc<AtomicBool>,
    at_work: JoinSet<()>,
}

impl Life {
    /// All buyers of the shop buy, each of one of the drops.
    pub fn begin(shop: &Shop, drops: &[String], pace: Pace) -> Self {
        let (stop, mut at_work) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for buyer in 0..shop.buyers.len() {
            let (shop, stop, drop) = (shop.clone(), stop.clone(), drops[buyer % drops.len()].clone());
            at_work.spawn(async move {
                for number in 0_usize.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let mut order = json!({ "drop_id": drop, "quantity": 1 });
                    if number % 2 == 0 {
                        order["payment_method"] = json!("pm_card_ok");
                    }
                    // Whether it was bought does not matter here: what was is in the feed.
                    let url = format!("{}/v1/orders", shop.urls[(buyer + number) % shop.urls.len()]);
                    let key = format!("life-{buyer}-{number}");
                    let _bought = shop.api.post_keyed(&url, &shop.buyers[buyer], &key, order).await;
                    wait::pause(pace.buys_every).await;
                }
            });
        }
        for (number, drop) in drops.iter().cloned().enumerate() {
            let (shop, stop) = (shop.clone(), stop.clone());
            at_work.spawn(async move {
                for verb in ["pause", "resume"].iter().cycle() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // Nobody insists on it: a node that is gone steers nothing, and another one will.
                    let url = format!("{}/v1/drops/{drop}/{verb}", shop.urls[number % shop.urls.len()]);
                    let _steered = shop.api.post(&url, Some(&shop.creator), json!({})).await;
                    wait::pause(pace.steers_every).await;
                }
            });
        }
        Life { stop, at_work }
    }

    pub async fn end(mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.at_work.join_next().await {
            ended?;
        }
        Ok(())
    }
}
