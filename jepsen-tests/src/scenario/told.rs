//! A creator's own server is told of every order, signed, at least once, while its server fails and leaders die.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Report;
use crate::cluster::{Cluster, PATIENCE};
use crate::seed::Seed;
use crate::wait;
use crate::workload::receiver::Receiver;
use crate::workload::shop::Shop;

/// Places and pays `orders` orders, kills the leader halfway, and waits until the creator knows of all of them.
pub async fn run(cluster: &mut Cluster, seed: &Seed, orders: usize) -> Result<Report> {
    let mut report = Report::titled(&format!("a creator is told of {orders} orders, the leader killed once"));
    let shop = Shop::open(cluster, seed.value(), 4).await?;
    let drop_id = shop.open_drop(u64::try_from(orders)?, 0).await?;
    let receiver = Receiver::start().await?;
    let new = json!({ "url": receiver.url(), "events": ["order.confirmed"] });
    let made = shop.api.post(&format!("{}/v1/webhook_endpoints", shop.urls[0]), Some(&shop.creator), new).await?;
    ensure!(made.status == 201, "adding an endpoint: {} {}", made.status, made.body);
    receiver.trust(made.body["secret"].as_str().context("the secret is shown once")?)?;
    receiver.break_next(2);
    let mut wanted = BTreeSet::new();
    let mut first = None;
    for number in 0..orders {
        if number == orders / 2 {
            let leader = cluster.wait_leader(PATIENCE).await?;
            cluster.kill(leader)?;
            first = Some(leader);
        }
        let order = shop.order(&drop_id, number % 4, &format!("told-{number}"), Some("pm_card_ok")).await?;
        wanted.insert(order.context("there are units")?);
    }
    cluster.start(first.context("a leader was killed")?)?;
    cluster.wait_ready(PATIENCE).await?;
    let began = Instant::now();
    wait::until("the creator to know of every order", PATIENCE + Duration::from_secs(10), async || {
        let taken = receiver.taken();
        let known = taken.iter().filter_map(|body| body["data"]["order"]["id"].as_str());
        let known: BTreeSet<String> = known.map(str::to_owned).collect();
        let missing = wanted.difference(&known).count();
        ensure!(missing == 0, "{missing} of {} are not known", wanted.len());
        Ok(())
    })
    .await?;
    let kinds: BTreeSet<_> = receiver.taken().iter().map(|body| body["type"].to_string()).collect();
    ensure!(kinds.len() == 1, "only what was asked for is told: {kinds:?}");
    ensure!(receiver.refused().is_empty(), "{:?}", receiver.refused());
    report.say(format!("all known {:.1} s after the last order", began.elapsed().as_secs_f32()));
    let forged =
        shop.api.post_keyed(&receiver.url(), &shop.creator, "forged", json!({ "type": "order.confirmed" })).await?;
    ensure!(forged.status == 400 && receiver.refused().len() == 1, "what nobody signed is refused");
    report.say("what nobody signed was refused");
    Ok(report)
}
