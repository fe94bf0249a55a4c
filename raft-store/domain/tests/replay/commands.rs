//! Random commands of every room. Their ids are so few that they get in each other's way.
//!
//! Some numbers are filled in when the request is made, by [`crate::log::log_of`]: the times of drops, which are drawn
//! as milliseconds from then on, the version [`AS_SEEN`], what [`crate::aim`] knows of payments, and which events
//! webhooks are about.

mod accounts;
mod cdn;
mod follows;
mod members;
mod sandbox;
mod waitlist;
mod webhooks;

pub use accounts::register;
use livedrop_domain::clock::Tick;
use livedrop_domain::drops::{self, NewItem};
use livedrop_domain::{AccountId, Command, Currency, DropId, Money, OrderId, ProductId, Timestamp, orders, products};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
pub use sandbox::intent;
pub use webhooks::endpoint;

use crate::paying;

/// Stands for the version that is there when the request is made, as for a cursor, an attempt and an era.
pub const AS_SEEN: u64 = 0;

pub fn command() -> BoxedStrategy<Command> {
    prop_oneof![
        40 => place(),
        60 => paying::command().prop_map(Command::from),
        10 => (prop_oneof![0..4_u32, Just(100)], option::weighted(0.3, 1_000..1_000_000_u64)).prop_map(|(budget, kept)| {
            // What leaders of now say, and what those of before said.
            let tick = Tick::of(budget);
            Command::Clock(kept.map_or(tick.clone(), |ms| tick.trimming_audit(ms).completing()))
        }),
        20 => about_drops(),
        10 => about_products(),
        16 => accounts::about_accounts(),
        14 => sandbox::about_sandbox(),
        24 => waitlist::about_waitlist(),
        24 => webhooks::about_webhooks(),
        2 => cdn::about_cdn(),
        12 => follows::about_follows(),
        6 => follows::about_notices(),
        4 => members::about_members(),
    ]
    .boxed()
}

fn place() -> BoxedStrategy<Command> {
    place_any().prop_map(|place| orders::Command::Place(place).into()).boxed()
}

pub fn place_any() -> BoxedStrategy<orders::Place> {
    let sku = prop_oneof![6 => Just(None), 2 => sku().prop_map(Some)];
    let quantity = prop_oneof![40 => 1..4_u32, 1 => Just(0), 1 => Just(orders::QUANTITY_MAX + 1)];
    (order_id(), buyer(), drop_id(), sku, quantity)
        .prop_map(|(order_id, buyer_id, drop_id, sku, quantity)| orders::Place {
            order_id,
            buyer_id,
            drop_id,
            sku,
            quantity,
        })
        .boxed()
}

fn about_drops() -> BoxedStrategy<Command> {
    let steer = || (drop_id(), creator()).prop_map(|(drop_id, creator_id)| drops::Steer { drop_id, creator_id });
    let quantity = prop_oneof![9 => 1..5_u64, 1 => Just(0), 1 => Just(drops::STOCK_MAX)];
    let seen = prop_oneof![2 => Just(None), 2 => Just(Some(AS_SEEN)), 1 => (1..30_u64).prop_map(Some)];
    prop_oneof![
        6 => schedule_any().prop_map(|drop| drops::Command::Schedule(drop).into()),
        8 => (schedule_any(), any::<u8>(), seen)
            .prop_map(|(drop, given, seen)| drops::Command::Edit(edit_of(drop, given, seen)).into()),
        4 => (drop_id(), creator(), sku(), quantity).prop_map(|(drop_id, creator_id, sku, quantity)| {
            drops::Command::Restock(drops::Restock { drop_id, creator_id, sku, quantity }).into()
        }),
        2 => steer().prop_map(|steer| drops::Command::Pause(steer).into()),
        4 => steer().prop_map(|steer| drops::Command::Resume(steer).into()),
        1 => steer().prop_map(|steer| drops::Command::End(steer).into()),
        2 => steer().prop_map(|steer| drops::Command::Cancel(steer).into()),
    ]
    .boxed()
}

fn schedule_any() -> impl Strategy<Value = drops::Schedule> {
    drop_id().prop_flat_map(|id| schedule(u128::from_be_bytes(id.bytes())))
}

pub fn schedule(n: u128) -> BoxedStrategy<drops::Schedule> {
    let times = (option::weighted(0.6, 0..20_000_u64), option::weighted(0.4, 0..200_000_u64));
    let item = |sku: &str, stock: u64| NewItem { sku: sku.into(), stock };
    let items = prop_oneof![
        12 => (1..15_u64).prop_map(move |stock| vec![item("s", stock)]),
        4 => (1..9_u64, 1..9_u64).prop_map(move |(s, m)| vec![item("s", s), item("m", m)]),
        1 => Just(vec![]),
    ];
    let limit = prop_oneof![1 => Just(0), 2 => 1..6_u32];
    let numbers = (limit, prop_oneof![20 => 1_000..60_000_u64, 1 => Just(1)], 0..4_u64);
    let whose = prop_oneof![20 => Just((1, 1)), 1 => Just((2, 2)), 1 => Just((1, 2))];
    (whose, times, items, numbers)
        .prop_map(move |((creator, product), times, items, numbers)| drops::Schedule {
            drop_id: DropId::from_u128(n),
            creator_id: AccountId::from_u128(creator),
            product_id: ProductId::from_u128(product),
            starts_at: times.0.map(Timestamp),
            ends_at: times.1.map(Timestamp),
            items,
            per_customer_limit: numbers.0,
            hold_ms: numbers.1,
            low_stock_threshold: numbers.2,
        })
        .boxed()
}

/// Of the fields of `drop`, those whose bit is set in `given`.
fn edit_of(drop: drops::Schedule, given: u8, expected_version: Option<u64>) -> drops::Edit {
    let is_given = |bit: u8| given & (1 << bit) != 0;
    drops::Edit {
        drop_id: drop.drop_id,
        creator_id: drop.creator_id,
        starts_at: drop.starts_at.filter(|_| is_given(0)),
        ends_at: drop.ends_at.filter(|_| is_given(1)),
        items: Some(drop.items).filter(|_| is_given(2)),
        per_customer_limit: Some(drop.per_customer_limit).filter(|_| is_given(3)),
        hold_ms: Some(drop.hold_ms).filter(|_| is_given(4)),
        low_stock_threshold: Some(drop.low_stock_threshold).filter(|_| is_given(5)),
        expected_version,
    }
}

fn about_products() -> BoxedStrategy<Command> {
    let tag = || prop_oneof![8 => Just("a"), 8 => Just("b"), 1 => Just("a\0")].prop_map(str::to_string);
    let seen = prop_oneof![3 => Just(AS_SEEN), 1 => 1..30_u64];
    let edit = (1..4_u128, creator(), seen, option::of(0..9_999_u64), option::of(vec(tag(), 0..3)));
    prop_oneof![
        2 => (1..4_u128, 0..4_u128, 0..9_999_u64, vec(tag(), 0..3))
            .prop_map(|(n, creator, price, tags)| create(n, creator, price, tags)),
        2 => edit.prop_map(|(n, creator_id, expected_version, price, tags)| {
            let (product_id, price) = (ProductId::from_u128(n), price.map(euro_cents));
            let (name, description, image_url) = (None, None, None);
            let edit = products::Edit {
                product_id, creator_id, expected_version, name, description, image_url, price, tags,
            };
            products::Command::Edit(edit).into()
        }),
        1 => (2..4_u128, creator()).prop_map(|(n, creator_id)| {
            products::Command::Retire(products::Retire { product_id: ProductId::from_u128(n), creator_id }).into()
        }),
    ]
    .boxed()
}

pub fn create(n: u128, creator: u128, price: u64, tags: Vec<String>) -> Command {
    let create = products::Create {
        product_id: ProductId::from_u128(n),
        creator_id: AccountId::from_u128(creator),
        name: format!("product {n}"),
        description: String::new(),
        image_url: None,
        price: euro_cents(price),
        tags,
    };
    products::Command::Create(create).into()
}

fn euro_cents(amount: u64) -> Money {
    Money { amount, currency: Currency::EUR }
}

/// Mostly the one whose drops there are.
pub fn creator() -> impl Strategy<Value = AccountId> {
    prop_oneof![15 => Just(1), 1 => Just(2)].prop_map(AccountId::from_u128)
}

pub fn buyer() -> impl Strategy<Value = AccountId> {
    (0..2_u128).prop_map(AccountId::from_u128)
}

fn drop_id() -> impl Strategy<Value = DropId> {
    prop_oneof![30 => 1..3_u128, 6 => 3..5_u128, 1 => Just(5)].prop_map(DropId::from_u128)
}

pub fn order_id() -> impl Strategy<Value = OrderId> {
    (1..20_u128).prop_map(OrderId::from_u128)
}

fn sku() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just("s"), 3 => Just("m"), 1 => Just("xl")].prop_map(str::to_string)
}
