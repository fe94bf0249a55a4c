//! Entries that a shop's log would hold: one that opens the shop, and any number of keyed purchases.

use bytes::Bytes;
use livedrop_domain::accounts::{self, Role};
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::drops::{self, NewItem, Schedule};
use livedrop_domain::orders::{self, Place};
use livedrop_domain::{
    AccountId, Command, Currency, DropId, Idempotency, Money, OrderId, ProductId, Request, Timestamp, codec, products,
};
use livedrop_store::types::{Entry, EntryPayload, LeaderId, LogId, Payload};

pub const STOCK: u64 = 1_000_000;
pub const DROP: DropId = DropId::from_u128(1);

const BUYERS: u128 = 5_000;
const CREATOR: AccountId = AccountId::from_u128(1);
const PRODUCT: ProductId = ProductId::from_u128(1);
const NOON: Timestamp = Timestamp(1_790_000_000_000);
/// ULIDs of our time begin like this.
const ULID_TIME: u128 = 0x01a0_c450_6c00 << 80;

pub fn log_id(term: u64, index: u64) -> LogId {
    LogId { leader_id: LeaderId { term, node_id: 1 }, index }
}

pub fn blank(index: u64) -> Entry {
    Entry { log_id: log_id(1, index), payload: EntryPayload::Blank }
}

pub fn entry(index: u64, payload: Vec<u8>) -> Entry {
    Entry { log_id: log_id(1, index), payload: EntryPayload::Normal(Payload(Bytes::from(payload))) }
}

/// One entry of purchases, each of one unit, by buyers who take turns.
pub fn purchases(numbers: std::ops::Range<u64>) -> Vec<u8> {
    let mut batch = BatchBuilder::new();
    for n in numbers.map(u128::from) {
        let account = AccountId::from_u128(ULID_TIME + scattered(n % BUYERS));
        let place = Place {
            order_id: OrderId::from_u128(ULID_TIME + (n << 64) + scattered(n)),
            buyer_id: account,
            drop_id: DROP,
            sku: None,
            quantity: 1,
        };
        let idempotency = Idempotency { account, key_hash: scattered(n).to_be_bytes(), body_hash: [7; 16] };
        push(&mut batch, format!("{n:026}"), Some(idempotency), orders::Command::Place(place).into());
    }
    batch.finish(NOON)
}

/// One entry that opens the shop with one drop.
pub fn opening() -> Vec<u8> {
    let creator = accounts::Register {
        account_id: CREATOR,
        email: "creator@example.com".into(),
        display_name: "Creator".into(),
        role: Role::Creator,
        password_hash: "$argon2id$".into(),
    };
    let product = products::Create {
        product_id: PRODUCT,
        creator_id: CREATOR,
        name: "Product".into(),
        description: String::new(),
        image_url: None,
        price: Money { amount: 4_999, currency: Currency::EUR },
        tags: vec![],
    };
    let drop = Schedule {
        drop_id: DROP,
        creator_id: CREATOR,
        product_id: PRODUCT,
        starts_at: None,
        ends_at: None,
        items: vec![NewItem { sku: "default".into(), stock: STOCK }],
        per_customer_limit: 1_000,
        hold_ms: 300_000,
        low_stock_threshold: 0,
    };
    let mut batch = BatchBuilder::new();
    for command in [
        Command::from(accounts::Command::Register(creator)),
        products::Command::Create(product).into(),
        drops::Command::Schedule(drop).into(),
    ] {
        push(&mut batch, "opening".into(), None, command);
    }
    batch.finish(NOON)
}

fn push(batch: &mut BatchBuilder, request_id: String, idempotency: Option<Idempotency>, command: Command) {
    batch.push(&codec::encode(&Request { request_id, idempotency, command, by: None }));
}

/// The same bits for the same number, and far from those of the next, as random ones are.
pub fn scattered(n: u128) -> u128 {
    (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 64
}
