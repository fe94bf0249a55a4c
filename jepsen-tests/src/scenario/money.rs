//! Random orders are paid, cancelled, left to expire and refunded, while the gateway does what gateways do and leaders
//! are killed: at the end every cent is where the shop says, in the gateway's own books.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::Report;
use crate::checker::Verdict;
use crate::checker::charged_once::{self, OrderSeen};
use crate::cluster::{Cluster, Options, PATIENCE};
use crate::gateway::plan::Fault;
use crate::gateway::webhooks::{Habit, Listeners};
use crate::gateway::{Gateway, Line};
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;

/// Signs the double's webhooks.
pub const SECRET: &str = "whsec_of_this_run";
/// How long an order may take to come to its end once nothing is wrong any more.
pub const END_WITHIN: Duration = Duration::from_secs(60);

/// How big.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub orders: usize,
    pub at_once: usize,
    /// How often the leader is killed.
    pub kills: usize,
    /// How long the gateway cannot be reached, once.
    pub outage: Duration,
}

/// A cluster whose gateway is the double at `url`; its secrets are written into `folder`.
pub fn options(url: &str, folder: &Path) -> Result<Options> {
    let (key, secrets) = (folder.join("stripe.key"), folder.join("stripe.secrets"));
    std::fs::write(&key, "sk_test_double\n")?;
    std::fs::write(&secrets, format!("{SECRET}\nwhsec_of_before\n"))?;
    let text = |path: &Path| format!("\"{}\"", path.display());
    Ok(Options::three()
        .set("payments", "gateway", "\"stripe\"")
        .set("payments", "stripe_url", format!("\"{url}\""))
        .set("payments", "stripe_key_file", text(&key))
        .set("payments", "stripe_webhook_secrets_file", text(&secrets))
        .set("payments", "hold_seconds", 5)
        .set("payments", "give_up_seconds", 5)
        .set("payments", "call_timeout_ms", 1_000)
        .set("payments", "retry_max_ms", 1_000))
}

/// Has the double tell all nodes, in every bad habit; or nobody.
pub fn tell(gateway: &Gateway, shop: &Shop, seed: &Seed, anybody: bool) {
    let nodes = shop.urls.iter().filter(|_| anybody);
    let urls = nodes.map(|url| format!("{url}/v1/webhooks/stripe")).collect();
    let late = Habit::Late(Duration::from_secs(3));
    let habits = vec![Habit::Normal, Habit::Twice, Habit::Reordered, late, Habit::Forged, Habit::OldTimestamp];
    gateway.tell(Listeners { urls, secret: SECRET.to_owned(), habits, seed: seed.clone() });
}

pub async fn run(cluster: &mut Cluster, gateway: &Gateway, seed: &Seed, size: Size) -> Result<Report> {
    let Size { orders, at_once, kills, outage } = size;
    let mut report = Report::titled(&format!(
        "{orders} orders with money, leader killed {kills} times, a bad gateway that is gone for {} s",
        outage.as_secs()
    ));
    let shop = Shop::open(cluster, seed.value(), at_once).await?;
    let drop_id = shop.open_short_drop(u64::try_from(orders)?, 5).await?;
    tell(gateway, &shop, seed, true);
    let faults = [
        Fault::TimeoutAfter,
        Fault::ErrorAfter(500),
        Fault::ErrorBefore(503),
        Fault::Slow(Duration::from_millis(300)),
        Fault::Decline("generic_decline"),
    ];
    gateway.plan(|plan| plan.by_chance(seed.clone(), 100, &faults));
    let crowd = (0..at_once).map(|worker| buyer(&shop, &drop_id, worker, orders.div_ceil(at_once), seed));
    let began = Instant::now();
    let faults = async { tokio::join!(kill_leaders(cluster, seed, kills), be_gone(gateway, outage)).0 };
    let (made, killed) = tokio::join!(try_join_all(crowd), faults);
    killed?;
    let made: Vec<_> = made?.into_iter().flatten().collect();
    gateway.plan(|plan| plan.clear());
    let healed = Instant::now();
    let mut seen = Vec::new();
    for (order, buyer) in &made {
        seen.push(shop.settled(order, *buyer, END_WITHIN).await?);
    }
    let took = (healed - began).as_secs_f32();
    report.say(format!(
        "{} orders in {took:.1} s, the last at its end {:.1} s later",
        seen.len(),
        healed.elapsed().as_secs_f32()
    ));
    judge(cluster, gateway, &shop, &drop_id, &seen, &mut report).await?;
    Ok(report)
}

/// One buyer places one order after another. Gives the orders and their buyer.
async fn buyer(shop: &Shop, drop_id: &str, buyer: usize, orders: usize, seed: &Seed) -> Result<Vec<(String, usize)>> {
    let mut seed = Seed::new(seed.value() ^ ((buyer as u64 + 1) << 32));
    let mut made = Vec::new();
    for number in 0..orders {
        made.extend(one(shop, drop_id, buyer, &format!("{buyer}-{number}"), &mut seed).await?);
    }
    Ok(made)
}

/// The gateway is gone for a while, a moment after the beginning.
async fn be_gone(gateway: &Gateway, outage: Duration) {
    wait::pause(Duration::from_secs(1)).await;
    gateway.set_line(Line::Refusing).await;
    wait::pause(outage).await;
    gateway.set_line(Line::Up).await;
}

async fn kill_leaders(cluster: &mut Cluster, seed: &Seed, kills: usize) -> Result<()> {
    let mut seed = seed.clone();
    for _ in 0..kills {
        wait::pause(Duration::from_millis(500 + seed.below(1_500))).await;
        let leader = cluster.wait_leader(PATIENCE).await?;
        cluster.kill(leader)?;
        wait::pause(Duration::from_millis(500)).await;
        cluster.start(leader)?;
        cluster.wait_ready(PATIENCE).await?;
    }
    Ok(())
}

/// One buyer does one of the things that buyers do.
async fn one(shop: &Shop, drop_id: &str, buyer: usize, key: &str, seed: &mut Seed) -> Result<Option<(String, usize)>> {
    let method = match seed.below(10) {
        0 => "pm_card_chargeCustomerFail",
        1 => "pm_card_authenticationRequired",
        _ => "pm_card_visa",
    };
    let at_once = seed.below(2) == 0;
    let Some(order) = shop.order(drop_id, buyer, key, at_once.then_some(method)).await? else { return Ok(None) };
    if !at_once && seed.below(10) > 0 {
        shop.pay(&order, buyer, &format!("pay-{key}"), method).await?;
    }
    match seed.below(10) {
        // Some change their mind, at any moment.
        0 | 1 => drop(shop.cancel(&order, buyer).await?),
        // Some get money back, in parts or whole.
        2 => {
            shop.settled(&order, buyer, END_WITHIN).await?;
            if shop.refund(&order, &format!("part-{key}"), Some(1_000), false).await? && seed.below(2) == 0 {
                shop.refund(&order, &format!("rest-{key}"), None, true).await?;
            }
        }
        3 => {
            shop.settled(&order, buyer, END_WITHIN).await?;
            shop.refund(&order, &format!("all-{key}"), None, seed.below(2) == 0).await?;
        }
        _ => {}
    }
    Ok(Some((order, buyer)))
}

/// Fails unless the gateway's books, the orders, the counts of units and the state of all nodes agree.
pub async fn judge(
    cluster: &mut Cluster,
    gateway: &Gateway,
    shop: &Shop,
    drop_id: &str,
    seen: &[OrderSeen],
    report: &mut Report,
) -> Result<()> {
    let verdict = charged_once::check(&gateway.books(), seen);
    report.say(format!("charged once: {verdict}"));
    ensure!(matches!(verdict, Verdict::Holds { .. }), "the books disagree: {verdict}");
    ensure!(gateway.calls_without_key() == 0, "{} calls had no key", gateway.calls_without_key());
    let ends = seen.iter().fold(std::collections::BTreeMap::<&str, usize>::new(), |mut ends, order| {
        *ends.entry(&order.status).or_default() += 1;
        ends
    });
    report.say(format!("they are {ends:?}"));
    for url in shop.urls.iter() {
        let drop = shop.api.get(&format!("{url}/v1/drops/{drop_id}"), None).await?.body;
        let counts = counts(&drop["items"][0]).context("a drop has counts")?;
        let [stock, available, held, sold] = counts;
        ensure!(stock == available + held + sold, "{url}: {stock} is not {available} + {held} + {sold}");
        ensure!(held == 0, "{url}: {held} units are held for nobody");
    }
    let hashes = cluster.hashes().await?;
    ensure!(hashes.iter().all(|read| read.hash == hashes[0].hash), "the states differ: {hashes:?}");
    report.say(format!("{} nodes have the same state at index {}", hashes.len(), hashes[0].index));
    Ok(())
}

fn counts(item: &Value) -> Option<[u64; 4]> {
    Some([item["stock"].as_u64()?, item["available"].as_u64()?, item["held"].as_u64()?, item["sold"].as_u64()?])
}
