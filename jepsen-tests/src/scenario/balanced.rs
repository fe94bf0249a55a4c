//! A balancer before the cluster sends nobody to a node that is gone: while nodes are killed one after the other, no
//! reader notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::Report;
use crate::api::Api;
use crate::cluster::{Cluster, PATIENCE};
use crate::edge::{Haproxy, Nginx};
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

const READERS: usize = 16;
/// Between two reads of one reader.
const EVERY: Duration = Duration::from_millis(10);
/// Reads that are waited for between two faults.
const READS: u64 = 500;

/// What stands in front.
#[derive(Debug, Clone, Copy)]
pub enum Balancer {
    Haproxy,
    Nginx,
}

/// Kills each node, the leader of the moment among them, `times` times.
pub async fn run(cluster: &mut Cluster, seed: &Seed, by: Balancer, times: usize) -> Result<Report> {
    let nodes = cluster.ids();
    let mut report = Report::titled(&format!("{by:?} in front, each of {} nodes killed {times} times", nodes.len()));
    let shop = Shop::open(cluster, seed.value(), 1).await?;
    let drop_id = shop.open_drop(1_000, 0).await?;
    // Kept until the end.
    let (haproxy, nginx) = match by {
        Balancer::Haproxy => (Some(Haproxy::start(cluster.urls()).await?), None),
        Balancer::Nginx => (None, Some(Nginx::start(cluster.urls()).await?)),
    };
    let url = haproxy.as_ref().map(Haproxy::url).or_else(|| nginx.as_ref().map(Nginx::url)).expect("one is there");
    // The drop is read as of now, from whoever leads; the others as the node has them.
    let paths = [format!("/v1/drops/{drop_id}"), format!("/v1/products/{}", shop.product()), "/v1/drops".to_owned()];
    let readers = Readers::begin(&url, paths.to_vec())?;
    let mut leaders = 0;
    for id in nodes.iter().cycle().take(nodes.len() * times) {
        readers.read_more(READS).await?;
        leaders += usize::from(cluster.wait_leader(PATIENCE).await? == *id);
        cluster.kill(*id)?;
        readers.read_more(READS).await?;
        cluster.wait_leader(PATIENCE).await?;
        cluster.start(*id)?;
        cluster.wait_ready(PATIENCE).await?;
    }
    let (reads, failures, slowest) = readers.end().await?;
    report.say(format!("{reads} reads, {} failed; {leaders} of the killed nodes led", failures.len()));
    report.say(format!("the slowest read took {} ms", slowest.as_millis()));
    ensure!(failures.is_empty(), "reads failed: {}", failures[..failures.len().min(5)].join("; "));
    Ok(report)
}

/// Readers that go on until they are told to stop.
struct Readers {
    shared: Arc<Shared>,
    at_work: JoinSet<(Vec<String>, Duration)>,
}

#[derive(Default)]
struct Shared {
    reads: AtomicU64,
    stop: AtomicBool,
}

impl Readers {
    fn begin(url: &str, paths: Vec<String>) -> Result<Self> {
        let (shared, mut at_work) = (Arc::new(Shared::default()), JoinSet::new());
        for reader in 0..READERS {
            let (api, shared) = (Api::new()?, shared.clone());
            let url = format!("{url}{}", paths[reader % paths.len()]);
            at_work.spawn(async move { read(&api, &url, &shared).await });
        }
        Ok(Readers { shared, at_work })
    }

    async fn read_more(&self, reads: u64) -> Result<()> {
        let enough = self.shared.reads.load(Ordering::Relaxed) + reads;
        wait::until("readers to read", PATIENCE, async || {
            let now = self.shared.reads.load(Ordering::Relaxed);
            ensure!(now >= enough, "{now} of {enough} reads");
            Ok(())
        })
        .await
    }

    /// How many reads there were, what became of those that failed, and how long the slowest took.
    async fn end(mut self) -> Result<(u64, Vec<String>, Duration)> {
        self.shared.stop.store(true, Ordering::Relaxed);
        let (mut failures, mut slowest) = (Vec::new(), Duration::ZERO);
        while let Some(reader) = self.at_work.join_next().await {
            let (failed, slow) = reader?;
            failures.extend(failed);
            slowest = slowest.max(slow);
        }
        Ok((self.shared.reads.load(Ordering::Relaxed), failures, slowest))
    }
}

async fn read(api: &Api, url: &str, shared: &Shared) -> (Vec<String>, Duration) {
    let (mut failures, mut slowest) = (Vec::new(), Duration::ZERO);
    while !shared.stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        match api.get(url, None).await {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => failures.push(format!("{url}: {} {}", answer.status, answer.body)),
            Err(error) => failures.push(format!("{url}: {error:#}")),
        }
        slowest = slowest.max(began.elapsed());
        shared.reads.fetch_add(1, Ordering::Relaxed);
        wait::pause(EVERY).await;
    }
    (failures, slowest)
}
