//! A cache in front of the cluster shows what is so: an edit is seen long before the answer's time is over, what is sold
//! out is seen within the stated bound, and a leader that dies leaves nothing untold.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Report;
use crate::cluster::{Cluster, PATIENCE};
use crate::edge::Varnish;
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

/// What is sold out is shown as such by then: a drop is kept for a second, and given for another one while it is asked
/// for anew. The purge is there long before, as a rule.
const SOLD_OUT_WITHIN: Duration = Duration::from_secs(2);
/// A product is kept for a minute. What is seen well before that was told.
const EDIT_WITHIN: Duration = Duration::from_secs(10);

/// How much of it.
pub struct Size {
    pub edits: usize,
    pub sell_outs: usize,
}

/// For a cluster with the options of [`Varnish::told_by`]. Kills the leader halfway through the edits.
pub async fn run(cluster: &mut Cluster, varnish: &mut Varnish, seed: &Seed, size: Size) -> Result<Report> {
    let Size { edits, sell_outs } = size;
    let mut report = Report::titled(&format!("Varnish in front: {edits} edits, {sell_outs} drops sold out"));
    varnish.start(cluster.urls()).await?;
    let shop = Shop::open(cluster, seed.value(), 1).await?;
    let cache = Cache { shop: &shop, url: varnish.url() };
    let product = format!("/v1/products/{}", shop.product());
    cache.keeps(&product).await?;
    report.say("missed once, hit after that, and 304 for whoever has it");

    let mut seen = Vec::new();
    for number in 0..edits {
        if number == edits / 2 {
            let leader = cluster.wait_leader(PATIENCE).await?;
            cluster.kill(leader)?;
            seen.push(cache.edit(&cluster.urls()[leader % cluster.urls().len()], &product, number).await?);
            cluster.start(leader)?;
            cluster.wait_ready(PATIENCE).await?;
        } else {
            seen.push(cache.edit(&shop.urls[number % shop.urls.len()], &product, number).await?);
        }
    }
    let slowest = seen.iter().max().copied().unwrap_or_default();
    report.say_durations("from an edit to the first reader who sees it, one leader killed", &seen);
    ensure!(slowest < EDIT_WITHIN, "an edit was seen after {slowest:?}: nobody told the cache");

    let mut felt = Vec::new();
    for number in 0..sell_outs {
        felt.push(cache.sell_out(number).await?);
    }
    let slowest = felt.iter().max().copied().unwrap_or_default();
    report.say_durations("from the last acknowledged purchase to the first reader who sees sold_out", &felt);
    ensure!(slowest < SOLD_OUT_WITHIN, "sold out was seen after {slowest:?}");
    Ok(report)
}

/// The cache, as readers know it.
struct Cache<'a> {
    shop: &'a Shop,
    url: String,
}

impl Cache<'_> {
    async fn read(&self, path: &str) -> Result<Value> {
        let answer = self.shop.api.get(&format!("{}{path}", self.url), None).await?;
        ensure!(answer.status == 200, "{path} through the cache: {} {}", answer.status, answer.body);
        Ok(answer.body)
    }

    /// Whether it was kept, and its ETag; with an ETag, what is answered to whoever has it.
    async fn look(&self, path: &str, known: Option<&str>) -> Result<(u16, String, String)> {
        let mut request = reqwest::Client::builder().no_proxy().build()?.get(format!("{}{path}", self.url));
        if let Some(etag) = known {
            request = request.header("If-None-Match", etag);
        }
        let answer = request.send().await?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (kept, etag) = (header("X-Cache").unwrap_or_default(), header("ETag").context("an answer has an ETag")?);
        Ok((answer.status().as_u16(), kept, etag))
    }

    async fn keeps(&self, path: &str) -> Result<()> {
        let (status, first, etag) = self.look(path, None).await?;
        ensure!((status, first.as_str()) == (200, "miss"), "at first it is {first} {status}");
        let (status, second, _) = self.look(path, None).await?;
        ensure!((status, second.as_str()) == (200, "hit"), "then it is {second} {status}");
        let (status, third, _) = self.look(path, Some(&etag)).await?;
        ensure!((status, third.as_str()) == (304, "hit"), "with its ETag it is {third} {status}");
        Ok(())
    }

    /// Renames the product at a node, and gives how long the cache went on with the old name.
    async fn edit(&self, node: &str, path: &str, number: usize) -> Result<Duration> {
        let name = format!("Copper lantern {number}");
        // It must be kept when it is edited, or there is nothing to tell.
        self.read(path).await?;
        let change = wait::until("the edit to be taken", PATIENCE, async || {
            let answer = self.shop.edit_product(node, &name).await?;
            ensure!(answer.status == 200, "it is {} {}", answer.status, answer.body);
            Ok(answer)
        });
        change.await?;
        let began = Instant::now();
        wait::until("the cache to show the edit", PATIENCE + PATIENCE, async || {
            let seen = self.read(path).await?;
            ensure!(seen["name"] == json!(name), "it shows {}", seen["name"]);
            Ok(())
        })
        .await?;
        let took = began.elapsed();
        let again = self.read(path).await?;
        ensure!(again["name"] == json!(name), "{} came back after {name} was seen", again["name"]);
        Ok(took)
    }

    /// Sells the only unit of a drop that the cache holds, and gives how long it went on to show it.
    async fn sell_out(&self, number: usize) -> Result<Duration> {
        let drop_id = self.shop.open_drop(1, 0).await?;
        let path = format!("/v1/drops/{drop_id}");
        wait::until("the cache to show the drop", PATIENCE, async || {
            let seen = self.read(&path).await?;
            ensure!(seen["status"] == "live", "it is {}", seen["status"]);
            Ok(())
        })
        .await?;
        let order = self.shop.order(&drop_id, 0, &format!("sold-out-{number}"), None).await?;
        let began = Instant::now();
        order.context("there is one unit")?;
        wait::until("the cache to show that it is sold out", PATIENCE, async || {
            let seen = self.read(&path).await?;
            ensure!(seen["status"] == "sold_out", "it is {}", seen["status"]);
            Ok(())
        })
        .await?;
        Ok(began.elapsed())
    }
}
