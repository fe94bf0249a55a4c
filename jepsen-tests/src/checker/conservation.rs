//! Units are neither made nor lost: every count adds up to the stock, and at the end the units that are taken are
//! those of the orders that exist, which cover every receipt.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::checker::Verdict;
use crate::history::{History, StockRead};
use crate::outcome::Outcome;

pub fn check(history: &History) -> Verdict {
    let acknowledged = acknowledged_units(history);
    let found = found_units(history);
    let stocks: BTreeMap<&str, u64> = history.offers().map(|offer| (offer.drop_id.as_str(), offer.stock)).collect();
    let mut open_books = stocks.clone();
    let (mut violations, mut examined) = (Vec::new(), 0);
    for read in history.stock_reads() {
        let drop_id = read.drop_id.as_str();
        let Some(stock) = stocks.get(drop_id) else { continue };
        examined += 1;
        if read.stock != *stock || read.available + read.held + read.sold != read.stock {
            violations.push(format!("{drop_id}: the counts do not add up to {stock}: {read:?}"));
        }
        if read.last {
            open_books.remove(drop_id);
            let receipts = acknowledged.get(drop_id).copied().unwrap_or(0);
            violations.extend(books_that_differ(read, receipts, found.get(&(drop_id, read.node)).copied()));
        }
    }
    if let Some(drop_id) = open_books.keys().next()
        && violations.is_empty()
    {
        return Verdict::Unproven { why: format!("{drop_id} was not counted at the end") };
    }
    Verdict::from_violations(violations, examined, "counts")
}

/// Units of each drop that buyers hold a receipt for, each order once.
fn acknowledged_units(history: &History) -> HashMap<&str, u64> {
    let (mut orders, mut units) = (HashSet::new(), HashMap::new());
    for attempt in history.attempts() {
        if let Outcome::Ok { order_id, .. } = &attempt.outcome
            && orders.insert(order_id)
        {
            *units.entry(attempt.drop_id.as_str()).or_default() += attempt.quantity;
        }
    }
    units
}

/// Units of the orders that each node has of each drop, each order once. A node that was not asked has no entry.
fn found_units(history: &History) -> HashMap<(&str, usize), u64> {
    let (mut orders, mut units) = (HashSet::new(), HashMap::new());
    for key in history.key_reads() {
        let count: &mut u64 = units.entry((key.drop_id.as_str(), key.node)).or_default();
        if let Some(order) = &key.order
            && orders.insert((key.node, &order.order_id))
        {
            *count += order.quantity;
        }
    }
    units
}

fn books_that_differ(read: &StockRead, receipts: u64, orders: Option<u64>) -> Vec<String> {
    let StockRead { drop_id, node, held, sold, .. } = read;
    let taken = held + sold;
    let mut violations = Vec::new();
    if taken < receipts {
        violations
            .push(format!("{drop_id}: node {node} counts {taken} units taken, buyers hold receipts for {receipts}"));
    }
    if let Some(units) = orders
        && units != taken
    {
        violations.push(format!("{drop_id}: node {node} counts {taken} units taken and has orders for {units}"));
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
