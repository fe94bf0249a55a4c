//! Whatever the gateway does late, twice or never, and whoever leads: every order comes to an end, nobody pays twice,
//! and all that was charged is for an order that is confirmed, or was paid back.
//!
//! `PROPTEST_CASES=20000 cargo test --release -p livedrop-domain --test gateway` searches for longer. A failure prints
//! the smallest schedule that it was found with, and its seed goes to `tests/gateway/main.seeds`.

mod gateway;
mod shop;
mod worker;

use std::collections::BTreeSet;

use livedrop_domain::OrderId;
use livedrop_domain::orders::Status;
use livedrop_domain::payments::{self, Command};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{FileFailurePersistence, TestRunner};

use crate::gateway::{Card, Gateway};
use crate::shop::{HOLD_MS, Shop};
use crate::worker::Call;

const ORDERS: u128 = 8;

/// What happens next. A number picks one of what there is.
#[derive(Debug, Clone)]
enum Step {
    Place(OrderId),
    Pay(OrderId),
    CancelOrder(OrderId),
    Refund(OrderId, Option<u64>),
    CancelDrop,
    /// The leader makes the calls that a payment wants; it may make them again and again.
    Call(usize),
    /// The gateway carries a call out, and may do so again later.
    CarryOut(usize, Card, bool),
    /// A report is in the log, and may come again.
    Report(usize, bool),
    /// The leader waits no longer for the answer to a call, which is on its way all the same.
    NotKnown(usize),
    /// What the leader has heard and not yet reported is lost with it. The calls that it made are not.
    LeaderGone,
    Settle(bool),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let order = || (1..=ORDERS).prop_map(OrderId::from_u128);
    prop_oneof![
        8 => order().prop_map(Step::Place),
        8 => order().prop_map(Step::Pay),
        2 => order().prop_map(Step::CancelOrder),
        2 => (order(), prop_oneof![Just(None), (1..3_000_u64).prop_map(Some)]).prop_map(|(id, part)| Step::Refund(id, part)),
        1 => prop_oneof![9 => Just(Step::Pass(0)), 1 => Just(Step::CancelDrop)],
        14 => any::<usize>().prop_map(Step::Call),
        20 => (any::<usize>(), card(), any::<bool>()).prop_map(|(n, card, again)| Step::CarryOut(n, card, again)),
        16 => (any::<usize>(), any::<bool>()).prop_map(|(n, again)| Step::Report(n, again)),
        3 => any::<usize>().prop_map(Step::NotKnown),
        2 => Just(Step::LeaderGone),
        2 => any::<bool>().prop_map(Step::Settle),
        3 => prop_oneof![3 => 1..5_000_u64, 1 => HOLD_MS / 2..HOLD_MS].prop_map(Step::Pass),
    ]
}

fn card() -> impl Strategy<Value = Card> {
    prop_oneof![4 => Just(Card::Approves), 1 => Just(Card::Declines), 1 => Just(Card::WantsTheBuyer), 1 => Just(Card::TakesItsTime)]
}

struct World {
    shop: Shop,
    gateway: Gateway,
    /// All calls that any leader ever made.
    made: Vec<Call>,
    /// Those that are on their way.
    calls: Vec<Call>,
    reports: Vec<Command>,
}

impl World {
    fn new() -> World {
        let (shop, gateway) = (Shop::open(), Gateway::default());
        World { shop, gateway, made: Vec::new(), calls: Vec::new(), reports: Vec::new() }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Place(order) => self.shop.place(order),
            Step::Pay(order) => self.shop.pay(order),
            Step::CancelOrder(order) => self.shop.cancel(order),
            Step::Refund(order, amount) => self.shop.refund(order, amount),
            Step::CancelDrop => self.shop.cancel_drop(),
            Step::Call(n) => {
                let open = self.shop.open_payments();
                let calls = pick(&open, n).map_or(vec![], worker::wanted);
                self.made.extend(calls.clone());
                self.calls.extend(calls);
            }
            Step::CarryOut(n, card, again) => {
                let Some(call) = taken(&mut self.calls, n, again) else { return };
                self.reports.push(worker::carry_out(&call, &mut self.gateway, card));
            }
            Step::Report(n, again) => {
                let Some(report) = taken(&mut self.reports, n, again) else { return };
                worker::report(&mut self.shop, report);
            }
            Step::NotKnown(n) => {
                let report = pick(&self.calls, n).and_then(worker::not_known);
                report.into_iter().for_each(|report| worker::report(&mut self.shop, report));
            }
            Step::LeaderGone => self.reports.clear(),
            Step::Settle(good) => self.gateway.settle(good),
            Step::Pass(ms) => self.shop.pass(ms),
        }
    }

    /// A leader that stays, and a gateway that answers: gives whether everything comes to an end.
    fn calm_down(&mut self, card: Card) -> bool {
        for _ in 0..20 {
            self.shop.pass(HOLD_MS);
            self.gateway.settle(card == Card::Approves);
            for payment in self.shop.open_payments() {
                for call in worker::wanted(&payment) {
                    // A refund that is refused for good would never end.
                    let card = if payment.open_refunds().next().is_some() { Card::Approves } else { card };
                    let report = worker::carry_out(&call, &mut self.gateway, card);
                    self.made.push(call);
                    worker::report(&mut self.shop, report);
                }
            }
            if self.shop.open_payments().is_empty() {
                return true;
            }
        }
        false
    }
}

fn pick<T>(things: &[T], n: usize) -> Option<&T> {
    things.get(n % things.len().max(1))
}

/// One of the things, which stays if it comes again.
fn taken<T: Clone>(things: &mut Vec<T>, n: usize, again: bool) -> Option<T> {
    let at = n % things.len().max(1);
    let thing = things.get(at).cloned()?;
    if !again {
        things.swap_remove(at);
    }
    Some(thing)
}

fn config() -> ProptestConfig {
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("seeds")) as _);
    ProptestConfig { failure_persistence, ..ProptestConfig::default() }
}

/// Schedules that get nowhere prove nothing.
#[test]
fn the_schedules_come_to_every_end() {
    let mut runner = TestRunner::deterministic();
    let mut ends = BTreeSet::new();
    for _ in 0..1_000 {
        let steps = vec(step(), 200).new_tree(&mut runner).expect("no schedule is refused").current();
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        world.calm_down(Card::Declines);
        for (payment, order) in payments::list(&world.shop.view, None, usize::MAX).expect("memory does not fail") {
            let came_late = payment.charged() > 0 && payment.end.is_some();
            let in_parts = payment.refunds.len() > 1;
            let in_attempts = payment.refunds.iter().any(|refund| refund.attempt > 1);
            ends.extend([format!("{:?}", order.status)]);
            ends.extend(came_late.then(|| "charged too late".to_string()));
            ends.extend(in_parts.then(|| "paid back in parts".to_string()));
            ends.extend(in_attempts.then(|| "paid back after a refund that failed".to_string()));
        }
    }
    let statuses = ["Cancelled", "Confirmed", "Expired", "Failed", "Refunded"];
    let money = ["charged too late", "paid back after a refund that failed", "paid back in parts"];
    assert_eq!(ends.iter().map(String::as_str).collect::<Vec<_>>(), [&statuses[..], &money].concat());
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nobody_pays_twice_and_all_money_is_accounted_for(steps in vec(step(), 0..200), last in card()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        prop_assert!(world.calm_down(last), "there is always more to say to the gateway");
        // Whatever a leader that is long gone still does changes nothing any more.
        for call in world.made.clone() {
            let report = worker::carry_out(&call, &mut world.gateway, Card::Approves);
            worker::report(&mut world.shop, report);
        }
        world.gateway.settle(true);
        world.shop.pass(HOLD_MS);
        prop_assert_eq!(world.shop.open_payments(), vec![]);
        for id in (1..=ORDERS).map(OrderId::from_u128) {
            let Some(order) = world.shop.order(id) else { continue };
            prop_assert!(order.status.is_final(), "{} is {:?}", id, order.status);
            let payment = world.shop.payment(id);
            let (charged, refunded) = (world.gateway.charged(id), world.gateway.refunded(id));
            prop_assert!(world.gateway.charges(id) <= 1, "{} was charged twice", id);
            prop_assert_eq!(charged, payment.as_ref().map_or(0, |payment| payment.charged()));
            prop_assert_eq!(refunded, payment.as_ref().map_or(0, |payment| payment.refunded()));
            let confirmed = match order.status {
                Status::Confirmed => order.amount().amount - payment.map_or(0, |payment| payment.refunded()),
                _ => 0,
            };
            prop_assert_eq!(charged, confirmed + refunded);
        }
    }
}
