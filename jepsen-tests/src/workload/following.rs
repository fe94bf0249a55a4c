//! Accounts that follow a creator: some all the time, some now and then, some never. When each did is known as exactly as
//! one can know it from outside: between two log indices.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::task::JoinSet;

use crate::wait;
use crate::workload::shop::Shop;

/// How long somebody follows, and how long somebody does not, between two changes of mind.
const FOLLOWS: Duration = Duration::from_millis(2_500);
const LETS_BE: Duration = Duration::from_millis(500);
/// Between two tries of the same change, while nodes are gone.
const AGAIN: Duration = Duration::from_millis(50);

/// A change came after the first log index, and by the second at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    pub after: u64,
    pub by: u64,
}

/// Once that somebody followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub began: Between,
    /// None while it lasts.
    pub ended: Option<Between>,
}

/// Who followed when, by account, oldest first.
pub type Spans = BTreeMap<String, Vec<Span>>;

/// Accounts that change their minds until they are told to stop.
pub struct Following {
    spans: Arc<Mutex<Spans>>,
    stop: Arc<AtomicBool>,
    at_work: JoinSet<Result<()>>,
}

impl Following {
    /// Of every five buyers of the shop two follow its creator from now on and two do now and then.
    pub async fn begin(shop: &Shop) -> Result<Self> {
        let (spans, stop, mut at_work) = (Arc::<Mutex<Spans>>::default(), Arc::<AtomicBool>::default(), JoinSet::new());
        for buyer in 0..shop.buyers.len() {
            match buyer % 5 {
                0 | 1 => note(&spans, shop, buyer, change(shop, buyer, true).await?),
                2 | 3 => {
                    let (shop, spans, stop) = (shop.clone(), spans.clone(), stop.clone());
                    at_work.spawn(async move { waver(&shop, buyer, &spans, &stop).await });
                }
                _ => {}
            }
        }
        Ok(Following { spans, stop, at_work })
    }

    /// Lets everybody finish the change that they are about, and gives who followed when.
    pub async fn end(mut self) -> Result<Spans> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.at_work.join_next().await {
            ended??;
        }
        Ok(self.spans.lock().expect("nobody panics with the lock in hand").clone())
    }
}

async fn waver(shop: &Shop, buyer: usize, spans: &Mutex<Spans>, stop: &AtomicBool) -> Result<()> {
    for follows in [true, false].into_iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let between = change(shop, buyer, follows).await?;
        match follows {
            true => note(spans, shop, buyer, between),
            false => end_last(spans, shop, buyer, between),
        }
        wait::pause(if follows { FOLLOWS } else { LETS_BE }).await;
    }
    Ok(())
}

fn note(spans: &Mutex<Spans>, shop: &Shop, buyer: usize, began: Between) {
    let mut spans = spans.lock().expect("nobody panics with the lock in hand");
    spans.entry(shop.buyers[buyer].id.clone()).or_default().push(Span { began, ended: None });
}

fn end_last(spans: &Mutex<Spans>, shop: &Shop, buyer: usize, ended: Between) {
    let mut spans = spans.lock().expect("nobody panics with the lock in hand");
    let last = spans.get_mut(&shop.buyers[buyer].id).and_then(|own| own.last_mut());
    last.expect("whoever ceases has begun").ended = Some(ended);
}

/// Has a buyer follow the creator, or not any more; asks until it is so, which changes nothing if it is so already.
async fn change(shop: &Shop, buyer: usize, follows: bool) -> Result<Between> {
    let (mut after, account) = (None, &shop.buyers[buyer]);
    for url in shop.urls.iter().cycle().skip(buyer) {
        if after.is_none() {
            // What a node has applied is in the log before the change is.
            after = shop.api.get(&format!("{url}/v1/cluster"), None).await.ok().and_then(|answer| answer.index);
        }
        if let Some(after) = after {
            let url = format!("{url}/v1/me/following/{}", shop.creator.id);
            let answer = match follows {
                true => shop.api.put(&url, account, json!({})).await,
                false => shop.api.delete(&url, account).await,
            };
            if let Some(answer) = answer.ok().filter(|answer| answer.status == 204) {
                return Ok(Between { after, by: answer.index.context("an answer says what it reflects")? });
            }
        }
        wait::pause(AGAIN).await;
    }
    unreachable!("the nodes come round again")
}
