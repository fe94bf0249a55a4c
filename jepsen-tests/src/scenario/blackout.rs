//! Every node dies in the same moment, under load, and comes back.

use std::time::Instant;

use anyhow::Result;

use super::{Report, conclude};
use crate::cluster::{Cluster, PATIENCE};
use crate::seed::Seed;
use crate::workload::sale::Sale;
use crate::workload::shop::Shop;

const AT_ONCE: usize = 64;

/// SIGKILL of all nodes when half of `units` are sold; the sale goes on when they are back.
pub async fn run(cluster: &mut Cluster, seed: &Seed, units: usize) -> Result<Report> {
    let mut report = Report::titled(&format!("all {} nodes killed at once, {units} units", cluster.urls().len()));
    let mut shop = Shop::open(cluster, seed.value(), AT_ONCE).await?;
    let drop_id = shop.open_drop(u64::try_from(units)?, 0).await?;
    let sale = Sale::begin(&shop, &drop_id, &seed.value().to_string(), units, AT_ONCE);
    sale.let_in(units);
    shop.recorder.wait_acknowledged(u64::try_from(units / 2)?, PATIENCE).await?;
    let waiting = sale.waiting();
    for id in cluster.ids() {
        shop.recorder.fault("kill", id);
        cluster.kill(id)?;
    }
    report.say(format!("{} acknowledged before, {waiting} still to come", shop.recorder.acknowledged()));
    let began = Instant::now();
    for id in cluster.ids() {
        cluster.start(id)?;
    }
    cluster.wait_ready(PATIENCE).await?;
    report.say(format!("all ready {} ms after their start", began.elapsed().as_millis()));
    let (served, _) = sale.finish().await?;
    report.say(format!("{served:?}"));
    conclude(cluster, &mut shop, &mut report).await?;
    Ok(report)
}
