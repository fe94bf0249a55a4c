//! A creator whom a million follow opens a drop: the log grows by an entry or two, everybody who listens is told within
//! two seconds, and everybody else finds it in the inbox.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Report;
use crate::cluster::{Cluster, PATIENCE};
use crate::descriptors;
use crate::seed::Seed;
use crate::wait;
use crate::workload::crowd::{self, Person};
use crate::workload::listeners::Listeners;
use crate::workload::shop::Shop;

/// Entries that a drop may take, with what a quiet cluster does besides: nothing that depends on who follows.
const ENTRIES_MAX: u64 = 3;
/// Of those who do not listen, so many look into their inbox.
const SAMPLED: usize = 20;
/// The page of followers that is held against the first one, if there are as many.
const FAR_PAGE: usize = 10_000;
const PAGE: usize = 100;
/// How often each of the two pages is read, in turn.
const READ: usize = 200;
/// What the far page may take, in times of the first one.
const FARTHER_MAX: f64 = 2.0;

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub followers: usize,
    /// Those of them who listen.
    pub streams: usize,
    /// Drops that go live.
    pub times: usize,
    /// By when everybody is told, from when the creator asks for it.
    pub within: Duration,
}

pub async fn run(cluster: &mut Cluster, seed: &mut Seed, size: Size) -> Result<Report> {
    let Size { followers, streams, times, within } = size;
    let mut report = Report::titled(&format!("{followers} follow one creator, {streams} of them listen"));
    descriptors::allow(streams as u64 + 1_000)?;
    let mut shop = Shop::open(cluster, seed.value(), streams).await?;
    report.say(format!("a node takes {:?} MiB", cluster.resident_mib()?));
    let people = crowd::people(seed, followers - streams);
    bring(cluster, &shop, &people, &mut report).await?;
    pages(&shop, followers, &mut report).await?;

    // The tokens of those who were there before the others were brought may have run out.
    shop.sign_in_again().await?;
    let mut listeners = Listeners::begin(&shop.urls, &shop.buyers).await?;
    report.say(format!("{streams} listen; a node takes {:?} MiB", cluster.resident_mib()?));
    let (mut waited, mut drops) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let before = quiet(cluster).await?;
        let asked = Instant::now();
        drops.push(shop.open_drop(1_000, 0).await?);
        let told = listeners.told(PATIENCE).await?;
        let grown = quiet(cluster).await? - before;
        ensure!(told.len() == streams, "{} of {streams} were told that the drop is live", told.len());
        ensure!(grown <= ENTRIES_MAX, "the log grew by {grown} entries when a drop went live");
        report.say(format!("a drop went live: {grown} log entries, {} streams were told", told.len()));
        waited.extend(told.into_iter().map(|at| at.duration_since(asked)));
    }
    report.say_percentiles("from asking for a drop to being told that it is live", &waited);
    report.say(format!("{} streams had to be begun again", listeners.begun_again()));
    drop(listeners);
    offline(cluster, &shop, &people, &drops, seed, &mut report).await?;
    report.say(format!("a node takes {:?} MiB", cluster.resident_mib()?));
    let slowest = waited.iter().max().copied().unwrap_or_default();
    ensure!(slowest <= within, "somebody was told after {slowest:?} only; {within:?} is the aim");
    Ok(report)
}

async fn bring(cluster: &mut Cluster, shop: &Shop, people: &[Person], report: &mut Report) -> Result<()> {
    let began = Instant::now();
    crowd::bring(cluster, people).await?;
    report.say(format!("{} accounts brought in {:.0} s", people.len(), began.elapsed().as_secs_f32()));
    let began = Instant::now();
    let listeners = shop.buyers.iter().map(|buyer| buyer.id.as_str());
    crowd::follow(cluster, &shop.creator.id, listeners.chain(people.iter().map(|person| person.id.as_str()))).await?;
    let seconds = began.elapsed().as_secs_f32();
    quiet(cluster).await?;
    let creator = shop.api.get(&format!("{}/v1/creators/{}", shop.urls[0], shop.creator.id), None).await?;
    let count = people.len() + shop.buyers.len();
    ensure!(creator.body["follower_count"] == json!(count), "{count} were brought: {}", creator.body);
    report.say(format!("{count} followers brought in {seconds:.0} s; a node takes {:?} MiB", cluster.resident_mib()?));
    Ok(())
}

/// Walks through all followers, and holds a far page against the first one.
async fn pages(shop: &Shop, followers: usize, report: &mut Report) -> Result<()> {
    let list = format!("{}/v1/creators/{}/followers?limit={PAGE}", shop.urls[0], shop.creator.id);
    let page = async |cursor: &str| -> Result<(Duration, serde_json::Value)> {
        let began = Instant::now();
        let answer = shop.api.get(&format!("{list}{cursor}"), None).await?.expect(200, "a page of followers")?;
        Ok((began.elapsed(), answer.body))
    };
    let (mut cursor, mut far, mut number, mut seen) = (String::new(), String::new(), 0, HashSet::new());
    loop {
        let (_, body) = page(&cursor).await?;
        let items = body["items"].as_array().context("a page has items")?;
        number += 1;
        if number <= FAR_PAGE && items.len() == PAGE {
            far.clone_from(&cursor);
        }
        for item in items {
            let id = item["id"].as_str().context("a follower has an id")?;
            ensure!(seen.insert(id.to_owned()), "{id} is on two pages");
        }
        let Some(next) = body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    ensure!(seen.len() == followers, "{} of {followers} are on {number} pages", seen.len());
    let (mut first_took, mut far_took) = (Vec::new(), Vec::new());
    for _ in 0..READ {
        first_took.push(page("").await?.0);
        far_took.push(page(&far).await?.0);
    }
    first_took.sort_unstable();
    far_took.sort_unstable();
    let (first, farther) = (first_took[READ / 2], far_took[READ / 2]);
    let times = farther.as_secs_f64() / first.as_secs_f64();
    let far = number.min(FAR_PAGE);
    report.say(format!(
        "{number} pages have each follower once; page 1 takes {first:?}, page {far} {farther:?}: {times:.2}x"
    ));
    ensure!(times <= FARTHER_MAX, "page {far} takes {times:.2} times as long as the first one");
    Ok(())
}

/// Waits until all nodes have applied the same, twice in a row, and gives the log index.
async fn quiet(cluster: &mut Cluster) -> Result<u64> {
    let mut before = None;
    wait::until("a quiet cluster", PATIENCE, async || {
        let mut now = Vec::new();
        for id in cluster.live() {
            now.push(cluster.applied(id).await?);
        }
        let (least, most) = (now.iter().min().copied(), now.iter().max().copied());
        let still = least == most && before == least;
        before = least;
        ensure!(still, "the nodes are at {now:?}");
        least.context("no node runs")
    })
    .await
}

/// Some of those who did not listen look into their inbox.
async fn offline(
    cluster: &Cluster,
    shop: &Shop,
    people: &[Person],
    drops: &[String],
    seed: &mut Seed,
    report: &mut Report,
) -> Result<()> {
    let operator = cluster.operator(1)?;
    let mut looked = 0;
    for number in 0..SAMPLED.min(people.len()) {
        let person = &people[usize::try_from(seed.below(people.len() as u64))?];
        shop.api.set_password(cluster.url(1), &operator, &person.id).await?;
        let url = &shop.urls[number % shop.urls.len()];
        let account = wait::until("somebody who was brought to sign in", PATIENCE, async || {
            shop.api.sign_in(url, &person.name).await
        });
        let account = account.await?;
        let inbox = shop.api.get(&format!("{url}/v1/me/notifications?limit=100"), Some(&account)).await?;
        let items = inbox.expect(200, "an inbox")?.body["items"].as_array().cloned().unwrap_or_default();
        for drop in drops {
            let live = |item: &&serde_json::Value| item["type"] == "drop.live" && item["drop_id"] == json!(drop);
            let count = items.iter().filter(live).count();
            ensure!(count == 1, "{} finds {drop} {count} times in the inbox", person.name);
        }
        looked += 1;
    }
    report.say(format!("{looked} who did not listen found each drop once in their inbox"));
    Ok(())
}
