//! Readers of event streams come and go between nodes that are killed and come back, while things happen: each of them is
//! told everything that is for them, once, in order. Judged by the feed as the state has it in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Report;
use crate::checker::Verdict;
use crate::checker::event_order::{self, Position};
use crate::cluster::{Cluster, PATIENCE};
use crate::seed::Seed;
use crate::wait;
use crate::workload::reader::position;
use crate::workload::readers::{About, Notes, Readers, kinds};
use crate::workload::shop::Shop;

/// Accounts that buy, and follow their own stream.
const BUYERS: usize = 25;
/// Between two purchases of one buyer.
const BUYS_EVERY: Duration = Duration::from_millis(400);
/// Between two changes that the creator makes to a drop.
const STEERS_EVERY: Duration = Duration::from_millis(300);
/// Between a node's return and the next one's end.
const CALM: Duration = Duration::from_secs(2);

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub readers: usize,
    pub lasts: Duration,
}

/// Kills one node after the other for as long as it lasts.
pub async fn run(cluster: &mut Cluster, seed: &mut Seed, size: Size) -> Result<Report> {
    let Size { readers: count, lasts } = size;
    let mut report = Report::titled(&format!("{count} streams for {} s while nodes are killed", lasts.as_secs()));
    let shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drops = [shop.open_drop(1_000_000, 0).await?, shop.open_drop(1_000_000, 0).await?];
    let about = (0..count).map(|number| match number % 2 {
        0 => About::Drop(drops[number / 2 % drops.len()].clone()),
        _ => About::Own(shop.buyers[number / 2 % BUYERS].clone()),
    });
    let readers = Readers::begin(&shop.urls, about.collect(), seed)?;
    readers.stand(PATIENCE).await?;
    let life = Life::begin(&shop, &drops);
    let (began, mut kills) = (Instant::now(), 0);
    while began.elapsed() < lasts {
        let ids = cluster.ids();
        let id = ids[usize::try_from(seed.below(ids.len() as u64))?];
        cluster.kill(id)?;
        kills += 1;
        cluster.wait_leader(PATIENCE).await?;
        cluster.start(id)?;
        cluster.wait_ready(PATIENCE).await?;
        wait::pause(CALM).await;
    }
    life.end().await?;
    let leader = cluster.wait_leader(PATIENCE).await?;
    cluster.wait_applied(cluster.applied(leader).await?, PATIENCE).await?;
    let feed = Feed::read(cluster, &shop, leader).await?;
    let (notes, connections) = readers.finish(PATIENCE, |notes| feed.last(notes)).await?;
    report.say(format!("{kills} nodes killed, {connections} connections, readers {:?}", kinds(&notes)));
    // What happened while the last readers were told goes into the judgement as well.
    let whole = Feed::read(cluster, &shop, leader).await?;
    let chains: Vec<_> = notes.into_iter().map(|notes| whole.chain(notes, &feed)).collect();
    let told: usize = chains.iter().map(|chain| chain.told.len()).sum();
    let resets: usize = chains.iter().map(|chain| chain.resets.len()).sum();
    report.say(format!("{} events in the feed, {told} told, {resets} resets", whole.events.len()));
    let verdict = event_order::check(&chains, whole.oldest_index);
    report.say(format!("event order: {verdict}"));
    match verdict {
        Verdict::Holds { .. } => Ok(report),
        verdict => bail!("streams told another story than the feed: {verdict}"),
    }
}

/// Everything that an operator can read of what happened.
struct Feed {
    events: Vec<Happened>,
    oldest_index: u64,
}

struct Happened {
    at: Position,
    /// The drop that it is told of to everybody.
    drop: Option<String>,
    /// Whose business it is alone.
    account: Option<String>,
}

impl Feed {
    async fn read(cluster: &Cluster, shop: &Shop, node: usize) -> Result<Self> {
        let operator = cluster.operator(node)?;
        let (mut events, mut after) = (Vec::new(), String::new());
        loop {
            let url = format!("{}/v1/admin/events?limit=1000{after}", cluster.url(node));
            let page = shop.api.get(&url, Some(&operator)).await?;
            anyhow::ensure!(page.status == 200, "reading the feed: {} {}", page.status, page.body);
            for item in page.body["items"].as_array().context("a page has items")? {
                events.push(happened(item)?);
            }
            if page.body["has_more"] == json!(true) {
                let next = page.body["next_after"].as_str().context("a page says where the next one begins")?;
                after = format!("&after={next}");
                continue;
            }
            let oldest = page.body["oldest_index"].as_str().context("a page says where the feed begins")?;
            return Ok(Feed { events, oldest_index: oldest.parse()? });
        }
    }

    /// The last event that a reader must be told.
    fn last(&self, notes: &Notes) -> Option<Position> {
        let concerns = |event: &&Happened| event.concerns(&notes.about) && event.at > notes.from;
        self.events.iter().rev().find(concerns).map(|event| event.at)
    }

    /// What a reader was told, beside what it should have been: up to the end of `earlier` at least, and of what it was
    /// told after that.
    fn chain(&self, notes: Notes, earlier: &Feed) -> event_order::Chain {
        let told_last = notes.chain.told.iter().max().copied();
        let end = earlier.last(&notes).max(told_last);
        let concerns =
            |event: &&Happened| event.concerns(&notes.about) && event.at > notes.from && Some(event.at) <= end;
        let feed = self.events.iter().filter(concerns).map(|event| event.at).collect();
        event_order::Chain { feed, ..notes.chain }
    }
}

impl Happened {
    fn concerns(&self, about: &About) -> bool {
        match about {
            About::Drop(drop) => self.drop.as_ref() == Some(drop),
            About::Own(account) => self.account.as_ref() == Some(&account.id),
        }
    }
}

fn happened(item: &Value) -> Result<Happened> {
    let text = |name: &str| item[name].as_str().map(str::to_owned);
    let account = text("account_id");
    let drop = text("drop_id").filter(|_| account.is_none());
    Ok(Happened { at: position(&text("id").context("an event has an id")?)?, drop, account })
}

/// What goes on in the shop meanwhile.
struct Life {
    stop: Arc<AtomicBool>,
    at_work: JoinSet<()>,
}

impl Life {
    fn begin(shop: &Shop, drops: &[String; 2]) -> Self {
        let (stop, mut at_work) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for buyer in 0..BUYERS {
            let (shop, stop, drop) = (shop.clone(), stop.clone(), drops[buyer % 2].clone());
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
                    wait::pause(BUYS_EVERY).await;
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
                    wait::pause(STEERS_EVERY).await;
                }
            });
        }
        Life { stop, at_work }
    }

    async fn end(mut self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.at_work.join_next().await {
            ended?;
        }
        Ok(())
    }
}
