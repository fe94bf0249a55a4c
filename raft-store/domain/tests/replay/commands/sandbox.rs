//! Random commands to the sandbox.

use livedrop_domain::sandbox::{Cancel, Command, Confirm, Create, IntentId, METHODS, PayBack, RefundId};
use livedrop_domain::{Command as Any, OrderId};
use proptest::prelude::*;
use proptest::sample::select;

use super::{euro_cents, order_id};

pub fn about_sandbox() -> BoxedStrategy<Any> {
    let refund = (intent_id(), 1..4_u8, prop_oneof![3 => 1..50_u64, 1 => Just(99)]);
    prop_oneof![
        3 => create().prop_map(|create| Command::Create(create).into()),
        4 => intent_id().prop_map(|id| Command::Confirm(Confirm { id }).into()),
        1 => intent_id().prop_map(|id| Command::Cancel(Cancel { id }).into()),
        5 => refund.prop_map(|(id, n, amount)| {
            let refund_id = RefundId::from_bytes([n; 16]);
            Command::Refund(PayBack { id, refund_id, amount }).into()
        }),
    ]
    .boxed()
}

/// What is mostly asked for under this id.
pub fn intent(n: u8) -> Create {
    let (order_id, method) = (OrderId::from_u128(n.into()), METHODS[usize::from(n) % METHODS.len()].to_owned());
    Create { id: IntentId::from_bytes([n; 16]), order_id, amount: euro_cents(70), method }
}

fn create() -> impl Strategy<Value = Create> {
    let method = prop_oneof![1 => Just("pm_card_none"), 4 => select(&METHODS[..])];
    (1..4_u8, order_id(), method, 0..8_u8).prop_map(|(n, order_id, method, other)| match other {
        0 => Create { order_id, ..intent(n) },
        1 => Create { amount: euro_cents(71), ..intent(n) },
        2 => Create { method: method.to_owned(), ..intent(n) },
        _ => intent(n),
    })
}

fn intent_id() -> impl Strategy<Value = IntentId> {
    prop_oneof![9 => 1..4_u8, 1 => Just(9)].prop_map(|n| IntentId::from_bytes([n; 16]))
}
