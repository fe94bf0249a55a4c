//! Every idempotency key has one outcome: all answers to it name one order or one rejection, every node agrees, and a
//! key whose every attempt was turned away before it was proposed came to nothing.

use std::collections::BTreeMap;

use crate::checker::Verdict;
use crate::history::{History, KeyRead};
use crate::outcome::Outcome;

/// Everything that was said about one key.
#[derive(Default)]
struct Said<'a> {
    decided: Vec<&'a Outcome>,
    may_have_happened: bool,
    reads: Vec<&'a KeyRead>,
}

pub fn check(history: &History) -> Verdict {
    let mut keys: BTreeMap<(&str, &str), Said> = BTreeMap::new();
    for attempt in history.attempts() {
        let said = keys.entry((&attempt.account, &attempt.key)).or_default();
        if attempt.outcome.is_decided() {
            said.decided.push(&attempt.outcome);
        }
        said.may_have_happened |= !matches!(attempt.outcome, Outcome::Refused { .. });
    }
    for read in history.key_reads() {
        keys.entry((&read.account, &read.key)).or_default().reads.push(read);
    }
    let examined = keys.values().filter(|said| !said.decided.is_empty()).count();
    let violations = keys
        .iter()
        .filter_map(|((account, key), said)| contradiction(said).map(|why| format!("key {key} of {account}: {why}")));
    Verdict::from_violations(violations.collect(), examined, "decided keys")
}

/// Where what was said about a key does not fit together.
fn contradiction(said: &Said) -> Option<String> {
    if let Some(first) = said.decided.first()
        && let Some(other) = said.decided.iter().find(|other| meaning(other) != meaning(first))
    {
        return Some(format!("answered {first:?} and {other:?}"));
    }
    if let Some(first) = said.reads.first()
        && let Some(other) = said.reads.iter().find(|other| other.order != first.order)
    {
        return Some(format!(
            "node {} says {:?} and node {} says {:?}",
            first.node, first.order, other.node, other.order
        ));
    }
    let read = said.reads.first()?;
    match (said.decided.first(), &read.order) {
        (Some(Outcome::Ok { order_id, .. }), Some(found)) if *order_id != found.order_id => {
            Some(format!("acknowledged as {order_id}, found as {}", found.order_id))
        }
        (Some(Outcome::Rejected { code, .. }), Some(found)) => {
            Some(format!("rejected with {code}, found as {}", found.order_id))
        }
        (None, Some(found)) if !said.may_have_happened => {
            Some(format!("turned away every time, found as {}", found.order_id))
        }
        // An acknowledged order that is not found is a lost order, which has a checker of its own.
        _ => None,
    }
}

/// What an outcome says about the world, without how it was told.
fn meaning(outcome: &Outcome) -> (&str, &str) {
    match outcome {
        Outcome::Ok { order_id, .. } => ("order", order_id),
        Outcome::Rejected { code, .. } => ("rejected", code),
        Outcome::Refused { .. } | Outcome::Unknown { .. } => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::sample::{attempt, good, key_read, ok};

    #[test]
    fn keys_with_one_outcome_each_hold() {
        assert_eq!(check(&good()), Verdict::Holds { examined: 4 });
    }

    #[test]
    fn a_key_with_two_orders_is_found() {
        let history = good().with(attempt("usr_1", "k1", 2, ok("ord_9", false)));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }

    #[test]
    fn a_key_acknowledged_and_rejected_is_found() {
        let no = Outcome::Rejected { status: 409, code: "sold_out".into() };
        assert!(matches!(check(&good().with(attempt("usr_1", "k1", 2, no))), Verdict::Broken { .. }));
    }

    #[test]
    fn a_node_that_knows_another_order_is_found() {
        assert!(matches!(check(&good().with(key_read(3, "usr_1", "k1", Some("ord_9")))), Verdict::Broken { .. }));
    }

    #[test]
    fn a_rejected_key_that_became_an_order_is_found() {
        let history = good()
            .without(|record| {
                *record == key_read(1, "usr_4", "k4", None) || *record == key_read(2, "usr_4", "k4", None)
            })
            .with(key_read(1, "usr_4", "k4", Some("ord_4")));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }

    #[test]
    fn a_refused_key_that_became_an_order_is_found() {
        let history = good()
            .without(|record| {
                *record == key_read(1, "usr_5", "k5", None) || *record == key_read(2, "usr_5", "k5", None)
            })
            .with(key_read(1, "usr_5", "k5", Some("ord_5")));
        assert!(matches!(check(&history), Verdict::Broken { .. }));
    }
}
