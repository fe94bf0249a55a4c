//! Units are neither made nor lost: every count adds up to the stock, and at the end the units that are taken are
//! those of the orders that exist, which cover every receipt.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::Verdict;
use crate::history::{History, Offer, StockRead};
use crate::outcome::Outcome;

pub fn check(history: &History) -> Verdict {
    let mut violations = Vec::new();
    let mut examined = 0;
    for offer in history.offers() {
        let acknowledged = acknowledged_units(history, offer);
        let mut closed = false;
        for read in history.stock_reads().filter(|read| read.drop_id == offer.drop_id) {
            examined += 1;
            if read.stock != offer.stock || read.available + read.held + read.sold != read.stock {
                violations.push(format!("{}: the counts do not add up to {}: {read:?}", offer.drop_id, offer.stock));
            }
            if read.last {
                closed = true;
                violations.extend(books_that_differ(history, offer, read, acknowledged));
            }
        }
        if !closed && violations.is_empty() {
            return Verdict::Unproven { why: format!("{} was not counted at the end", offer.drop_id) };
        }
    }
    Verdict::from_violations(violations, examined, "counts")
}

/// Units that buyers hold a receipt for, each order once.
fn acknowledged_units(history: &History, offer: &Offer) -> u64 {
    let mut orders = BTreeMap::new();
    for attempt in history.attempts().filter(|attempt| attempt.drop_id == offer.drop_id) {
        if let Outcome::Ok { order_id, .. } = &attempt.outcome {
            orders.insert(order_id, attempt.quantity);
        }
    }
    orders.values().sum()
}

fn books_that_differ(history: &History, offer: &Offer, read: &StockRead, acknowledged: u64) -> Vec<String> {
    let taken = read.held + read.sold;
    let mut violations = Vec::new();
    if taken < acknowledged {
        violations.push(format!(
            "{}: node {} counts {taken} units taken, buyers hold receipts for {acknowledged}",
            offer.drop_id, read.node
        ));
    }
    let mut orders = BTreeSet::new();
    let mut units = 0;
    let mut asked = false;
    for key in history.key_reads().filter(|key| key.drop_id == offer.drop_id && key.node == read.node) {
        asked = true;
        if let Some(order) = &key.order
            && orders.insert(&order.order_id)
        {
            units += order.quantity;
        }
    }
    if asked && units != taken {
        violations.push(format!(
            "{}: node {} counts {taken} units taken and has orders for {units}",
            offer.drop_id, read.node
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::sample::{good, key_read, stock_read};
    use crate::history::Record;

    #[test]
    fn books_that_add_up_hold() {
        assert_eq!(check(&good()), Verdict::Holds { examined: 2 });
    }

    #[test]
    fn counts_that_do_not_add_up_are_found() {
        assert!(matches!(check(&good().with(stock_read(1, 1, 3, 0))), Verdict::Broken { .. }));
    }

    #[test]
    fn units_taken_without_an_order_are_found() {
        let history = good().without(|record| *record == key_read(2, "usr_3", "k3", Some("ord_3")));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }

    #[test]
    fn a_receipt_without_a_unit_is_found() {
        let history = good().without(|record| matches!(record, Record::Stock(_))).with(stock_read(1, 1, 2, 0));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }

    #[test]
    fn a_drop_that_was_not_counted_at_the_end_proves_nothing() {
        let history = good().without(|record| matches!(record, Record::Stock(_)));
        assert!(matches!(check(&history), Verdict::Unproven { .. }));
    }
}
