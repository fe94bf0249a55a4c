//! One unit and many rivals, and one greedy buyer against the limit: exactly as many orders as there may be, in every
//! round, and every other answer a plain no.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Report, conclude};
use crate::cluster::Cluster;
use crate::seed::Seed;
use crate::workload::race::{self, Tally};
use crate::workload::shop::Shop;

/// Tokens are good for fifteen minutes.
const ROUNDS_PER_SIGN_IN: usize = 200;

/// Who races for what.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Everybody for the last unit.
    OneUnit,
    /// One buyer, who may have two units of plenty.
    OneBuyer,
}

/// Runs `rounds` rounds of `rivals` requests through all nodes.
pub async fn run(cluster: &mut Cluster, seed: &Seed, kind: Kind, rounds: usize, rivals: usize) -> Result<Report> {
    let mut report = Report::titled(&format!("{rounds} rounds of {rivals} parallel requests: {kind:?}"));
    let mut shop = Shop::open(cluster, seed.value(), rivals).await?;
    let (stock, limit, orders, code) = match kind {
        Kind::OneUnit => (1, 0, 1, "409 sold_out"),
        Kind::OneBuyer => (u64::try_from(rivals)?, 2, 2, "409 limit_reached"),
    };
    let refused = u64::try_from(rivals)? - orders;
    let expected = Tally { acknowledged: orders, rejected: BTreeMap::from([(code.to_owned(), refused)]), undecided: 0 };
    let mut took: Vec<Duration> = Vec::new();
    for round in 0..rounds {
        if round > 0 && round % ROUNDS_PER_SIGN_IN == 0 {
            shop.sign_in_again().await?;
        }
        let drop_id = shop.open_drop(stock, limit).await?;
        let began = Instant::now();
        let tally = race::run(&shop, &drop_id, &format!("{round}"), rivals, matches!(kind, Kind::OneBuyer)).await?;
        took.push(began.elapsed());
        ensure!(tally == expected, "round {round}: expected {expected:?}, got {tally:?}");
    }
    report.say(format!("every round: {orders} x 201 and {refused} x {code}"));
    report.say_durations("a round took", &took);
    conclude(cluster, &mut shop, &mut report).await?;
    Ok(report)
}
