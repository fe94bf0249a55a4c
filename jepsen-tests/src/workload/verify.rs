//! The reads at the end, with nothing in flight: every key and every count on every node, and the hashes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use tokio::task::JoinSet;

use crate::api::Account;
use crate::cluster::{Cluster, PATIENCE};
use crate::history::{FoundOrder, KeyRead, Record, StockRead};
use crate::workload::shop::Shop;

const READERS: usize = 48;

/// A key to be asked for: whose, which, of which drop.
type Wanted = (usize, Account, String, String);

impl Shop {
    /// Waits until all nodes run, are ready and have applied the same log, then reads from each what it has. The
    /// reads are local, so that each node speaks for itself.
    pub async fn read_everything(&self, cluster: &mut Cluster) -> Result<()> {
        cluster.wait_ready(PATIENCE).await?;
        let leader = cluster.wait_leader(PATIENCE).await?;
        let index = cluster.applied(leader).await?;
        cluster.wait_applied(index, PATIENCE).await?;
        self.read_keys(cluster).await?;
        for offer in self.recorder.history().offers() {
            for node in cluster.live() {
                let read = self.read_stock(node, &offer.drop_id, true).await?;
                self.recorder.push(Record::Stock(read));
            }
        }
        for read in cluster.hashes().await? {
            self.recorder.push(Record::Hash(read));
        }
        Ok(())
    }

    /// One node's own count of a drop with a single variant.
    pub async fn read_stock(&self, node: usize, drop_id: &str, last: bool) -> Result<StockRead> {
        let url = format!("{}/v1/drops/{drop_id}?consistency=local", self.urls[node - 1]);
        let answer = self.api.get(&url, None).await?;
        let item = &answer.body["items"][0];
        let count = |name: &str| {
            item[name].as_u64().with_context(|| format!("{name} of {drop_id}: {} {}", answer.status, answer.body))
        };
        Ok(StockRead {
            drop_id: drop_id.to_owned(),
            node,
            stock: count("stock")?,
            available: count("available")?,
            held: count("held")?,
            sold: count("sold")?,
            last,
        })
    }

    async fn read_keys(&self, cluster: &Cluster) -> Result<()> {
        let wanted = Arc::new(self.wanted(&cluster.live()));
        let next = Arc::new(AtomicUsize::new(0));
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let (shop, wanted, next) = (self.clone(), wanted.clone(), next.clone());
            readers.spawn(async move {
                while let Some((node, account, key, drop_id)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let read = shop.read_key(*node, account, key, drop_id).await?;
                    shop.recorder.push(Record::Key(read));
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(reader) = readers.join_next().await {
            reader??;
        }
        Ok(())
    }

    /// Every key that was ever used, once for each node.
    fn wanted(&self, nodes: &[usize]) -> Vec<Wanted> {
        let accounts: BTreeMap<&str, &Account> = self.buyers.iter().map(|buyer| (buyer.id.as_str(), buyer)).collect();
        self.recorder.locked(|history| {
            let mut keys: Vec<(&str, &str, &str)> = history
                .attempts()
                .map(|attempt| (attempt.account.as_str(), attempt.key.as_str(), attempt.drop_id.as_str()))
                .collect();
            keys.sort_unstable();
            keys.dedup();
            let mut wanted = Vec::with_capacity(keys.len() * nodes.len());
            for (account, key, drop_id) in keys {
                for node in nodes {
                    wanted.push((*node, accounts[account].clone(), key.to_owned(), drop_id.to_owned()));
                }
            }
            wanted
        })
    }

    async fn read_key(&self, node: usize, account: &Account, key: &str, drop_id: &str) -> Result<KeyRead> {
        let url = format!("{}/v1/orders?idempotency_key={key}&consistency=local", self.urls[node - 1]);
        let answer = self.api.get(&url, Some(account)).await?;
        let order = match answer.status {
            200 => {
                let order_id = answer.body["id"].as_str().map(str::to_owned);
                let quantity = answer.body["quantity"].as_u64();
                let (order_id, quantity) = order_id.zip(quantity).context("an order has an id and a quantity")?;
                Some(FoundOrder { order_id, quantity })
            }
            // Never decided, or decided against.
            404 | 409 => None,
            status => bail!("asking node {node} for key {key}: {status} {}", answer.body),
        };
        Ok(KeyRead { drop_id: drop_id.to_owned(), account: account.id.clone(), key: key.to_owned(), node, order })
    }
}
