//! A node whose disk was wiped is not the node it was: it must not come back under its old id, because what it has
//! voted for and acknowledged is gone.

use anyhow::{Result, ensure};

use super::Report;
use crate::cluster::{Cluster, PATIENCE};
use crate::seed::Seed;
use crate::workload::buyer::Purchase;
use crate::workload::shop::Shop;

/// Wipes a node's data directory, starts it under its old id, and gives what its log said when it refused.
pub async fn run(cluster: &mut Cluster, seed: &mut Seed) -> Result<String> {
    let mut report = Report::titled("a wiped data directory under the old id");
    let shop = Shop::open(cluster, seed.value(), 1).await?;
    let drop_id = shop.open_drop(10, 0).await?;
    let buy = |number: usize| Purchase { drop_id: drop_id.clone(), buyer: 0, key: format!("{number}"), quantity: 1 };
    ensure!(shop.buy(&buy(1), 1, PATIENCE).await.is_ok(), "a purchase before");

    let ids = cluster.ids();
    let victim = ids[usize::try_from(seed.below(ids.len() as u64))?];
    cluster.stop(victim).await?;
    std::fs::remove_dir_all(cluster.data_of(victim))?;
    let said_before = std::fs::read_to_string(cluster.log_of(victim))?.len();
    cluster.start(victim)?;
    let status = cluster.ended(victim).await?;
    ensure!(!status.success(), "it ended as if all were well");
    let said = std::fs::read_to_string(cluster.log_of(victim))?[said_before..].to_owned();
    report.say(format!("node {victim} refused: {status}"));

    let survivor = cluster.live()[0];
    ensure!(shop.buy(&buy(2), survivor, PATIENCE).await.is_ok(), "a purchase after");
    Ok(said)
}
