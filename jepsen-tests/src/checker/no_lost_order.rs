//! Every acknowledged order is found again at the end, on every node that was read.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::Verdict;
use crate::history::History;
use crate::outcome::Outcome;

pub fn check(history: &History) -> Verdict {
    let nodes: BTreeSet<usize> = history.key_reads().map(|read| read.node).collect();
    if nodes.is_empty() {
        return Verdict::Unproven { why: "no node was read at the end".to_owned() };
    }
    let found: BTreeMap<(usize, &str, &str), Option<&str>> = history
        .key_reads()
        .map(|read| {
            let order = read.order.as_ref().map(|order| order.order_id.as_str());
            ((read.node, read.account.as_str(), read.key.as_str()), order)
        })
        .collect();
    let mut violations = Vec::new();
    let mut acknowledged = BTreeSet::new();
    for attempt in history.attempts() {
        let Outcome::Ok { order_id, .. } = &attempt.outcome else {
            continue;
        };
        if !acknowledged.insert(order_id) {
            continue;
        }
        for node in &nodes {
            match found.get(&(*node, attempt.account.as_str(), attempt.key.as_str())) {
                Some(Some(order)) if order == order_id => {}
                Some(Some(order)) => violations.push(format!("{order_id}: node {node} has {order} under its key")),
                Some(None) => violations.push(format!("{order_id}: acknowledged, and node {node} does not know it")),
                None => {
                    return Verdict::Unproven { why: format!("node {node} was not asked for {order_id} at the end") };
                }
            }
        }
    }
    Verdict::from_violations(violations, acknowledged.len(), "acknowledged purchases")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::sample::{attempt, good, key_read, ok};

    #[test]
    fn orders_that_every_node_still_has_hold() {
        assert_eq!(check(&good()), Verdict::Holds { examined: 3 });
    }

    #[test]
    fn an_order_that_one_node_lost_is_found() {
        let history = good()
            .without(|record| *record == key_read(2, "usr_1", "k1", Some("ord_1")))
            .with(key_read(2, "usr_1", "k1", None));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }

    #[test]
    fn an_order_that_was_never_asked_for_again_proves_nothing() {
        let history = good().with(attempt("usr_9", "k9", 1, ok("ord_9", false)));
        assert!(matches!(check(&history), Verdict::Unproven { .. }));
    }
}
