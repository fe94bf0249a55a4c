//! Search over many products: every node answers alike at one log index, every product is on the pages once though others
//! are made meanwhile, and a node that lost its index answers as before when it has made it again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::Report;
use crate::cluster::{Cluster, PATIENCE};
use crate::seed::Seed;
use crate::wait;
use crate::workload::questions;
use crate::workload::shop::Shop;

/// Pages of each question that are compared.
const PAGES: usize = 3;
/// Drops that are open, so that some can be bought.
const DROPS: usize = 20;
/// Products that are renamed, and that are retired.
const CHANGED: usize = 50;
/// Between two products that are made during a walk.
const MADE_EVERY: Duration = Duration::from_millis(20);

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub products: usize,
    /// Searches a second while it is measured how soon new products are found, and for how long.
    pub rate: usize,
    pub seconds: u64,
    /// By when a new product is found at every node, for ninety-nine of a hundred.
    pub lag_p99_max: Duration,
}

pub async fn run(cluster: &mut Cluster, seed: &mut Seed, size: Size) -> Result<Report> {
    let mut report = Report::titled(&format!("search over {} products", size.products));
    let shop = Shop::open(cluster, seed.value(), 1).await?;
    let began = Instant::now();
    let count = size.products.to_string();
    let make = ["bench", "search", "--products", &count, "--duration", "1", "--rate", "1"].map(str::to_owned);
    cluster.have(&make).await?;
    report.say(format!("{count} products made in {:.0} s", began.elapsed().as_secs_f32()));
    let products = stocked(&shop).await?;
    change_some(&shop, &products).await?;

    let asked = questions::about(&products);
    let before = alike(cluster, &shop, &asked).await?;
    report.say(format!("{} questions, {PAGES} pages each: every node answers alike", asked.len()));
    let sorts: &[&str] = &["sort=newest", "sort=price", "q=&sort=relevance"];
    for sort in sorts {
        walk(cluster, &shop, sort, &mut report).await?;
    }
    lose_index(cluster, &shop, &asked, seed, &mut report).await?;
    ensure!(before > 0, "no question found anything: nothing is shown");
    lag(cluster, size, &mut report).await?;
    Ok(report)
}

/// All products, as the rows have them.
async fn stocked(shop: &Shop) -> Result<Vec<Value>> {
    let (mut products, mut cursor) = (Vec::new(), String::new());
    loop {
        let url = format!("{}/v1/products?limit=100{cursor}", shop.urls[0]);
        let page = shop.api.get(&url, None).await?.expect(200, "a page of products")?;
        products.extend(page.body["items"].as_array().context("a page has items")?.iter().cloned());
        let Some(next) = page.body["next_cursor"].as_str() else { return Ok(products) };
        cursor = format!("&cursor={next}");
    }
}

/// Products of a creator of its own that are sold, renamed and retired.
async fn change_some(shop: &Shop, products: &[Value]) -> Result<()> {
    for number in 0..DROPS + 2 * CHANGED {
        let like = &products[number * 37 % products.len()];
        let product = make_product(shop, like["name"].as_str().unwrap_or_default(), number).await?;
        let url = format!("{}/v1/products/{product}", shop.urls[number % shop.urls.len()]);
        match number {
            0..DROPS => {
                shop.api.open_drop(&shop.urls[0], &shop.creator, &product, 1 + number as u64, 0).await?;
            }
            number if number < DROPS + CHANGED => {
                let name = json!({ "name": format!("Renamed lantern {number}") });
                shop.api.patch(&url, &shop.creator, name).await?.expect(200, "renaming a product")?;
            }
            _ => {
                shop.api.delete(&url, &shop.creator).await?.expect(204, "retiring a product")?;
            }
        }
    }
    Ok(())
}

async fn make_product(shop: &Shop, name: &str, number: usize) -> Result<String> {
    let price = json!({ "amount": 300 + number * 7 % 40_000, "currency": "EUR" });
    let new = json!({ "name": name, "description": "Made meanwhile.", "price": price, "tags": ["meanwhile"] });
    let url = format!("{}/v1/products", shop.urls[number % shop.urls.len()]);
    let answer = shop.api.post(&url, Some(&shop.creator), new).await?.expect(201, "making a product")?;
    answer.body["id"].as_str().map(str::to_owned).context("a product has an id")
}

/// Asks every node everything, at one log index, and gives how many products were found. Fails when two nodes differ.
async fn alike(cluster: &mut Cluster, shop: &Shop, asked: &[String]) -> Result<usize> {
    let leader = cluster.wait_leader(PATIENCE).await?;
    let index = cluster.applied(leader).await?;
    cluster.wait_applied(index, PATIENCE).await?;
    let mut found = 0;
    for question in asked {
        let mut cursor = String::new();
        for number in 1..=PAGES {
            let mut pages = Vec::new();
            for url in shop.urls.iter() {
                let url = format!("{url}/v1/search?limit=20&{question}{cursor}");
                let answer =
                    wait::until("a search to be answered", PATIENCE, async || shop.api.get_since(&url, index).await);
                pages.push(shown(answer.await?.body));
            }
            let first = &pages[0];
            if let Some(other) = pages.iter().position(|page| page != first) {
                let parts = ["items", "total", "facets", "has_more", "next_cursor"];
                let differ: Vec<_> = parts.into_iter().filter(|part| first[*part] != pages[other][*part]).collect();
                bail!("page {number} of {question} differs at node {} from node 1 in {differ:?}", other + 1);
            }
            found += first["items"].as_array().map_or(0, Vec::len);
            match first["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    ensure!(cluster.applied(leader).await? == index, "something was changed while nodes were compared");
    Ok(found)
}

/// A page without what says when and by whom it was made.
fn shown(mut page: Value) -> Value {
    if let Some(page) = page.as_object_mut() {
        page.remove("server_time");
        page.remove("indexed_index");
    }
    page
}

/// Walks through all pages, each at the next node, while products are made; every product that there was before is on them
/// once, and none twice.
async fn walk(cluster: &mut Cluster, shop: &Shop, sort: &str, report: &mut Report) -> Result<()> {
    let leader = cluster.wait_leader(PATIENCE).await?;
    let index = cluster.applied(leader).await?;
    let expected: BTreeSet<String> =
        stocked(shop).await?.iter().filter_map(|it| it["id"].as_str().map(str::to_owned)).collect();
    let making = Making::begin(shop, sort);
    let (mut seen, mut cursor, mut pages) = (BTreeSet::new(), String::new(), 0);
    let (mut twice, began) = (0, Instant::now());
    for url in shop.urls.iter().cycle() {
        let page = shop.api.get_since(&format!("{url}/v1/search?limit=100&{sort}{cursor}"), index).await?.body;
        pages += 1;
        for item in page["items"].as_array().context("a page has items")? {
            let id = item["id"].as_str().context("a product has an id")?;
            twice += usize::from(!seen.insert(id.to_owned()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let took = began.elapsed().as_secs_f32();
    let made = making.end().await?;
    let missed = expected.difference(&seen).count();
    let new = seen.difference(&expected).count();
    report.say(format!(
        "{sort}: {pages} pages in {took:.0} s over all nodes, {made} products made meanwhile, {new} of them on the way: \
         {missed} of {} missed, {twice} twice",
        expected.len()
    ));
    ensure!(made > 0, "nothing was made during the walk: nothing is shown");
    ensure!(missed == 0 && twice == 0, "{sort}: {missed} products were missed and {twice} came twice");
    Ok(())
}

/// How soon a new product is found, and how long searches take meanwhile: `livedropctl bench search` measures it.
async fn lag(cluster: &Cluster, size: Size, report: &mut Report) -> Result<()> {
    let (rate, seconds) = (size.rate.to_string(), size.seconds.to_string());
    let measure = ["bench", "search", "--rate", &rate, "--duration", &seconds, "--changes", "5"].map(str::to_owned);
    let measured = cluster.have(&measure).await?;
    let times = |of: &str| {
        let at = |part: &str| measured[of][part].as_f64().unwrap_or(f64::NAN);
        format!("p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms", at("p50"), at("p99"), at("max"))
    };
    report.say(format!("{} searches at {rate} a second: {}", measured["searches"], times("latency_ms")));
    report.say(format!("from a product's acknowledgement to its being found at every node: {}", times("lag_ms")));
    let p99 = measured["lag_ms"]["p99"].as_f64().context("the lag was measured")?;
    ensure!(measured["lost"] == json!(0), "{} new products were never found", measured["lost"]);
    ensure!(p99 <= size.lag_p99_max.as_secs_f64() * 1e3, "the index lags {p99:.0} ms behind (p99)");
    Ok(())
}

/// Stops a node, throws its index away and starts it: it answers reads at once, and searches as the others do in the end.
async fn lose_index(
    cluster: &mut Cluster,
    shop: &Shop,
    asked: &[String],
    seed: &mut Seed,
    report: &mut Report,
) -> Result<()> {
    let ids = cluster.ids();
    let node = ids[usize::try_from(seed.below(ids.len() as u64))?];
    cluster.stop(node).await?;
    let index = cluster.data_of(node).join("search");
    std::fs::remove_dir_all(&index).with_context(|| format!("throwing {} away", index.display()))?;
    cluster.start(node)?;
    let began = Instant::now();
    cluster.wait_ready(PATIENCE).await?;
    let read = shop.api.get(&format!("{}/v1/products/{}", cluster.url(node), shop.product()), None).await?;
    ensure!(read.status == 200, "without its index node {node} answers a read with {}", read.status);
    let ready = began.elapsed().as_secs_f32();
    wait::until("the index to be made again", 10 * PATIENCE, async || {
        let answer = shop.api.get(&format!("{}/v1/search?q=", cluster.url(node)), None).await?;
        ensure!(answer.status == 200, "a search is answered {} {}", answer.status, answer.body);
        Ok(())
    })
    .await?;
    let made = began.elapsed().as_secs_f32();
    ensure!(index.is_dir(), "{} was not made again", index.display());
    alike(cluster, shop, asked).await?;
    report.say(format!(
        "node {node} without its index: ready after {ready:.1} s, searches after {made:.1} s, and as the others"
    ));
    Ok(())
}

/// Somebody who makes products until told to stop.
struct Making {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    task: JoinHandle<Result<()>>,
}

impl Making {
    fn begin(shop: &Shop, mark: &str) -> Self {
        let (stop, made) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (shop, mark, over, count) = (shop.clone(), mark.to_owned(), stop.clone(), made.clone());
        let task = tokio::spawn(async move {
            for number in 0_usize.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                make_product(&shop, &format!("Meanwhile lantern {mark} {number}"), number * 131).await?;
                count.fetch_add(1, Ordering::Relaxed);
                wait::pause(MADE_EVERY).await;
            }
            Ok(())
        });
        Making { stop, made, task }
    }

    async fn end(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await??;
        Ok(self.made.load(Ordering::Relaxed))
    }
}
