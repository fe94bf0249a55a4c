//! How soon a product that was just made is found, at every node.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use livedrop_proto::rest::search::SearchProducts;

use super::super::latency::Latencies;
use super::super::pace::Pace;
use super::assortment::{creator, product};
use crate::ctl::context::Context;
use crate::ctl::trouble::{Doing, Stop};
use crate::{Client, random};

/// How often a node is asked whether it has it.
const ASK_EVERY: Duration = Duration::from_millis(25);

#[derive(Default)]
pub struct Lags {
    /// None when nothing was made.
    pub found: Option<Latencies>,
    pub lost: u64,
}

/// Makes `rate` products a second until `until`, and waits for each to be found.
pub async fn watch(
    context: &Context,
    nodes: &[Client],
    rate: u32,
    until: Instant,
    patience: Duration,
) -> Result<Lags, Stop> {
    if rate == 0 {
        return Ok(Lags::default());
    }
    let seller = creator(&context.client).await.doing("the account that sells cannot be opened")?;
    let pace = Pace::new(Some(rate), 1, 0, Instant::now());
    let (mut waiting, mut lags) = (Vec::new(), Lags { found: Some(Latencies::new()), lost: 0 });
    for sequence in 0.. {
        pace.wait(sequence).await;
        if Instant::now() >= until {
            break;
        }
        // A name that no other product has, in one word.
        let name = format!("{}x", random::name().to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), ""));
        let product = livedrop_proto::rest::products::CreateProduct { name: name.clone(), ..product(sequence as u64) };
        seller.create_product(&product).await.doing("a product cannot be made")?;
        let acknowledged = Instant::now();
        let nodes = nodes.to_vec();
        waiting.push(tokio::spawn(async move {
            let found = nodes.iter().map(|node| wait(node, &name, acknowledged, patience));
            join_all(found).await
        }));
    }
    for found in join_all(waiting).await.into_iter().flatten().flatten() {
        match found {
            Some(lag) => lags.found.iter_mut().for_each(|found| found.record(lag)),
            None => lags.lost += 1,
        }
    }
    Ok(lags)
}

async fn wait(node: &Client, name: &str, acknowledged: Instant, patience: Duration) -> Option<Duration> {
    let wanted = SearchProducts { q: Some(format!("\"{name}\"")), limit: Some(1), ..SearchProducts::default() };
    while acknowledged.elapsed() < patience {
        if node.search(&wanted).await.is_ok_and(|found| found.body.items.iter().any(|one| one.name == name)) {
            return Some(acknowledged.elapsed());
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    None
}
