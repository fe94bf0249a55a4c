//! The same log gives the same shop, however it is cut, and a lawful one after every entry.
//!
//! `PROPTEST_CASES=20000 cargo test --release -p livedrop-domain --test replay` searches for longer. A failure
//! prints the smallest history that it was found with, and its seed goes to `tests/replay/main.seeds`.

mod aim;
mod commands;
mod cut;
mod history;
mod log;
mod paths;
mod paying;
mod replica;
mod turns;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use expect_test::expect_file;
use livedrop_domain::clock::Tick;
use livedrop_domain::orders::Order;
use livedrop_domain::payments::{self, Payment};
use livedrop_domain::{Command, Outcome, Rejection, Timestamp, clock, invariants, keys};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use crate::history::{Asked, history};
use crate::log::{Logged, cut_anew, log_of};
use crate::replica::Replica;

fn config() -> ProptestConfig {
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("seeds")) as _);
    ProptestConfig { failure_persistence, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_same_entries_give_the_same_rows_answers_and_hashes(history in history()) {
        let log = log_of(history);
        let (one, other) = (Replica::of(&log, &[1]), Replica::of(&log, &[1]));
        prop_assert_eq!(one.view, other.view);
        prop_assert_eq!(one.applied, other.applied);
    }

    #[test]
    fn apply_batches_change_nothing(history in history(), sizes in vec(1..6_usize, 1..8)) {
        let log = log_of(history);
        let (one_by_one, together) = (Replica::of(&log, &[1]), Replica::of(&log, &sizes));
        prop_assert_eq!(one_by_one.applied, together.applied);
        prop_assert_eq!(one_by_one.view, together.view);
    }

    #[test]
    fn entries_change_nothing_but_log_indices(history in history(), sizes in vec(1..6_usize, 1..8)) {
        let log = cut::without_versions(log_of(history));
        let (one_by_one, together) = (cut_anew(&log, &[1]), cut_anew(&log, &sizes));
        let (one_by_one, together) = (Replica::of(&one_by_one, &[1]), Replica::of(&together, &[1]));
        prop_assert_eq!(cut::outcomes(&one_by_one), cut::outcomes(&together));
        prop_assert_eq!(cut::facts(&one_by_one), cut::facts(&together));
        prop_assert_eq!(cut::rows(&one_by_one.view), cut::rows(&together.view));
    }

    #[test]
    fn every_law_holds_after_every_entry(history in history()) {
        let mut replica = Replica::default();
        for entry in log_of(history) {
            replica.apply(&[entry]);
            invariants::check(&replica.view).map_err(|broken| TestCaseError::fail(broken.to_string()))?;
            paths::check(&replica.view)?;
        }
    }

    #[test]
    fn what_is_rejected_or_replayed_leaves_nothing(history in history()) {
        let mut replica = Replica::default();
        for entry in cut_anew(&log_of(history), &[1]) {
            let rows = replica.apply(std::slice::from_ref(&entry));
            let applied = replica.applied.last().expect("an entry was applied");
            let outcome = &applied.outcomes[0];
            let mut may_write = vec![keys::JOURNAL, keys::META];
            if entry.requests[0].idempotency.is_some() && is_decided_by(outcome, entry.index) {
                may_write.extend([keys::IDEMPOTENCY, keys::IDEMPOTENCY_DUE]);
            }
            if outcome.replayed || outcome.answer.is_err() {
                prop_assert!(rows.iter().all(|(key, _)| may_write.contains(&key[0])), "{:?} wrote {:?}", outcome, rows);
                prop_assert_eq!(&applied.facts, &[]);
            }
        }
    }

    #[test]
    fn one_idempotency_key_has_one_outcome(history in history()) {
        let mut replica = Replica::default();
        let mut decided: BTreeMap<_, Decided> = BTreeMap::new();
        for entry in log_of(history) {
            replica.apply(std::slice::from_ref(&entry));
            let applied = replica.applied.last().expect("an entry was applied");
            for (asked, outcome) in entry.requests.iter().zip(&applied.outcomes) {
                let Some(key) = &asked.idempotency else { continue };
                let name = (key.account, key.key_hash);
                match decided.get(&name) {
                    Some(first) if outcome.replayed => {
                        prop_assert_eq!((&first.body, &first.outcome.answer), (&key.body_hash, &outcome.answer));
                        prop_assert_eq!(first.outcome.index, outcome.index);
                    }
                    Some(first) if outcome.answer == Err(Rejection::KeyReused) => {
                        prop_assert_ne!(first.body, key.body_hash);
                    }
                    Some(first) if applied.at.since_ms(first.at) < DAY_MS => {
                        return Err(TestCaseError::fail(format!("{first:?} was followed by {outcome:?}")));
                    }
                    _ if is_decided_by(outcome, entry.index) => {
                        let (body, outcome) = (key.body_hash, outcome.clone());
                        decided.insert(name, Decided { body, at: applied.at, outcome });
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn lines_go_by_the_order_of_joining_and_nobody_buys_what_somebody_waits_for(history in history()) {
        let mut replica = Replica::default();
        for entry in cut_anew(&log_of(history), &[1]) {
            let before = turns::Lines::of(&replica.view);
            replica.apply(std::slice::from_ref(&entry));
            let applied = replica.applied.last().expect("an entry was applied");
            before.check(&replica.view, &entry.requests[0].command, applied)?;
        }
    }

    #[test]
    fn ticks_do_all_that_is_due_and_then_stop(history in history(), later_ms in later_ms(), budget in 1..50_u32) {
        let log = log_of(history);
        let mut replica = Replica::of(&log, &[1]);
        let last = replica.applied.last().expect("a history opens the shop");
        let (mut index, now) = (last.index, last.at.after_ms(later_ms));
        while clock::is_due(&replica.view, now).expect("memory does not fail") {
            index += 1;
            replica.apply(&[tick(index, now, budget)]);
            prop_assert!(index - log[log.len() - 1].index < 2_000, "there is always more to do");
        }
        paths::nothing_is_overdue(&replica.view, now)?;
        paths::check(&replica.view)?;
        invariants::check(&replica.view).map_err(|broken| TestCaseError::fail(broken.to_string()))?;
    }
}

/// A history that gets nowhere proves nothing.
#[test]
fn the_histories_come_to_every_answer_every_fact_and_every_stage() {
    let mut runner = TestRunner::deterministic();
    let mut said = BTreeSet::new();
    for _ in 0..2_000 {
        let history = history().new_tree(&mut runner).expect("no history is refused").current();
        let mut replica = Replica::default();
        for entry in log_of(history) {
            replica.apply(&[entry]);
            let payments = payments_of(&replica).into_iter();
            said.extend(payments.map(|(payment, order)| format!("pays {:?} {:?}", payment.stage, order.status)));
        }
        for applied in replica.applied {
            said.extend(applied.outcomes.iter().map(|outcome| match &outcome.answer {
                Ok(reply) => format!("replies {}", name(reply)),
                Err(rejection) => format!("rejects {}", name(rejection)),
            }));
            said.extend(applied.facts.iter().map(|fact| format!("tells {}", name(fact))));
        }
    }
    expect_file!["said.txt"].assert_eq(&said.into_iter().map(|line| line + "\n").collect::<String>());
}

fn payments_of(replica: &Replica) -> Vec<(Payment, Order)> {
    payments::list(&replica.view, None, usize::MAX).expect("memory does not fail")
}

/// The room and the variant: `Orders(SoldOut)` of `Orders(SoldOut { … })`.
fn name(word: &impl Debug) -> String {
    let text = format!("{word:?}");
    let (room, rest) = text.split_once('(').unwrap_or((&text, ""));
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    format!("{room} {}", &rest[..end])
}

/// About a day, a week, or three months.
fn later_ms() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..100_000_000_u64, 1 => 600_000_000..700_000_000_u64, 1 => 7_700_000_000..7_900_000_000_u64]
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// How a key was decided, by what this test has seen.
#[derive(Debug)]
struct Decided {
    body: [u8; 16],
    at: Timestamp,
    outcome: Outcome,
}

/// Whether a keyed request that came to this is decided for good, now.
fn is_decided_by(outcome: &Outcome, index: u64) -> bool {
    let undecided = |rejection: &Rejection| rejection.is_too_early() || *rejection == Rejection::KeyReused;
    !outcome.replayed && outcome.index == index && !outcome.answer.as_ref().is_err_and(undecided)
}

fn tick(index: u64, proposed_at: Timestamp, budget: u32) -> Logged {
    let command = Command::Clock(Tick::of(budget));
    Logged { index, proposed_at, requests: vec![Asked { idempotency: None, command }] }
}
