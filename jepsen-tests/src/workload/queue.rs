//! People who wait in line for a drop that is sold out.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::cluster::PATIENCE;
use crate::wait;
use crate::workload::shop::Shop;

impl Shop {
    /// Has a buyer join the line of a drop, at the next node while one does not answer: to join again is to stay.
    pub async fn join_line(&self, drop_id: &str, buyer: usize) -> Result<Value> {
        let mut node = buyer % self.urls.len();
        wait::until("a place in line", PATIENCE, async || {
            let url = format!("{}/v1/drops/{drop_id}/waitlist", self.urls[node]);
            node = (node + 1) % self.urls.len();
            let answer = self.api.put(&url, &self.buyers[buyer], json!({})).await?;
            ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
            Ok(answer.body)
        })
        .await
    }

    /// A buyer's place in line, or their offer, as any node shows it; null without either.
    pub async fn place_in_line(&self, drop_id: &str, buyer: usize) -> Result<Value> {
        let mut node = buyer % self.urls.len();
        wait::until("a place in line to be shown", PATIENCE, async || {
            let url = format!("{}/v1/drops/{drop_id}/waitlist", self.urls[node]);
            node = (node + 1) % self.urls.len();
            let answer = self.api.get(&url, Some(&self.buyers[buyer])).await?;
            ensure!(matches!(answer.status, 200 | 404), "{} {}", answer.status, answer.body);
            Ok(if answer.status == 200 { answer.body } else { Value::Null })
        })
        .await
    }

    /// Who placed the orders of a drop, first the one that the log has first: at most a hundred.
    pub async fn buyers_in_order(&self, drop_id: &str) -> Result<Vec<String>> {
        let orders = wait::until("the orders of a drop", PATIENCE, async || {
            let url = format!("{}/v1/drops/{drop_id}/orders?limit=100&consistency=linearizable", self.urls[0]);
            let answer = self.api.get(&url, Some(&self.creator)).await?;
            ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
            Ok(answer.body)
        })
        .await?;
        ensure!(orders["has_more"] == false, "a hundred orders and more");
        let items = orders["items"].as_array().context("a list has items")?;
        let buyers = items.iter().rev().map(|order| order["buyer_id"].as_str().map(str::to_owned));
        buyers.collect::<Option<_>>().context("an order names its buyer")
    }
}
