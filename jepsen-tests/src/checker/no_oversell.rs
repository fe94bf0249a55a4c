//! No drop sells more than it has, and no buyer more than the drop allows. Judged first by the buyers' own receipts,
//! which need no trust in the server, then by what the nodes say.

use std::collections::{BTreeMap, HashSet};

use crate::checker::Verdict;
use crate::history::History;
use crate::outcome::Outcome;

/// What buyers hold receipts for, of one drop.
#[derive(Default)]
struct Receipts<'a> {
    units: u64,
    by_account: BTreeMap<&'a str, u64>,
}

pub fn check(history: &History) -> Verdict {
    let (mut acknowledgements, mut orders) = (0, HashSet::new());
    let mut receipts: BTreeMap<&str, Receipts> = BTreeMap::new();
    for attempt in history.attempts() {
        let Outcome::Ok { order_id, .. } = &attempt.outcome else { continue };
        acknowledgements += 1;
        // A replay acknowledges the same order again, so units are counted once an order.
        if orders.insert(order_id) {
            let of_drop = receipts.entry(&attempt.drop_id).or_default();
            of_drop.units += attempt.quantity;
            *of_drop.by_account.entry(&attempt.account).or_default() += attempt.quantity;
        }
    }
    let (mut violations, mut stocks) = (Vec::new(), BTreeMap::new());
    for offer in history.offers() {
        let (drop_id, stock, limit) = (offer.drop_id.as_str(), offer.stock, offer.per_customer_limit);
        stocks.insert(drop_id, stock);
        let Some(sold) = receipts.get(drop_id) else { continue };
        if sold.units > stock {
            violations.push(format!("{drop_id}: {} units acknowledged of {stock} there were", sold.units));
        }
        let over = sold.by_account.iter().filter(|(_, units)| limit > 0 && **units > limit);
        violations.extend(
            over.map(|(account, units)| format!("{drop_id}: {account} got {units} units at a limit of {limit}")),
        );
    }
    for read in history.stock_reads() {
        let stock = stocks.get(read.drop_id.as_str()).copied().unwrap_or(0);
        if read.held + read.sold > stock {
            violations.push(format!(
                "{}: node {} counts {} held and {} sold of {stock}",
                read.drop_id, read.node, read.held, read.sold
            ));
        }
    }
    Verdict::from_violations(violations, acknowledgements, "acknowledged purchases")
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
