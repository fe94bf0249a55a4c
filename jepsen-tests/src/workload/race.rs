//! Everybody at once for almost nothing: many requests in the same moment, through all nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::outcome::Outcome;
use crate::workload::buyer::Purchase;
use crate::workload::shop::Shop;

const PATIENCE: Duration = Duration::from_secs(30);

/// How many requests ended how: the number of orders, and the number of rejections by their code.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub acknowledged: u64,
    pub rejected: BTreeMap<String, u64>,
    pub undecided: u64,
}

/// Lets `rivals` requests, each with a key of its own, start at one moment. With `one_buyer` they are all the same
/// person's, else each is another's.
pub async fn run(shop: &Shop, drop_id: &str, mark: &str, rivals: usize, one_buyer: bool) -> Result<Tally> {
    let start = Arc::new(Barrier::new(rivals));
    let mut tasks = JoinSet::new();
    for number in 0..rivals {
        let (shop, start) = (shop.clone(), start.clone());
        let purchase = Purchase {
            drop_id: drop_id.to_owned(),
            buyer: if one_buyer { 0 } else { number % shop.buyers.len() },
            key: format!("{mark}-{number}"),
            quantity: 1,
        };
        tasks.spawn(async move {
            start.wait().await;
            shop.buy(&purchase, number % shop.urls.len() + 1, PATIENCE).await
        });
    }
    let mut tally = Tally::default();
    while let Some(outcome) = tasks.join_next().await {
        match outcome? {
            Outcome::Ok { .. } => tally.acknowledged += 1,
            Outcome::Rejected { status, code } => *tally.rejected.entry(format!("{status} {code}")).or_default() += 1,
            Outcome::Refused { .. } | Outcome::Unknown { .. } => tally.undecided += 1,
        }
    }
    Ok(tally)
}
