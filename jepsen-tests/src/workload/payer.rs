//! Buyers who pay, creators who pay back, and what the shop says of their orders: through whichever node answers.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::api::{Account, Answer};
use crate::checker::charged_once::OrderSeen;
use crate::wait;
use crate::workload::shop::Shop;

/// How long a request is tried again while the cluster has no leader.
const PATIENCE: Duration = Duration::from_secs(30);

/// Statuses in which nothing more happens to an order by itself.
const SETTLED: [&str; 5] = ["confirmed", "failed", "expired", "cancelled", "refunded"];

impl Shop {
    /// Places an order, and begins to pay for it with `method`, if one is given. The order's id, or none when the shop
    /// refused for good.
    pub async fn order(&self, drop_id: &str, buyer: usize, key: &str, method: Option<&str>) -> Result<Option<String>> {
        let mut body = json!({ "drop_id": drop_id, "quantity": 1 });
        if let Some(method) = method {
            body["payment_method"] = json!(method);
        }
        let answer = self.insist("/v1/orders", &self.buyers[buyer], key, body).await?;
        Ok((answer.status == 201).then(|| answer.body["id"].as_str().unwrap_or_default().to_owned()))
    }

    /// Begins to pay for an order. `false` when that is not possible any more.
    pub async fn pay(&self, order: &str, buyer: usize, key: &str, method: &str) -> Result<bool> {
        let path = format!("/v1/orders/{order}/pay");
        let answer = self.insist(&path, &self.buyers[buyer], key, json!({ "payment_method": method })).await?;
        Ok(answer.status == 202)
    }

    /// Asks for an order to be cancelled. `false` when that is not possible any more.
    pub async fn cancel(&self, order: &str, buyer: usize) -> Result<bool> {
        let path = format!("/v1/orders/{order}/cancel");
        Ok(self.insist(&path, &self.buyers[buyer], "unused", json!({})).await?.status == 200)
    }

    /// Pays back `amount`, or all that is left. `false` when that is not possible.
    pub async fn refund(&self, order: &str, key: &str, amount: Option<u64>, restock: bool) -> Result<bool> {
        let path = format!("/v1/orders/{order}/refund");
        let mut body = json!({ "restock": restock });
        if let Some(amount) = amount {
            body["amount"] = json!(amount);
        }
        Ok(self.insist(&path, &self.creator, key, body).await?.status == 202)
    }

    /// An order as any node shows it.
    pub async fn seen(&self, order: &str, buyer: usize) -> Result<Value> {
        wait::until("an order to be shown", PATIENCE, async || {
            for url in self.urls.iter() {
                let answer = self.api.get(&format!("{url}/v1/orders/{order}"), Some(&self.buyers[buyer])).await;
                if let Ok(answer) = answer
                    && answer.status == 200
                {
                    return Ok(answer.body);
                }
            }
            anyhow::bail!("no node shows {order}")
        })
        .await
    }

    /// Waits until nothing more will happen to an order by itself, and shows it.
    pub async fn settled(&self, order: &str, buyer: usize, deadline: Duration) -> Result<OrderSeen> {
        wait::until(&format!("{order} to come to its end"), deadline, async || {
            let seen = self.seen(order, buyer).await?;
            let status = seen["status"].as_str().context("an order has a status")?;
            ensure!(SETTLED.contains(&status), "it is {status}: {}", seen["payment"]);
            let payment = seen["payment"]["status"].as_str().unwrap_or("not_charged");
            ensure!(matches!(payment, "charged" | "not_charged"), "its payment is {payment}");
            let refunds = seen["payment"]["refunds"].as_array().cloned().unwrap_or_default();
            ensure!(refunds.iter().all(|refund| !refund["done_at"].is_null()), "refunds are on their way: {seen}");
            Ok(OrderSeen {
                order_id: order.to_owned(),
                status: status.to_owned(),
                amount: seen["amount"]["amount"].as_u64().context("an order has an amount")?,
                refunded: seen["payment"]["refunded"]["amount"].as_u64().unwrap_or_default(),
            })
        })
        .await
    }

    /// Sends a keyed request to one node after another until one has decided it.
    async fn insist(&self, path: &str, who: &Account, key: &str, body: Value) -> Result<Answer> {
        wait::until(&format!("an answer to {path}"), PATIENCE, async || {
            for url in self.urls.iter() {
                let answer = self.api.post_keyed(&format!("{url}{path}"), who, key, body.clone()).await;
                if let Ok(answer) = answer
                    && answer.status < 500
                {
                    ensure!(answer.status != 401, "the token is not taken any more");
                    return Ok(answer);
                }
            }
            anyhow::bail!("no node decides it")
        })
        .await
    }
}
