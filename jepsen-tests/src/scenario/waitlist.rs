//! Holds expire under a storm of purchases, and all that comes free goes to those who wait, in the order of joining;
//! also when the leader is killed just then. What one of them gives back goes to the next.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Report;
use crate::checker::{Verdict, in_turn, replica_hash};
use crate::cluster::{Cluster, PATIENCE};
use crate::history::Record;
use crate::seed::Seed;
use crate::wait;
use crate::workload::shop::Shop;
use crate::workload::storm::Storm;

/// Those who storm.
const OTHERS: usize = 20;

/// The leader is killed so long before the first hold ends.
const BEFORE_THE_END: Duration = Duration::from_millis(200);

/// How big and how rough.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// All of them are held when people begin to wait.
    pub units: usize,
    /// Who waits, for a unit each.
    pub line: usize,
    /// Purchases a second by others.
    pub rate: usize,
    /// Long enough for all to join before the first hold ends.
    pub hold_seconds: u64,
    /// Whether the leader is killed as the holds end.
    pub kill: bool,
}

/// Sells a drop out, has people wait for it, and lets the holds expire under the storm.
pub async fn run(cluster: &mut Cluster, seed: &Seed, size: Size) -> Result<Report> {
    let Size { units, line, rate, hold_seconds, kill } = size;
    let how = if kill { ", the leader killed" } else { "" };
    let mut report = Report::titled(&format!("{units} holds expire, {line} wait, {rate} others a second{how}"));
    // First in line is the first buyer; the last ones do not wait.
    let shop = Shop::open(cluster, seed.value(), line + OTHERS).await?;
    let drop_id = shop.open_short_drop(u64::try_from(units)?, hold_seconds).await?;
    let sold_out = Instant::now();
    for unit in 0..units {
        let held = shop.order(&drop_id, line + unit % OTHERS, &format!("hold-{unit}"), None).await?;
        held.context("there are units")?;
    }
    for (buyer, position) in (0..line).zip(1..) {
        let place = shop.join_line(&drop_id, buyer).await?;
        ensure!(place["position"] == position, "number {position} has another place: {place}");
    }
    let storm = Storm::begin(&shop, &drop_id, "storm", line, rate);
    let killed = if kill { Some(kill_as_holds_end(cluster, sold_out, hold_seconds).await?) } else { None };
    wait_for_offers(&shop, &drop_id, units, hold_seconds).await?;
    report.say(format!("all offered {:.1} s after the drop was sold out", sold_out.elapsed().as_secs_f32()));
    let stormed = storm.end(u64::try_from(rate)?).await?;
    report.say(format!("of those who did not wait: {stormed:?}"));
    ensure!(stormed.bought == 0, "{} bought what others waited for", stormed.bought);
    ensure!(stormed.sold_out > 0, "nobody tried to buy");
    if let Some(node) = killed {
        cluster.start(node)?;
    }
    cluster.wait_ready(PATIENCE).await?;
    next_in_line(&shop, &drop_id, units).await?;
    judge(cluster, &shop, &drop_id, size, &mut report).await?;
    Ok(report)
}

/// Kills the leader just before the first hold ends, and says which it was.
async fn kill_as_holds_end(cluster: &mut Cluster, sold_out: Instant, hold_seconds: u64) -> Result<usize> {
    let moment = Duration::from_secs(hold_seconds) - BEFORE_THE_END;
    wait::until("the holds to be about to end", PATIENCE, async || {
        ensure!(sold_out.elapsed() >= moment, "{:.1} s have passed", sold_out.elapsed().as_secs_f32());
        Ok(())
    })
    .await?;
    let leader = cluster.wait_leader(PATIENCE).await?;
    cluster.kill(leader)?;
    Ok(leader)
}

/// Waits until as many in line have an offer as there are units.
async fn wait_for_offers(shop: &Shop, drop_id: &str, units: usize, hold_seconds: u64) -> Result<()> {
    let deadline = PATIENCE + Duration::from_secs(hold_seconds);
    wait::until("everybody whose turn it is to have an offer", deadline, async || {
        let place = shop.place_in_line(drop_id, units - 1).await?;
        ensure!(place["status"] == "offered", "number {units} in line: {place}");
        Ok(())
    })
    .await
}

/// Has the first in line give the offer back: it goes to the first who still waits.
async fn next_in_line(shop: &Shop, drop_id: &str, next: usize) -> Result<()> {
    let first = shop.place_in_line(drop_id, 0).await?;
    let order = first["order_id"].as_str().with_context(|| format!("the first in line has no offer: {first}"))?;
    ensure!(shop.cancel(order, 0).await?, "{order} cannot be given back");
    let place = shop.place_in_line(drop_id, next).await?;
    ensure!(place["status"] == "offered", "what was given back was not offered by the same entry: {place}");
    let behind = shop.place_in_line(drop_id, next + 1).await?;
    ensure!(behind["position"] == 1, "who is next now has another place: {behind}");
    Ok(())
}

/// Compares the orders that the log has with the line, and the nodes with each other.
async fn judge(cluster: &mut Cluster, shop: &Shop, drop_id: &str, size: Size, report: &mut Report) -> Result<()> {
    let leader = cluster.wait_leader(PATIENCE).await?;
    let index = cluster.applied(leader).await?;
    cluster.wait_applied(index, PATIENCE).await?;
    let line: Vec<String> = shop.buyers[..size.line].iter().map(|buyer| buyer.id.clone()).collect();
    // Before the offers the log has the orders whose holds expired.
    let served = shop.buyers_in_order(drop_id).await?.split_off(size.units);
    let in_turn = in_turn::check(&line, &served, size.units + 1);
    report.say(format!("in turn: {in_turn}"));
    for read in cluster.hashes().await? {
        shop.recorder.push(Record::Hash(read));
    }
    let equal = replica_hash::check(&shop.recorder.history());
    report.say(format!("replica hash: {equal}"));
    let holds = |verdict: &Verdict| matches!(verdict, Verdict::Holds { .. });
    ensure!(holds(&in_turn) && holds(&equal), "see the verdicts above");
    let stock = shop.read_stock(leader, drop_id, true).await?;
    ensure!((stock.available, stock.held) == (0, u64::try_from(size.units)?), "the counts are off: {stock:?}");
    Ok(())
}
