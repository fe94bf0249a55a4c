//! Random commands of payments: whatever a gateway may say, in any order, now and then of an attempt that is over.

use livedrop_domain::OrderId;
use livedrop_domain::payments::{
    AskRefund, Cancel, Command, Gateway, Outcome, Pay, PlaceAndPay, RefundOutcome, Report, ReportRefund, With,
};
use proptest::option;
use proptest::prelude::*;

use crate::aim::{AIMED, LATEST};
use crate::commands::{self, buyer, creator, place_any};

pub fn command() -> BoxedStrategy<Command> {
    prop_oneof![
        16 => (order_id(), buyer(), with())
            .prop_map(|(order_id, buyer_id, with)| Command::Pay(Pay { order_id, buyer_id, with })),
        6 => (place_any(), with()).prop_map(|(place, with)| Command::PlaceAndPay(PlaceAndPay { place, with })),
        5 => (order_id(), buyer())
            .prop_map(|(order_id, buyer_id)| Command::Cancel(Cancel { order_id, buyer_id })),
        50 => (order_id(), attempt(), outcome())
            .prop_map(|(order_id, attempt, result)| Command::Report(Report { order_id, attempt, result })),
        9 => refund(),
        14 => (order_id(), 1..4_u32, attempt(), refund_outcome()).prop_map(|(order_id, number, attempt, result)| {
            Command::ReportRefund(ReportRefund { order_id, number, attempt, result })
        }),
    ]
    .boxed()
}

/// Mostly one that the command can do something to.
fn order_id() -> impl Strategy<Value = OrderId> {
    prop_oneof![1 => commands::order_id(), 6 => (AIMED..AIMED + 20).prop_map(OrderId::from_u128)]
}

fn with() -> impl Strategy<Value = With> {
    let gateway = prop_oneof![Just(Gateway::Sandbox), Just(Gateway::Stripe)];
    let method = prop_oneof![20 => Just("pm_card"), 1 => Just(""), 1 => Just("pm card")];
    let hold_ms = prop_oneof![1 => Just(0), 4 => 1..90_000_u64];
    let give_up_ms = prop_oneof![1 => Just(0), 4 => 1..90_000_u64];
    (gateway, method, hold_ms, give_up_ms).prop_map(|(gateway, method, hold_ms, give_up_ms)| With {
        gateway,
        method: method.into(),
        hold_ms,
        give_up_ms,
    })
}

fn attempt() -> impl Strategy<Value = u32> {
    prop_oneof![12 => Just(LATEST), 1 => 1..4_u32]
}

/// Mostly what leads somewhere.
fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        8 => (1..3_u8).prop_map(|n| Outcome::Created { intent_id: format!("pi_{n}") }),
        8 => Just(Outcome::Succeeded),
        3 => Just(Outcome::Declined { code: "card_declined".into() }),
        3 => (1..3_u8).prop_map(|n| Outcome::ActionRequired { url: format!("https://example.com/{n}") }),
        1 => Just(Outcome::Processing),
        2 => Just(Outcome::Unknown),
        2 => Just(Outcome::Canceled),
        2 => Just(Outcome::NotConfirmed),
        1 => Just(Outcome::Refused { code: "bad_request".into() }),
    ]
}

fn refund() -> impl Strategy<Value = Command> {
    let amount = option::weighted(0.5, prop_oneof![6 => 1..9_000_u64, 1 => Just(0)]);
    (order_id(), creator(), prop::bool::weighted(0.1), amount, prop::bool::weighted(0.3)).prop_map(
        |(order_id, by, operator, amount, restock)| {
            Command::Refund(AskRefund { order_id, by, operator, amount, restock })
        },
    )
}

fn refund_outcome() -> impl Strategy<Value = RefundOutcome> {
    prop_oneof![
        4 => (1..3_u8).prop_map(|n| RefundOutcome::Done { refund_id: format!("re_{n}") }),
        1 => Just(RefundOutcome::Failed { code: "unknown".into() }),
    ]
}
