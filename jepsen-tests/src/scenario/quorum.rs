//! One node of three away: purchases go on. Two away: the last one sells nothing and says so in time, still answers
//! local reads, and what it turned away is bought with the same keys when the others are back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Report, conclude};
use crate::cluster::{Cluster, PATIENCE};
use crate::outcome::Outcome;
use crate::seed::Seed;
use crate::wait;
use crate::workload::buyer::Purchase;
use crate::workload::shop::Shop;

const BUYERS: usize = 20;
/// What the server promises for an answer without a quorum.
const PROMISED: Duration = Duration::from_secs(2);
/// What two busy processors may add to it.
const MARGIN: Duration = Duration::from_secs(1);

/// Who is left alone, and how the others are away.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Whether the node that stays is the leader at first.
    pub leader_stays: bool,
    /// SIGSTOP instead of a stop and a SIGKILL: connections stay open and nothing answers.
    pub paused: bool,
}

pub async fn run(cluster: &mut Cluster, seed: &Seed, case: Case, writes_alone: usize) -> Result<Report> {
    let mut report = Report::titled(&format!("one and then two of three nodes away: {case:?}"));
    let mut shop = Shop::open(cluster, seed.value(), BUYERS).await?;
    let drop_id = shop.open_drop(100_000, 0).await?;
    let purchase = |part: &str, number: usize| Purchase {
        drop_id: drop_id.clone(),
        buyer: number % BUYERS,
        key: format!("{part}-{number}"),
        quantity: 1,
    };

    let leader = cluster.wait_leader(PATIENCE).await?;
    let followers: Vec<usize> = cluster.ids().into_iter().filter(|id| *id != leader).collect();
    let (first, second, alone) = match case.leader_stays {
        true => (followers[0], followers[1], leader),
        false => (followers[0], leader, followers[1]),
    };
    leave(cluster, &shop, first, case.paused).await?;
    for number in 0..BUYERS {
        let node = if number % 2 == 0 { second } else { alone };
        let outcome = shop.attempt(&purchase("one-away", number), node).await;
        ensure!(outcome.is_ok(), "with node {first} away, node {node} answers {outcome:?}");
    }
    report.say(format!("node {first} away: {BUYERS} of {BUYERS} purchases acknowledged at the first try"));

    match case.paused {
        true => leave(cluster, &shop, second, true).await?,
        false => {
            shop.recorder.fault("kill", second);
            cluster.kill(second)?;
        }
    }
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut said: Vec<String> = Vec::new();
    for number in 0..writes_alone {
        let asked = Instant::now();
        let outcome = shop.attempt(&purchase("alone", number), alone).await;
        let took = asked.elapsed();
        slowest = slowest.max(took);
        ensure!(took <= PROMISED + MARGIN, "a write without a quorum took {took:?}: {outcome:?}");
        match outcome {
            Outcome::Refused { reason } | Outcome::Unknown { reason } if reason.starts_with("503") => said.push(reason),
            other => anyhow::bail!("a write without a quorum was answered {other:?}"),
        }
        let read = shop.read_stock(alone, &drop_id, false).await.context("a local read without a quorum")?;
        ensure!(read.held + read.sold >= BUYERS as u64, "a local read without a quorum lost purchases: {read:?}");
    }
    let no_quorum = said.iter().filter(|reason| reason.contains("no_quorum")).count();
    ensure!(no_quorum > 0, "never no_quorum: {said:?}");
    report.say(format!(
        "node {alone} alone: {writes_alone} writes answered 503 ({no_quorum} no_quorum, {} outcome_unknown), the slowest in {} ms; {writes_alone} local reads answered",
        said.len() - no_quorum,
        slowest.as_millis()
    ));
    without_a_quorum(&shop, alone, &drop_id).await?;
    report.say(format!("alone for {} ms", began.elapsed().as_millis()));

    for id in [first, second] {
        shop.recorder.fault("return", id);
        if case.paused {
            cluster.resume(id)?;
        } else {
            cluster.start(id)?;
        }
    }
    cluster.wait_ready(PATIENCE).await?;
    for number in 0..writes_alone {
        let outcome = shop.buy(&purchase("alone", number), number % 3 + 1, PATIENCE).await;
        ensure!(outcome.is_ok(), "asked again after the return: {outcome:?}");
    }
    report.say(format!("after the return the same {writes_alone} keys gave one order each"));
    conclude(cluster, &mut shop, &mut report).await?;
    Ok(report)
}

async fn leave(cluster: &mut Cluster, shop: &Shop, id: usize, paused: bool) -> Result<()> {
    if paused {
        shop.recorder.fault("pause", id);
        return cluster.pause(id);
    }
    shop.recorder.fault("stop", id);
    cluster.stop(id).await
}

/// A linearizable read is refused in time and says when to come again, and the node calls itself not ready.
async fn without_a_quorum(shop: &Shop, alone: usize, drop_id: &str) -> Result<()> {
    let url = &shop.urls[alone - 1];
    let asked = Instant::now();
    let read = shop.api.get(&format!("{url}/v1/drops/{drop_id}?consistency=linearizable"), None).await?;
    let took = asked.elapsed();
    ensure!(read.status == 503 && read.code() == "no_quorum", "a linearizable read: {} {}", read.status, read.body);
    ensure!(read.retry_after, "503 without Retry-After");
    ensure!(took <= PROMISED + MARGIN, "a linearizable read without a quorum took {took:?}");
    wait::until("the last node to call itself not ready", PATIENCE, async || {
        let ready = shop.api.get(&format!("{url}/readyz"), None).await?;
        ensure!(ready.status == 503, "it answers {}", ready.status);
        Ok(())
    })
    .await
}
