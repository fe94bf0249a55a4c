//! A drop is sold out through all nodes under full load, while the leader is killed again and again and comes back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Report, conclude};
use crate::cluster::{Cluster, PATIENCE};
use crate::history::{Fault, History, StockRead};
use crate::seed::Seed;
use crate::workload::probe;
use crate::workload::sale::Sale;
use crate::workload::shop::Shop;

/// How big.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub units: usize,
    pub buyers: usize,
    /// Purchases in flight at one time.
    pub at_once: usize,
    /// How often the leader is killed.
    pub kills: usize,
}

pub async fn run(cluster: &mut Cluster, seed: &Seed, size: Size) -> Result<Report> {
    let Size { units, buyers, at_once, kills } = size;
    let mut report = Report::titled(&format!(
        "{units} units to {buyers} buyers, {at_once} at one time, through {} nodes, leader killed {kills} times",
        cluster.urls().len()
    ));
    let mut shop = Shop::open(cluster, seed.value(), buyers).await?;
    let drop_id = shop.open_drop(u64::try_from(units)?, 0).await?;
    // More wishes than units, so that the last unit is fought for too.
    let wishes = units + (units / 10).max(at_once);
    let sale = Sale::begin(&shop, &drop_id, &seed.value().to_string(), wishes, at_once);
    let share = units / (kills + 1);
    let (mut back, mut faults) = (Vec::new(), Vec::new());
    for kill in 0..kills {
        sale.let_in(share);
        let leader = cluster.wait_leader(PATIENCE).await?;
        let sold = |part: usize| u64::try_from(kill * share + part).expect("a count of units");
        shop.recorder.wait_acknowledged(sold(share / 4), PATIENCE).await?;
        let waiting = sale.waiting();
        let at_ns = shop.recorder.fault("kill", leader);
        cluster.kill(leader)?;
        report.say(format!("kill {}: node {leader}, with {waiting} of its {share} purchases to come", kill + 1));
        faults.push(Fault { what: "kill".to_owned(), node: leader, at_ns });
        // The sale goes on without it before it comes back.
        shop.recorder.wait_acknowledged(sold(share / 2), PATIENCE).await?;
        let restarted = Instant::now();
        cluster.start(leader)?;
        cluster.wait_ready(PATIENCE).await?;
        back.push(restarted.elapsed());
        shop.recorder.wait_acknowledged(sold(share), PATIENCE).await?;
    }
    let (served, took) = sale.finish().await?;
    let rate = served.acknowledged as f64 / took.as_secs_f64();
    report.say(format!(
        "{served:?} in {:.1} s, {rate:.0} acknowledged purchases a second, outages included",
        took.as_secs_f32()
    ));
    let outages = outages(&shop.recorder.history(), &faults)?;
    report.say_durations("from kill to the next acknowledged purchase", &outages);
    report.say_durations("from restart to ready", &back);
    conclude(cluster, &mut shop, &mut report).await?;
    let history = shop.recorder.history();
    let last: Vec<&StockRead> = history.stock_reads().filter(|read| read.last).collect();
    ensure!(last.iter().all(|read| read.available == 0), "units are left although more were wanted: {last:?}");
    Ok(report)
}

/// How long each fault kept purchases from being acknowledged.
pub fn outages(history: &History, faults: &[Fault]) -> Result<Vec<Duration>> {
    let outage = |fault: &Fault| probe::outage_ns(history, fault).map(Duration::from_nanos);
    faults.iter().map(|fault| outage(fault).context("nothing was sold after a kill")).collect()
}
