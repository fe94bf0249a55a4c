//! What a node takes, by the system's account and by its own.

use anyhow::{Context, Result, ensure};

use super::Cluster;

impl Cluster {
    /// The memory of a node's process that is not on the disk, in bytes, as Linux counts it (`VmRSS`).
    pub fn resident_bytes(&self, id: usize) -> Result<u64> {
        let process = self.nodes[id - 1].as_ref().with_context(|| format!("node {id} does not run"))?;
        let path = format!("/proc/{}/status", process.id());
        let status = std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).with_context(|| format!("{path}: {line:?}"))?;
        Ok(kib.trim().parse::<u64>()? * 1024)
    }

    /// The same of every node that runs, in order, in whole MiB: for people.
    pub fn resident_mib(&self) -> Result<Vec<u64>> {
        self.live().into_iter().map(|id| Ok(self.resident_bytes(id)? >> 20)).collect()
    }

    /// The sum of the series of `/metrics` that begin with `name`, 0 when there is none yet.
    pub async fn metric(&self, id: usize, name: &str) -> Result<f64> {
        let answer = self.api.get(&format!("{}/metrics", self.url(id)), None).await?;
        ensure!(answer.status == 200, "the metrics of node {id}: {}", answer.status);
        let text = answer.body.as_str().context("metrics are a text")?;
        let values = text.lines().filter(|line| line.starts_with(name)).filter_map(|line| line.rsplit(' ').next());
        Ok(values.filter_map(|value| value.parse::<f64>().ok()).sum())
    }
}
