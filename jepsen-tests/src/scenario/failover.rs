//! How long a dead leader keeps buyers waiting: a paced load that never lets up, and one SIGKILL after another.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Report, conclude, sell_out};
use crate::cluster::{Cluster, PATIENCE};
use crate::history::Fault;
use crate::seed::Seed;
use crate::workload::probe::{self, Probe};
use crate::workload::shop::Shop;

const BUYERS: usize = 50;

/// The figures and how long each kill was felt.
pub struct Felt {
    pub report: Report,
    pub outages: Vec<Duration>,
}

/// Kills the leader `kills` times, each time waiting until buyers are served again and the node is back.
pub async fn run(cluster: &mut Cluster, seed: &Seed, kills: usize) -> Result<Felt> {
    let every = probe::EVERY.as_millis();
    let mut report = Report::titled(&format!("{kills} kills of the leader, a new purchase every {every} ms"));
    let mut shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drop_id = shop.open_drop(1_000_000, 0).await?;
    let probe = Probe::begin(&shop, &drop_id, &seed.value().to_string());
    let (mut faults, mut back) = (Vec::new(), Vec::new());
    for _ in 0..kills {
        let leader = cluster.wait_leader(PATIENCE).await?;
        shop.recorder
            .wait_acknowledged(shop.recorder.acknowledged() + 20, PATIENCE)
            .await?;
        let at_ns = shop.recorder.fault("kill", leader);
        cluster.kill(leader)?;
        faults.push(Fault {
            what: "kill".to_owned(),
            node: leader,
            at_ns,
        });
        cluster.wait_leader(PATIENCE).await?;
        shop.recorder
            .wait_acknowledged(shop.recorder.acknowledged() + 20, PATIENCE)
            .await?;
        let restarted = Instant::now();
        cluster.start(leader)?;
        cluster.wait_ready(PATIENCE).await?;
        back.push(restarted.elapsed());
    }
    let undecided = probe.end().await?;
    ensure!(undecided == 0, "{undecided} purchases were never decided");
    let outages = sell_out::outages(&shop.recorder.history(), &faults)?;
    report.say_durations("from kill to the next acknowledged purchase", &outages);
    report.say_durations("from restart to ready", &back);
    conclude(cluster, &mut shop, &mut report).await?;
    Ok(Felt { report, outages })
}
