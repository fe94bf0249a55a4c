//! Thousands of readers who take little or nothing, and people who look at ten times more products than the caches hold:
//! the memory of each node reaches a plateau, and those who are too slow are cut off.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use super::Report;
use crate::checker::plateau::{self, Curve};
use crate::cluster::{Cluster, Options};
use crate::descriptors;
use crate::seed::Seed;
use crate::wait;
use crate::workload::life::{Life, Pace};
use crate::workload::shop::Shop;
use crate::workload::sluggish::Sluggish;

/// Bodies that are kept, and blocks of the state, in bytes: as little as lets ten times as much be made in a minute.
const CACHE_BYTES: u64 = 256 << 10;
const STATE_CACHE_BYTES: u64 = 1 << 20;
/// Of one product.
const DESCRIPTION_BYTES: usize = 1_900;
const MORE_THAN_FITS: u64 = 10;
/// Drops whose streams are read.
const DROPS: usize = 6;
const BUYERS: usize = 10;
const PACE: Pace = Pace { buys_every: Duration::from_millis(300), steers_every: Duration::from_millis(200) };
const BROWSERS: usize = 6;
const BROWSES_EVERY: Duration = Duration::from_millis(5);
/// Products that are made at one time.
const MADE_AT_ONCE: usize = 64;
/// What a node may hold for one reader: the most that waits for it, what is on its way, and the connection itself.
const OF_A_READER_MAX: u64 = 192 << 10;
/// Lines of the table.
const LINES: usize = 20;

/// How much of it.
#[derive(Debug, Clone)]
pub struct Size {
    pub readers: usize,
    pub lasts: Duration,
    /// Where all samples are written, for whoever wants to draw them.
    pub csv: Option<PathBuf>,
}

/// Caches and buffers that are full after a short time, so that what grows is seen, and not hidden by what fills up.
pub fn options(options: Options) -> Options {
    options
        .set("http", "cache_bytes", CACHE_BYTES)
        .set("storage", "state_cache_bytes", STATE_CACHE_BYTES)
        .set("storage", "log_cache_bytes", 4 << 20)
        .set("storage", "write_buffer_bytes", 4 << 20)
        .set("raft", "snapshot_every_entries", 5_000)
        .set("raft", "keep_entries", 5_000)
        .set("events", "keep_entries", 5_000)
        .set("events", "buffer_bytes", 1 << 20)
        .set("events", "stalled_ms", 10_000)
        .set("events", "heartbeat_ms", 5_000)
}

/// What was seen at one moment.
struct Sample {
    at: Duration,
    resident: Vec<u64>,
    open: usize,
    cut: u64,
    browsed: u64,
}

/// For a cluster with these [`options`].
pub async fn run(cluster: &mut Cluster, seed: &Seed, size: Size) -> Result<Report> {
    let Size { readers, lasts, csv } = size;
    let mut report = Report::titled(&format!("{readers} slow readers for {} s, and a long browse", lasts.as_secs()));
    descriptors::allow(readers as u64 + 1_000)?;
    let shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let count = MORE_THAN_FITS * (CACHE_BYTES + STATE_CACHE_BYTES) / DESCRIPTION_BYTES as u64;
    let products = make_products(&shop, usize::try_from(count)?).await?;
    let mut drops = Vec::new();
    for _ in 0..DROPS {
        drops.push(shop.open_drop(10_000_000, 0).await?);
    }
    let before: Vec<u64> = cluster.ids().into_iter().map(|id| cluster.resident_bytes(id)).collect::<Result<_>>()?;
    report.say(format!(
        "{} products of {DESCRIPTION_BYTES} bytes; a node takes {:?} MiB",
        products.len(),
        mib(&before)
    ));

    let streams: Vec<String> = (0..DROPS * shop.urls.len())
        .map(|number| {
            format!("{}/v1/drops/{}/events", shop.urls[number % shop.urls.len()], drops[number / shop.urls.len()])
        })
        .collect();
    let sluggish = Sluggish::begin(&streams, readers)?;
    let browse = Browse::begin(&shop, products);
    let life = Life::begin(&shop, &drops, PACE);
    let samples = watch(cluster, &sluggish, &browse, lasts).await?;
    life.end().await?;
    let browsed = browse.end().await?;
    table(&samples, &mut report);
    if let Some(path) = csv {
        std::fs::write(&path, lines(&samples)).with_context(|| format!("writing {}", path.display()))?;
        report.say(format!("all samples are in {}", path.display()));
    }
    judge(cluster, &samples, &before, readers, &mut report).await?;
    report.say(format!("{browsed} products were looked at, all answered"));
    Ok(report)
}

/// Looks at the nodes a hundred times.
async fn watch(cluster: &Cluster, sluggish: &Sluggish, browse: &Browse, lasts: Duration) -> Result<Vec<Sample>> {
    let (began, mut samples) = (Instant::now(), Vec::new());
    while began.elapsed() < lasts {
        let resident = cluster.ids().into_iter().map(|id| cluster.resident_bytes(id)).collect::<Result<_>>()?;
        let (open, cut, browsed) = (sluggish.open(), sluggish.cut(), browse.read.load(Ordering::Relaxed));
        samples.push(Sample { at: began.elapsed(), resident, open, cut, browsed });
        wait::pause(lasts / 100).await;
    }
    Ok(samples)
}

async fn judge(
    cluster: &Cluster,
    samples: &[Sample],
    before: &[u64],
    readers: usize,
    report: &mut Report,
) -> Result<()> {
    let nodes = before.len();
    let curve = |node: usize| Curve {
        process: format!("node {}", node + 1),
        samples: samples.iter().map(|sample| (sample.at, sample.resident[node])).collect(),
    };
    let curves: Vec<Curve> = (0..nodes).map(curve).collect();
    let growth: Vec<i64> = curves.iter().map(|curve| (curve.growth() / f64::from(1 << 20)) as i64).collect();
    let verdict = plateau::check(&curves);
    report.say(format!("growth over the last third: {growth:?} MiB; plateau: {verdict}"));
    let (mut slow, mut evicted) = (0.0, f64::MAX);
    for id in cluster.ids() {
        slow += cluster.metric(id, "livedrop_event_cuts_total").await?;
        evicted = evicted.min(cluster.metric(id, "livedrop_cache_evictions_total").await?);
        let kept = cluster.metric(id, "livedrop_cache_bytes").await?;
        ensure!(kept <= CACHE_BYTES as f64, "node {id} keeps {kept} bytes of bodies");
    }
    report.say(format!("nodes cut {slow} streams off as too slow, and dropped {evicted} kept bodies at least"));
    let most = samples.iter().map(|sample| sample.open).max().unwrap_or_default();
    report.say(format!("{most} of {readers} readers were connected at one time"));
    let room = OF_A_READER_MAX * readers.div_ceil(nodes) as u64 + (128 << 20);
    for (place, before) in before.iter().enumerate() {
        let most = samples.iter().map(|sample| sample.resident[place]).max().unwrap_or_default();
        ensure!(most <= before + room, "node {} took {} MiB for its readers", place + 1, (most - before) >> 20);
    }
    ensure!(most * 10 >= readers * 9, "only {most} of {readers} readers were connected at one time");
    ensure!(slow > 0.0, "nobody was cut off: the readers were not slow enough to show anything");
    ensure!(evicted > 0.0, "the caches were never full: nothing is shown");
    if verdict.holds() { Ok(()) } else { bail!("{verdict}") }
}

fn table(samples: &[Sample], report: &mut Report) {
    report.say("seconds   MiB of each node      connected  cut so far  products looked at");
    for sample in samples.iter().step_by(samples.len().div_ceil(LINES).max(1)) {
        let Sample { at, resident, open, cut, browsed } = sample;
        let nodes: String = mib(resident).iter().map(|mib| format!("{mib:>6}")).collect();
        report.say(format!("{:>7} {nodes:<22} {open:>9}  {cut:>10}  {browsed:>18}", at.as_secs()));
    }
}

fn lines(samples: &[Sample]) -> String {
    let mut lines = String::from("seconds,connected,cut,browsed,bytes of node 1,of node 2,and so on\n");
    for Sample { at, resident, open, cut, browsed } in samples {
        let nodes: String = resident.iter().map(|bytes| format!(",{bytes}")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{:.1},{open},{cut},{browsed}{nodes}", at.as_secs_f32());
    }
    lines
}

fn mib(bytes: &[u64]) -> Vec<u64> {
    bytes.iter().map(|bytes| bytes >> 20).collect()
}

async fn make_products(shop: &Shop, count: usize) -> Result<Vec<String>> {
    let mut makers = JoinSet::new();
    for maker in 0..MADE_AT_ONCE {
        let shop = shop.clone();
        makers.spawn(async move {
            let mut made = Vec::new();
            for number in (maker..count).step_by(MADE_AT_ONCE) {
                let description = format!("Number {number}. ").repeat(DESCRIPTION_BYTES / 14);
                let price = json!({ "amount": 4_999, "currency": "EUR" });
                let new = json!({ "name": format!("Lantern {number}"), "description": description, "price": price, "tags": [] });
                let url = format!("{}/v1/products", shop.urls[number % shop.urls.len()]);
                let answer = shop.api.post(&url, Some(&shop.creator), new).await?.expect(201, "making a product")?;
                made.push(answer.body["id"].as_str().context("a product has an id")?.to_owned());
            }
            Ok::<_, anyhow::Error>(made)
        });
    }
    let mut products = Vec::with_capacity(count);
    while let Some(made) = makers.join_next().await {
        products.extend(made??);
    }
    Ok(products)
}

/// People who look at one product after the other, round and round.
struct Browse {
    read: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    at_work: JoinSet<Result<()>>,
}

impl Browse {
    fn begin(shop: &Shop, products: Vec<String>) -> Self {
        let (read, stop, mut at_work) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default(), JoinSet::new());
        let products = Arc::new(products);
        for browser in 0..BROWSERS {
            let (shop, products, read, stop) = (shop.clone(), products.clone(), read.clone(), stop.clone());
            at_work.spawn(async move {
                let node = &shop.urls[browser % shop.urls.len()];
                for product in products.iter().cycle().skip(browser / shop.urls.len() * products.len() / 2) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let answer = shop.api.get(&format!("{node}/v1/products/{product}"), None).await?;
                    answer.expect(200, "looking at a product")?;
                    read.fetch_add(1, Ordering::Relaxed);
                    wait::pause(BROWSES_EVERY).await;
                }
                Ok(())
            });
        }
        Browse { read, stop, at_work }
    }

    async fn end(mut self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.at_work.join_next().await {
            ended??;
        }
        Ok(self.read.load(Ordering::Relaxed))
    }
}
