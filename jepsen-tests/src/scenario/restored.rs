//! A backup under load; everything is wiped; three new directories are restored from it. The state is that of the
//! backup, every order that was acknowledged before is there, and no stream sees an older id than it knows.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Report;
use crate::checker::event_order::Position;
use crate::cluster::{Cluster, PATIENCE};
use crate::outcome::Outcome;
use crate::seed::Seed;
use crate::workload::buyer::Purchase;
use crate::workload::reader::{Said, Stream};
use crate::workload::sale::Sale;
use crate::workload::shop::Shop;

const BUYERS: usize = 50;
const AT_ONCE: usize = 16;

/// Runs a sale of so many purchases, with the backup in its middle.
pub async fn run(cluster: &mut Cluster, seed: &Seed, purchases: usize) -> Result<Report> {
    let mut report = Report::titled(&format!("a backup in the middle of {purchases} purchases, and a restore"));
    let mut shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drop_id = shop.open_drop(10 * purchases as u64, 0).await?;
    let sale = Sale::begin(&shop, &drop_id, "sale", purchases, AT_ONCE);
    sale.let_in(purchases / 2);
    let file = cluster.folder().join("backup");
    let file = file.to_str().context("the path is text")?;
    let began = Instant::now();
    let manifest: Value = serde_json::from_str(&tokio::task::block_in_place(|| cluster.operate(&["backup", file]))?)?;
    let (index, hash) = (manifest["index"].as_u64().context("an index")?, manifest["state_hash"].clone());
    report.say(format!("backup of entry {index} in {} ms while it sold", began.elapsed().as_millis()));
    let (served, _) = sale.finish().await?;
    ensure!(served.acknowledged == purchases as u64, "{served:?}");
    let told = newest_event(cluster, &shop).await?;
    ensure!(told.0 > index, "nothing was told after the backup");
    tokio::task::block_in_place(|| cluster.operate(&["backup", "verify", file, "--of", "proof"]))?;

    for id in cluster.ids() {
        cluster.stop(id).await?;
        std::fs::remove_dir_all(cluster.data_of(id))?;
    }
    cluster.rename("proof-2")?;
    for id in cluster.ids() {
        let began = Instant::now();
        cluster.offline(id, &["restore", "--from", file, "--of", "proof"])?;
        report.say(format!("node {id} restored in {} ms", began.elapsed().as_millis()));
    }
    for id in cluster.ids() {
        cluster.start(id)?;
    }
    cluster.wait_ready(PATIENCE).await?;
    for id in cluster.ids() {
        let url = format!("{}/v1/admin/hash?index={index}", cluster.url(id));
        let found = shop.api.get(&url, Some(&cluster.operator(id)?)).await?;
        ensure!(found.body["hash"] == hash, "node {id}: {} and {hash} in the backup", found.body);
    }
    report.say(format!("the hash at entry {index} is that of the backup on all three nodes"));
    shop.sign_in_again().await?;
    resumed(cluster, &drop_id, told).await?;
    report.say(format!("a stream that knew {}-{} is told nothing older", told.0, told.1));
    orders_are_kept(&shop, &drop_id, index, &mut report).await?;
    Ok(report)
}

/// The id of the newest event that operators are told.
async fn newest_event(cluster: &Cluster, shop: &Shop) -> Result<Position> {
    let mut after = "0-0".to_owned();
    loop {
        let url = format!("{}/v1/admin/events?after={after}", cluster.url(1));
        let page = shop.api.get(&url, Some(&cluster.operator(1)?)).await?;
        after = page.body["next_after"].as_str().with_context(|| format!("a page: {}", page.body))?.to_owned();
        if page.body["has_more"] == false {
            let (index, ordinal) = after.split_once('-').context("an id has two parts")?;
            return Ok((index.parse()?, ordinal.parse()?));
        }
    }
}

/// A reader comes back with an id of the old cluster that the backup does not reach: what it is told is newer, and
/// that something is missing is said first.
async fn resumed(cluster: &Cluster, drop_id: &str, told: Position) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    for id in cluster.ids() {
        let url = format!("{}/v1/drops/{drop_id}/events", cluster.url(id));
        let mut stream = Stream::open(&client, &url, None, Some(told)).await?;
        let first = async {
            loop {
                // A piece of a line says nothing yet.
                if let Some(first) = stream.next().await?.context("the stream ended")?.into_iter().next() {
                    return anyhow::Ok(first);
                }
            }
        };
        let first = tokio::time::timeout(PATIENCE, first).await.context("the stream says nothing")??;
        let Said::Reset(at, _) = first else { anyhow::bail!("node {id} said {first:?}, and {told:?} never happened") };
        ensure!(at > told, "node {id} goes on at {at:?}, before {told:?}");
    }
    Ok(())
}

/// Every purchase is asked for again under its key. Those that the backup has are the orders that they were; the others
/// are bought now.
async fn orders_are_kept(shop: &Shop, drop_id: &str, index: u64, report: &mut Report) -> Result<()> {
    let mut acknowledged: BTreeMap<(String, String), (String, u64)> = BTreeMap::new();
    for attempt in shop.recorder.history().attempts() {
        if let Outcome::Ok { order_id, index, .. } = &attempt.outcome {
            let key = (attempt.account.clone(), attempt.key.clone());
            let known = acknowledged.entry(key).or_insert_with(|| (order_id.clone(), *index));
            known.1 = known.1.min(*index);
        }
    }
    let (mut kept, mut lost) = (0, 0);
    for ((account, key), (order_id, acknowledged_at)) in acknowledged {
        let buyer = shop.buyers.iter().position(|buyer| buyer.id == account).context("a buyer")?;
        let purchase = Purchase { drop_id: drop_id.to_owned(), buyer, key, quantity: 1 };
        match shop.buy(&purchase, 1 + buyer % shop.urls.len(), PATIENCE).await {
            Outcome::Ok { order_id: found, .. } if found == order_id => kept += 1,
            Outcome::Ok { .. } => {
                ensure!(
                    acknowledged_at > index,
                    "{order_id} of entry {acknowledged_at} is not in the backup of {index}"
                );
                lost += 1;
            }
            other => anyhow::bail!("{order_id} asked for again: {other:?}"),
        }
    }
    ensure!(kept > 0 && lost > 0, "{kept} kept, {lost} lost: the backup was not taken in the middle");
    report.say(format!("{kept} orders of before the backup are there under their keys, {lost} later ones are not"));
    Ok(())
}
