//! Random people who wait for what is sold out.

use livedrop_domain::waitlist::{Command, Join, Leave, QUANTITY_MAX};
use livedrop_domain::{AccountId, Command as Any, OrderId};
use proptest::option;
use proptest::prelude::*;

use super::{drop_id, order_id, sku};

pub fn about_waitlist() -> BoxedStrategy<Any> {
    let quantity = prop_oneof![40 => 1..4_u32, 1 => Just(0), 1 => Just(QUANTITY_MAX + 1)];
    let offer = prop_oneof![12 => (100..1_000_000_u128).prop_map(OrderId::from_u128), 1 => order_id()];
    prop_oneof![
        9 => (drop_id(), who(), option::weighted(0.3, sku()), quantity, offer).prop_map(
            |(drop_id, account_id, sku, quantity, order_id)| {
                Command::Join(Join { drop_id, account_id, sku, quantity, order_id }).into()
            }
        ),
        2 => (drop_id(), who()).prop_map(|(drop_id, account_id)| Command::Leave(Leave { drop_id, account_id }).into()),
    ]
    .boxed()
}

/// More than buy, so that lines have some length.
fn who() -> impl Strategy<Value = AccountId> {
    (0..6_u128).prop_map(AccountId::from_u128)
}
