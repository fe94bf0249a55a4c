//! Two of three nodes are gone for good: the third goes on alone with everything that was acknowledged, and one of the
//! others that returns all the same is refused.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::Report;
use crate::cluster::{Cluster, PATIENCE};
use crate::outcome::Outcome;
use crate::seed::Seed;
use crate::workload::buyer::Purchase;
use crate::workload::shop::Shop;

const BUYERS: usize = 10;
/// What a program ends with that refuses its data.
const REFUSED: i32 = 78;

pub async fn run(cluster: &mut Cluster, seed: &Seed) -> Result<Report> {
    let mut report = Report::titled("a survivor that is recovered, and a former member that returns");
    let mut shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drop_id = shop.open_drop(10_000, 0).await?;
    let purchase = |number: usize, buyer: usize| Purchase {
        drop_id: drop_id.clone(),
        buyer,
        key: format!("key-{number}"),
        quantity: 1,
    };
    let mut orders = Vec::new();
    for number in 0..30 {
        match shop.buy(&purchase(number, number % BUYERS), number % 3 + 1, PATIENCE).await {
            Outcome::Ok { order_id, .. } => orders.push((shop.buyers[number % BUYERS].id.clone(), order_id)),
            other => anyhow::bail!("a purchase before: {other:?}"),
        }
    }
    let leader = cluster.wait_leader(PATIENCE).await?;
    let index = cluster.applied(leader).await?;
    cluster.wait_applied(index, PATIENCE).await?;
    for id in cluster.ids() {
        cluster.kill(id)?;
    }

    let asked = cluster.offline(1, &["recover"]);
    ensure!(asked.is_err(), "it went on without a yes: {asked:?}");
    let told = cluster.offline(1, &["recover", "--yes"])?;
    ensure!(told.contains("only member now") && told.contains("Nodes 2, 3"), "{told}");
    let began = Instant::now();
    cluster.start(1)?;
    cluster.wait_ready(PATIENCE).await?;
    report.say(format!("node 1 serves alone, {} ms after its start", began.elapsed().as_millis()));
    shop.sign_in_again_at(1).await?;
    for (number, (account, order_id)) in orders.iter().enumerate() {
        let buyer = shop.buyers.iter().position(|buyer| buyer.id == *account).context("a buyer")?;
        let again = shop.attempt(&purchase(number, buyer), 1).await;
        ensure!(matches!(&again, Outcome::Ok { order_id: found, .. } if found == order_id), "{order_id}: {again:?}");
    }
    report.say(format!("all {} orders are there under their keys", orders.len()));

    for id in [2, 3] {
        cluster.start(id)?;
    }
    for id in [2, 3] {
        let status = cluster.ended(id).await?;
        let words = cluster.words_of(id)?;
        ensure!(status.code() == Some(REFUSED), "node {id} ended with {status}");
        ensure!(words.contains(&format!("recovered without node {id}")), "node {id} does not say why");
    }
    report.say("nodes 2 and 3 were refused with the data they had");
    let after = shop.attempt(&purchase(99, 0), 1).await;
    ensure!(after.is_ok(), "a purchase after: {after:?}");
    Ok(report)
}
