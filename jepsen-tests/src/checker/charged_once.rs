//! No order is charged twice, and every cent is accounted for: what the gateway took and did not give back is exactly
//! what the shop calls paid. Judged by the gateway's books; the shop only says what it made of its orders.

use std::collections::BTreeMap;

use crate::checker::Verdict;
use crate::gateway::books::{Books, Kind};

/// An order as the shop shows it at the end. Amounts are in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSeen {
    pub order_id: String,
    /// As the API says it: `confirmed`, `failed`, `refunded` …
    pub status: String,
    pub amount: u64,
    /// What the shop says went back.
    pub refunded: u64,
}

/// What the books say of one payment.
#[derive(Default)]
struct Taken {
    charges: u64,
    charged: u64,
    refunded: u64,
}

/// What the books say of one order's payments, by their ids.
type Payments<'a> = BTreeMap<&'a str, Taken>;

pub fn check(books: &Books, orders: &[OrderSeen]) -> Verdict {
    let mut by_order: BTreeMap<&str, Payments> = BTreeMap::new();
    for movement in &books.movements {
        let taken = by_order.entry(&movement.order_id).or_default().entry(&movement.intent_id).or_default();
        match movement.kind {
            Kind::Charge => {
                taken.charges += 1;
                taken.charged += movement.amount;
            }
            Kind::Refund => taken.refunded += movement.amount,
        }
    }
    let mut violations = Vec::new();
    for order in orders {
        let payments = by_order.remove(order.order_id.as_str()).unwrap_or_default();
        violations.extend(of_order(order, &payments).into_iter().map(|what| format!("{}: {what}", order.order_id)));
    }
    let strangers = by_order.keys().map(|order| format!("`{order}` was charged, and the shop has no such order"));
    violations.extend(strangers);
    Verdict::from_violations(violations, orders.len(), "orders")
}

fn of_order(order: &OrderSeen, payments: &Payments) -> Vec<String> {
    let mut violations = Vec::new();
    for (intent, taken) in payments {
        if taken.charges > 1 {
            violations.push(format!("{intent} was charged {} times", taken.charges));
        }
        if taken.refunded > taken.charged {
            violations.push(format!("{intent}: {} went back of {} charged", taken.refunded, taken.charged));
        }
    }
    let kept = payments.values().filter(|taken| taken.charged > taken.refunded).count();
    if kept > 1 {
        violations.push(format!("it was charged by {kept} payments, and none of them was given back"));
    }
    let charged: u64 = payments.values().map(|taken| taken.charged).sum();
    let refunded: u64 = payments.values().map(|taken| taken.refunded).sum();
    // What the shop owes the buyer for this order, beside what it says it gave back.
    let paid = match order.status.as_str() {
        "confirmed" | "refunded" => order.amount,
        "failed" | "expired" | "cancelled" | "reserved" => order.refunded,
        unsettled => {
            violations.push(format!("it is still {unsettled}"));
            return violations;
        }
    };
    if charged != paid || refunded != order.refunded {
        let OrderSeen { status, amount, refunded: says, .. } = order;
        violations.push(format!(
            "it is {status} at {amount} with {says} refunded; the gateway took {charged} and gave back {refunded}"
        ));
    }
    if order.status == "refunded" && order.refunded != order.amount {
        violations.push(format!("it is refunded, and only {} of {} went back", order.refunded, order.amount));
    }
    violations
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gateway::books::Movement;

    fn order(order_id: &str, status: &str, refunded: u64) -> OrderSeen {
        OrderSeen { order_id: order_id.to_owned(), status: status.to_owned(), amount: 4_999, refunded }
    }

    fn movement(kind: Kind, order: &str, intent: &str, amount: u64) -> Movement {
        let (order_id, intent_id) = (order.to_owned(), intent.to_owned());
        Movement { at: Duration::ZERO, kind, intent_id, order_id, amount, currency: "eur".to_owned() }
    }

    /// ord_1 was paid, ord_2 given back, ord_3 in part, ord_4 declined.
    fn good() -> (Books, Vec<OrderSeen>) {
        let movements = vec![
            movement(Kind::Charge, "ord_1", "pi_1", 4_999),
            movement(Kind::Charge, "ord_2", "pi_2", 4_999),
            movement(Kind::Refund, "ord_2", "pi_2", 4_999),
            movement(Kind::Charge, "ord_3", "pi_3", 4_999),
            movement(Kind::Refund, "ord_3", "pi_3", 500),
        ];
        let orders = vec![
            order("ord_1", "confirmed", 0),
            order("ord_2", "refunded", 4_999),
            order("ord_3", "confirmed", 500),
            order("ord_4", "failed", 0),
        ];
        (Books { movements }, orders)
    }

    #[track_caller]
    fn is_broken(books: &Books, orders: &[OrderSeen], says: &str) {
        match check(books, orders) {
            Verdict::Broken { violations } => {
                assert!(violations.iter().any(|line| line.contains(says)), "{violations:?}")
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn books_and_orders_that_agree_hold() {
        let (books, orders) = good();
        assert_eq!(check(&books, &orders), Verdict::Holds { examined: 4 });
    }

    #[test]
    fn a_second_charge_is_found_however_it_was_made() {
        let (mut books, orders) = good();
        books.movements.push(movement(Kind::Charge, "ord_1", "pi_1", 4_999));
        is_broken(&books, &orders, "charged 2 times");
        let (mut books, orders) = good();
        books.movements.push(movement(Kind::Charge, "ord_1", "pi_9", 4_999));
        is_broken(&books, &orders, "by 2 payments");
    }

    #[test]
    fn a_cent_that_is_missing_or_too_much_is_found() {
        for amount in [4_998, 5_000] {
            let (mut books, orders) = good();
            books.movements[0].amount = amount;
            is_broken(&books, &orders, "ord_1: it is confirmed at 4999");
        }
    }

    #[test]
    fn a_charge_for_an_order_that_came_to_nothing_is_found() {
        for status in ["failed", "expired", "cancelled", "reserved"] {
            let (mut books, mut orders) = good();
            orders[3].status = status.to_owned();
            books.movements.push(movement(Kind::Charge, "ord_4", "pi_4", 4_999));
            is_broken(&books, &orders, "ord_4");
        }
    }

    #[test]
    fn an_order_that_nobody_paid_for_is_found() {
        let (mut books, orders) = good();
        books.movements.remove(0);
        is_broken(&books, &orders, "the gateway took 0");
    }

    #[test]
    fn more_given_back_than_taken_is_found() {
        let (mut books, orders) = good();
        books.movements.push(movement(Kind::Refund, "ord_2", "pi_2", 4_999));
        is_broken(&books, &orders, "9998 went back of 4999");
    }

    #[test]
    fn a_refund_that_the_shop_does_not_know_or_only_claims_is_found() {
        let (mut books, orders) = good();
        books.movements.push(movement(Kind::Refund, "ord_1", "pi_1", 1));
        is_broken(&books, &orders, "gave back 1");
        let (mut books, orders) = good();
        books.movements.remove(2);
        is_broken(&books, &orders, "gave back 0");
    }

    #[test]
    fn a_charge_for_no_order_of_the_shop_is_found() {
        let (mut books, orders) = good();
        books.movements.push(movement(Kind::Charge, "ord_9", "pi_9", 4_999));
        is_broken(&books, &orders, "no such order");
    }

    #[test]
    fn an_order_that_is_not_settled_is_found() {
        for status in ["paying", "refunding"] {
            let (books, mut orders) = good();
            orders[0].status = status.to_owned();
            is_broken(&books, &orders, status);
        }
    }

    #[test]
    fn a_run_without_orders_proves_nothing() {
        assert!(matches!(check(&Books::default(), &[]), Verdict::Unproven { .. }));
    }
}
