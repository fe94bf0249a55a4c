//! How long a leader that goes keeps buyers waiting: a paced load that never lets up, and one leader after another
//! killed, paused, or stopped in order.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Report, conclude, sell_out};
use crate::cluster::{Cluster, PATIENCE};
use crate::history::Fault;
use crate::seed::Seed;
use crate::workload::probe::{self, Probe};
use crate::workload::shop::Shop;

const BUYERS: usize = 50;

/// How the leader goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum How {
    /// SIGKILL.
    Kill,
    /// SIGSTOP, and SIGCONT when another one leads: it comes back believing that it leads.
    Pause,
    /// SIGTERM: it hands its leadership over before it stops.
    Stop,
}

/// The figures and how long each loss was felt.
pub struct Felt {
    pub report: Report,
    pub outages: Vec<Duration>,
}

/// Takes the leader away `times` times, each time waiting until buyers are served again and the node is back.
pub async fn run(cluster: &mut Cluster, seed: &Seed, how: How, times: usize) -> Result<Felt> {
    let every = probe::EVERY.as_millis();
    let mut report = Report::titled(&format!("{how:?} of the leader {times} times, a new purchase every {every} ms"));
    let mut shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drop_id = shop.open_drop(1_000_000, 0).await?;
    let probe = Probe::begin(&shop, &drop_id, &seed.value().to_string());
    let (mut faults, mut back) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let leader = cluster.wait_leader(PATIENCE).await?;
        sold_more(&shop).await?;
        let at_ns = shop.recorder.fault(&format!("{how:?}"), leader);
        match how {
            How::Kill => cluster.kill(leader)?,
            How::Pause => cluster.pause(leader)?,
            How::Stop => cluster.stop(leader).await?,
        }
        faults.push(Fault { what: format!("{how:?}"), node: leader, at_ns });
        cluster.wait_leader(PATIENCE).await?;
        sold_more(&shop).await?;
        let restarted = Instant::now();
        match how {
            How::Pause => cluster.resume(leader)?,
            How::Kill | How::Stop => cluster.start(leader)?,
        }
        cluster.wait_ready(PATIENCE).await?;
        back.push(restarted.elapsed());
    }
    let undecided = probe.end().await?;
    ensure!(undecided == 0, "{undecided} purchases were never decided");
    let outages = sell_out::outages(&shop.recorder.history(), &faults)?;
    report.say_durations("from the loss to the next acknowledged purchase", &outages);
    report.say_durations("from its return to all ready", &back);
    conclude(cluster, &mut shop, &mut report).await?;
    Ok(Felt { report, outages })
}

/// Waits until buyers were acknowledged that had not been when this was called.
async fn sold_more(shop: &Shop) -> Result<()> {
    shop.recorder.wait_acknowledged(shop.recorder.acknowledged() + 20, PATIENCE).await
}
