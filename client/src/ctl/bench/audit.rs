//! After the load: is what was acknowledged true, on every node?
//!
//! 1. A key whose outcome is unknown is asked about again, with the same request, until it has one.
//! 2. No two keys were acknowledged with one order.
//! 3. Every node tells the same about a key as its buyer was told.
//! 4. On every node `stock = available + held + sold`, nothing is oversold, and what is held or sold is what was
//!    acknowledged.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

use super::answers;
use super::books::{self, Books};
use super::keys::Requests;
use super::profile::Load;
use super::shard::Ran;
use super::shop::Shop;
use super::tally::{Outcome, Shared, Tally};
use super::worker::Worker;
use crate::ctl::context::Context;

/// The findings that are shown; all count.
const SHOWN: usize = 20;

#[derive(Debug, Serialize)]
pub struct Audit {
    pub passed: bool,
    /// Keys that were sent.
    pub keys: usize,
    pub acknowledged: usize,
    pub refused: usize,
    /// Keys whose outcome became known only when they were asked about again at the end.
    pub settled_late: usize,
    /// Keys whose outcome is unknown still.
    pub unknown: usize,
    /// Keys that every node was asked about.
    pub keys_checked: usize,
    pub nodes: Vec<Books>,
    /// Nodes that could not be asked, and why. The others vouch for them.
    pub not_asked: Vec<String>,
    /// What is wrong; at most twenty are shown.
    pub findings: Vec<String>,
}

/// Audits a run. `before` is what was held and sold when it began; at most `most` keys are asked about, 0 is all.
pub async fn audit(context: &Context, shop: &Shop, load: &Arc<Load>, ran: &mut Ran, before: u64, most: usize) -> Audit {
    let late = settle_late(load, &mut ran.outcomes).await;
    let count = |wanted: fn(&Outcome) -> bool| ran.outcomes.iter().flatten().filter(|outcome| wanted(outcome)).count();
    let acknowledged = count(|outcome| matches!(outcome, Outcome::Acknowledged(_)));
    let unknown = count(|outcome| *outcome == Outcome::Unknown);
    let mut findings = Vec::new();
    if unknown > 0 {
        findings.push(format!("{unknown} keys have no outcome that can be found out"));
    }
    findings.extend(shared_orders(&ran.outcomes));

    let (mut nodes, mut not_asked) = (Vec::new(), Vec::new());
    let asked = answers::sample(&ran.outcomes, most);
    for (target, books) in books::read_all(context, shop).await.into_iter().enumerate() {
        match books {
            Err(why) => not_asked.push(why),
            Ok(books) => {
                let units = acknowledged as u64 * u64::from(load.quantity);
                findings.extend(books.findings(before, units, shop.is_own));
                findings.extend(answers::ask(load, target, &asked).await.findings);
                nodes.push(books);
            }
        }
    }
    if nodes.is_empty() {
        findings.push("no node could be asked".to_owned());
    }
    let passed = findings.is_empty();
    findings.truncate(SHOWN);
    let (keys, refused) = (count(|_| true), count(|outcome| *outcome == Outcome::Refused));
    let (settled_late, keys_checked) = (late - unknown, asked.len());
    Audit { passed, keys, acknowledged, refused, settled_late, unknown, keys_checked, nodes, not_asked, findings }
}

/// Asks again with every key whose outcome is unknown. Returns how many those were.
async fn settle_late(load: &Arc<Load>, outcomes: &mut [Vec<Outcome>]) -> usize {
    let (requests, tally) = (Rc::new(Requests::new(load)), Rc::new(RefCell::new(Tally::new())));
    let shared = Arc::new(Shared::new(Duration::ZERO, None));
    let settle = async |(connection, list): (usize, &mut Vec<Outcome>)| {
        let mut worker = Worker::new(load, &requests, &tally, &shared, connection);
        let mut unknown = 0;
        for (sequence, outcome) in list.iter_mut().enumerate() {
            if *outcome == Outcome::Unknown {
                unknown += 1;
                *outcome = worker.settle_late(sequence).await;
            }
        }
        unknown
    };
    join_all(outcomes.iter_mut().enumerate().map(settle)).await.into_iter().sum()
}

/// Every acknowledged key must have an order of its own.
fn shared_orders(outcomes: &[Vec<Outcome>]) -> Option<String> {
    let mut seen = HashSet::new();
    let repeated = outcomes.iter().flatten().filter(|outcome| match outcome {
        Outcome::Acknowledged(id) => !seen.insert(*id),
        _ => false,
    });
    let count = repeated.count();
    (count > 0).then(|| format!("{count} keys were acknowledged with an order of another key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_order_for_two_keys_is_found() {
        let good = vec![vec![Outcome::Acknowledged(1), Outcome::Refused], vec![Outcome::Acknowledged(2)]];
        assert_eq!(shared_orders(&good), None);
        let bad = vec![vec![Outcome::Acknowledged(1), Outcome::Refused], vec![Outcome::Acknowledged(1)]];
        assert!(shared_orders(&bad).is_some());
    }
}
