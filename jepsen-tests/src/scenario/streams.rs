//! Readers of event streams come and go between nodes that are killed and come back, while things happen and people
//! follow and cease to: each of them is told everything that is for them, once, in order. Some stay away for longer than
//! the feed is kept, and are told that. Judged by the feed as it was read from the state all along.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::Report;
use crate::checker::Verdict;
use crate::checker::event_order;
use crate::cluster::{Cluster, Options, PATIENCE};
use crate::seed::Seed;
use crate::wait;
use crate::workload::chronicle::Chronicle;
use crate::workload::following::Following;
use crate::workload::life::{Life, Pace};
use crate::workload::readers::{About, Readers, kinds};
use crate::workload::shop::Shop;

/// Accounts that buy, and read their own stream.
const BUYERS: usize = 25;
const PACE: Pace = Pace { buys_every: Duration::from_millis(400), steers_every: Duration::from_millis(300) };
/// Between a node's return and the next one's end.
const CALM: Duration = Duration::from_secs(2);
/// How far the feed reaches back, in log entries: as little as a node can be told.
const KEEP_ENTRIES: u64 = 1_000;
/// After so long it is no use to wait for the feed to be forgotten.
const LONG: Duration = Duration::from_secs(600);

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub readers: usize,
    pub lasts: Duration,
}

/// A feed that is kept so shortly, in the state and in memory, that it passes whoever stays away for half a minute.
pub fn options(options: Options) -> Options {
    options.set("events", "keep_entries", KEEP_ENTRIES).set("events", "buffer_bytes", 65_536)
}

/// For a cluster with these [`options`]. Kills one node after the other for as long as it lasts.
pub async fn run(cluster: &mut Cluster, seed: &mut Seed, size: Size) -> Result<Report> {
    let Size { readers: count, lasts } = size;
    let mut report = Report::titled(&format!("{count} streams for {} s while nodes are killed", lasts.as_secs()));
    let shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drops = [shop.open_drop(1_000_000, 0).await?, shop.open_drop(1_000_000, 0).await?];
    let chronicle = Chronicle::begin(cluster, &shop.api)?;
    let following = Following::begin(&shop).await?;
    let about = (0..count).map(|number| match number % 2 {
        0 => About::Drop(drops[number / 2 % drops.len()].clone()),
        _ => About::Own(shop.buyers[number / 2 % BUYERS].clone()),
    });
    let readers = Readers::begin(&shop.urls, about.collect(), chronicle.floor.clone(), seed)?;
    readers.stand(PATIENCE).await?;
    let life = Life::begin(&shop, &drops, PACE);
    let (began, mut kills) = (Instant::now(), 0);
    while began.elapsed() < lasts || readers.resets() == 0 {
        ensure!(began.elapsed() < lasts + LONG, "nobody was reset: nothing is shown of what is forgotten");
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
    let spans = following.end().await?;
    let leader = cluster.wait_leader(PATIENCE).await?;
    let index = cluster.applied(leader).await?;
    cluster.wait_applied(index, PATIENCE).await?;
    let feed = chronicle.until(index, spans.clone()).await?;
    let (notes, connections) = readers.finish(PATIENCE, |notes| feed.last(notes)).await?;
    report.say(format!("{kills} nodes killed, {connections} connections, readers {:?}", kinds(&notes)));
    let changes: usize = spans.values().flatten().map(|span| 1 + usize::from(span.ended.is_some())).sum();
    report.say(format!("{changes} times somebody began to follow or ceased to"));
    // What happened while the last readers were told goes into the judgement as well.
    let whole = chronicle.until(cluster.applied(leader).await?, spans).await?;
    let chains: Vec<_> = notes.into_iter().map(|notes| whole.chain(notes, &feed)).collect();
    let sum = |of: fn(&event_order::Chain) -> usize| chains.iter().map(of).sum::<usize>();
    let (told, owed, optional) = (sum(|it| it.told.len()), sum(|it| it.owed.len()), sum(|it| it.optional.len()));
    let floor = chronicle.floor.load(std::sync::atomic::Ordering::Relaxed);
    report.say(format!("{} events in the feed, which begins at index {floor} by now", whole.events.len()));
    report.say(format!("{told} told, {owed} had to be or a reset in their place, {optional} could be or not"));
    report.say(format!("{} resets", sum(|it| it.resets.len())));
    let verdict = event_order::check(&chains, KEEP_ENTRIES);
    report.say(format!("event order: {verdict}"));
    match verdict {
        Verdict::Holds { .. } => Ok(report),
        verdict => bail!("streams told another story than the feed: {verdict}"),
    }
}
