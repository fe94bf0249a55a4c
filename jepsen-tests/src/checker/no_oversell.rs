//! No drop sells more than it has, and no buyer more than the drop allows. Judged first by the buyers' own receipts,
//! which need no trust in the server, then by what the nodes say.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::Verdict;
use crate::history::History;
use crate::outcome::Outcome;

pub fn check(history: &History) -> Verdict {
    let mut violations = Vec::new();
    let mut receipts = 0;
    for offer in history.offers() {
        // A replay acknowledges the same order again, so units are counted once an order.
        let mut orders = BTreeSet::new();
        let mut by_account: BTreeMap<&str, u64> = BTreeMap::new();
        let mut units = 0;
        for attempt in history.attempts().filter(|attempt| attempt.drop_id == offer.drop_id) {
            let Outcome::Ok { order_id, .. } = &attempt.outcome else {
                continue;
            };
            receipts += 1;
            if orders.insert(order_id) {
                units += attempt.quantity;
                *by_account.entry(&attempt.account).or_default() += attempt.quantity;
            }
        }
        if units > offer.stock {
            violations.push(format!("{}: {units} units acknowledged of {} there were", offer.drop_id, offer.stock));
        }
        if offer.per_customer_limit > 0 {
            let over = by_account.iter().filter(|(_, units)| **units > offer.per_customer_limit);
            violations.extend(over.map(|(account, units)| {
                format!("{}: {account} got {units} units at a limit of {}", offer.drop_id, offer.per_customer_limit)
            }));
        }
        for read in history.stock_reads().filter(|read| read.drop_id == offer.drop_id) {
            if read.held + read.sold > offer.stock {
                violations.push(format!(
                    "{}: node {} counts {} held and {} sold of {}",
                    offer.drop_id, read.node, read.held, read.sold, offer.stock
                ));
            }
        }
    }
    Verdict::from_violations(violations, receipts, "acknowledged purchases")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::sample::{attempt, good, ok, stock_read};

    #[test]
    fn a_sale_within_its_stock_holds() {
        assert_eq!(check(&good()), Verdict::Holds { examined: 4 });
    }

    #[test]
    fn a_fourth_unit_of_three_is_found() {
        let history = good().with(attempt("usr_9", "k9", 1, ok("ord_9", false)));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }

    #[test]
    fn a_buyer_above_the_limit_is_found() {
        let history = good().without(|record| *record == attempt("usr_3", "k3", 2, ok("ord_3", false))).with(attempt(
            "usr_1",
            "k9",
            1,
            ok("ord_9", false),
        ));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }

    #[test]
    fn a_node_that_counts_more_than_there_was_is_found() {
        assert!(matches!(check(&good().with(stock_read(1, 0, 2, 2))), Verdict::Broken { .. }));
    }

    #[test]
    fn a_sale_in_which_nothing_was_sold_proves_nothing() {
        let history = good().without(|record| matches!(record, crate::history::Record::Attempt(_)));
        assert!(matches!(check(&history), Verdict::Unproven { .. }));
    }
}
