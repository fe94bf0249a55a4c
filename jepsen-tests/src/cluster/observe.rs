//! What a cluster says about itself, and waiting until it says the right thing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::Cluster;
use crate::api::Account;
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

    /// Who leads, as one node says.
    pub async fn leader_of(&self, id: usize) -> Result<Option<usize>> {
        let state = self.api.get(&format!("{}/v1/cluster", self.url(id)), None).await?;
        Ok(state.body["leader"].as_str().and_then(|leader| leader.parse().ok()))
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

    /// The log index up to which a node has thrown its log away, 0 when it has all of it.
    pub async fn purged(&self, id: usize) -> Result<u64> {
        let operator = self.operator(id)?;
        let status = self.api.get(&format!("{}/v1/admin/status", self.url(id)), Some(&operator)).await?;
        ensure!(status.status == 200, "the status of node {id}: {} {}", status.status, status.body);
        match status.body["purged_index"].as_str() {
            Some(index) => index.parse().with_context(|| format!("{index} is not an index")),
            None => Ok(0),
        }
    }

    /// Whoever may read the data directory of a node operates it.
    pub fn operator(&self, id: usize) -> Result<Account> {
        let token = std::fs::read_to_string(self.operator_token(id)).context("reading the operator's token")?;
        Ok(Account { name: String::new(), id: String::new(), token: token.trim().to_owned() })
    }

    pub(super) fn operator_token(&self, id: usize) -> PathBuf {
        self.data_of(id).join("operator.token")
    }

    /// The state hashes of all running nodes at one index, by `livedropctl hash`, as an operator would ask.
    pub async fn hashes(&self) -> Result<Vec<HashRead>> {
        let output = self.as_operator()?.arg("hash").output().context("running livedropctl hash")?;
        let said = String::from_utf8_lossy(&output.stdout);
        // It ends with 1 when the hashes differ, which is for the checker to say.
        self.hash_reads(&said).with_context(|| {
            format!("livedropctl hash: {}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr))
        })
    }

    /// Reads `{"index": "…", "nodes": [{"endpoint": "…", "hash": "…"}]}`.
    fn hash_reads(&self, said: &str) -> Result<Vec<HashRead>> {
        let said: serde_json::Value = serde_json::from_str(said)?;
        let index = said["index"].as_str().context("no index")?.parse()?;
        let nodes = said["nodes"].as_array().context("no nodes")?;
        let reads = nodes.iter().map(|node| {
            let endpoint = node["endpoint"].as_str().context("a node without an endpoint")?;
            let place = self.urls.iter().position(|url| url == endpoint).context("an endpoint that was not asked")?;
            let hash = node["hash"].as_str().context("a node without a hash")?.to_owned();
            Ok(HashRead { node: place + 1, index, hash })
        });
        reads.collect()
    }
}
