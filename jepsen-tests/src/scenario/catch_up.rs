//! A node that was away for longer than the kept log is brought up by a snapshot, while the others go on selling.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::{Report, conclude};
use crate::cluster::{Cluster, PATIENCE};
use crate::seed::Seed;
use crate::wait;
use crate::workload::sale::Sale;
use crate::workload::shop::Shop;

const AT_ONCE: usize = 16;
const WISHES: usize = 1_000_000;

/// For a cluster with a short log, [`crate::cluster::Options::with_a_short_log`].
pub async fn run(cluster: &mut Cluster, seed: &Seed) -> Result<Report> {
    let mut report = Report::titled("a node that was away for longer than the kept log");
    let mut shop = Shop::open(cluster, seed.value(), AT_ONCE).await?;
    let drop_id = shop.open_drop(u64::try_from(WISHES)?, 0).await?;
    let sale = Sale::begin(&shop, &drop_id, &seed.value().to_string(), WISHES, AT_ONCE);
    sale.let_in(WISHES);

    let leader = cluster.wait_leader(PATIENCE).await?;
    let away = cluster.ids().into_iter().find(|id| *id != leader).expect("three nodes");
    shop.recorder.wait_acknowledged(100, PATIENCE).await?;
    let applied = cluster.applied(away).await?;
    shop.recorder.fault("kill", away);
    cluster.kill(away)?;
    // What it applied between that answer and its death is far less than this.
    let beyond = applied + 2_000;
    let purged = wait::until("the leader to throw away what the absent node lacks", PATIENCE, async || {
        let purged = cluster.purged(leader).await?;
        ensure!(purged > beyond, "the log is gone up to {purged}, the node was at {applied}");
        Ok(purged)
    })
    .await?;
    report.say(format!("node {away} was killed at index {applied}; the leader's log is gone up to {purged} now"));

    let began = Instant::now();
    cluster.start(away)?;
    cluster.wait_ready(PATIENCE).await?;
    report.say(format!("ready {} ms after its start, under load", began.elapsed().as_millis()));
    let target = cluster.applied(leader).await?;
    cluster.wait_applied(target, PATIENCE).await?;
    report.say(format!("at index {target} after {} ms", began.elapsed().as_millis()));
    let (served, _) = sale.close().await?;
    report.say(format!("{served:?}"));
    conclude(cluster, &mut shop, &mut report).await?;
    Ok(report)
}
