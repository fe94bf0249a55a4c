//! What a cluster says about itself, and waiting until it says the right thing.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::{Cluster, binary};
use crate::history::HashRead;
use crate::wait;

impl Cluster {
    /// Waits until every running node is ready.
    pub async fn wait_ready(&mut self, deadline: Duration) -> Result<()> {
        let live = self.live();
        wait::until("all running nodes to be ready", deadline, async || {
            self.require_running()?;
            for id in &live {
                let answer = self.api.get(&format!("{}/readyz", self.url(*id)), None).await?;
                ensure!(answer.status == 200, "node {id} answers {} {}", answer.status, answer.body);
            }
            Ok(())
        })
        .await
    }

    /// Waits until the running nodes agree on a leader that runs, and gives its number.
    pub async fn wait_leader(&mut self, deadline: Duration) -> Result<usize> {
        wait::until("a leader that all running nodes know", deadline, async || {
            self.require_running()?;
            let mut leaders = BTreeMap::new();
            for id in self.live() {
                let state = self.api.get(&format!("{}/v1/cluster", self.url(id)), None).await?;
                let leader = state.body["leader"].as_str().and_then(|leader| leader.parse::<usize>().ok());
                leaders.insert(id, leader);
            }
            let named: Vec<usize> = leaders.values().filter_map(|leader| *leader).collect();
            let first = *named.first().with_context(|| format!("no node knows one: {leaders:?}"))?;
            ensure!(named.len() == leaders.len() && named.iter().all(|it| *it == first), "they say {leaders:?}");
            ensure!(self.live().contains(&first), "they still say {first}, which does not run");
            Ok(first)
        })
        .await
    }

    /// The index up to which a node has applied the log, as it says itself.
    pub async fn applied(&self, id: usize) -> Result<u64> {
        let state = self.api.get(&format!("{}/v1/cluster", self.url(id)), None).await?;
        let nodes = state.body["nodes"].as_array().context("/v1/cluster lists nodes")?;
        let own = nodes.iter().find(|node| node["id"].as_str() == Some(&id.to_string()));
        let index =
            own.and_then(|node| node["applied_index"].as_str()).context("a node lists its own applied_index")?;
        index.parse().with_context(|| format!("{index} is not an index"))
    }

    /// Waits until every running node has applied everything up to `index`.
    pub async fn wait_applied(&mut self, index: u64, deadline: Duration) -> Result<()> {
        wait::until(&format!("all running nodes to apply index {index}"), deadline, async || {
            self.require_running()?;
            for id in self.live() {
                let applied = self.applied(id).await?;
                ensure!(applied >= index, "node {id} is at {applied}");
            }
            Ok(())
        })
        .await
    }

    /// A number out of a node's metrics, the sum over its labels.
    pub async fn metric(&self, id: usize, name: &str) -> Result<f64> {
        let page = self.api.text(&format!("{}/metrics", self.url(id))).await?;
        let mut sum = None;
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let series = line.split([' ', '{']).next();
            if series == Some(name) {
                let value: f64 = line.rsplit(' ').next().unwrap_or_default().parse()?;
                sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
        sum.with_context(|| format!("node {id} has no metric {name}"))
    }

    /// The state hashes of all running nodes at one index, by `livedropctl hash`, as an operator would ask.
    pub async fn hashes(&self) -> Result<Vec<HashRead>> {
        let endpoints: Vec<&str> = self.live().into_iter().map(|id| self.url(id)).collect();
        let output = std::process::Command::new(binary::find("livedropctl")?)
            .args(["--endpoints", &endpoints.join(","), "-o", "json", "hash"])
            .output()
            .context("running livedropctl hash")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("livedropctl hash: {}\n{said}{complaint}", output.status);
        }
        hash_reads(&said).with_context(|| format!("livedropctl hash said {said}"))
    }
}

/// Reads `{"index": "…", "nodes": [{"id": "…", "hash": "…"}]}`.
fn hash_reads(said: &str) -> Result<Vec<HashRead>> {
    let said: serde_json::Value = serde_json::from_str(said)?;
    let index = said["index"].as_str().context("no index")?.parse()?;
    let nodes = said["nodes"].as_array().context("no nodes")?;
    let reads = nodes.iter().map(|node| {
        let id = node["id"].as_str().context("a node without an id")?.parse()?;
        let hash = node["hash"].as_str().context("a node without a hash")?.to_owned();
        Ok(HashRead { node: id, index, hash })
    });
    reads.collect()
}
