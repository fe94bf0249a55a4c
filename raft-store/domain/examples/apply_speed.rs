//! How long a purchase takes to apply, without the store: entries of keyed purchases of one drop, with a limit.
//!
//! Only rows that purchases read again are kept, in memory: orders and keys that nobody asks for would make it
//! the time to find nothing in a large tree. The best round is the one to compare: others were disturbed.
//!
//! `cargo run --release -p livedrop-domain --example apply_speed [purchases in an entry]`

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this program measures time, it does not sell"
)]

use std::time::{Duration, Instant};

use livedrop_domain::accounts::{self, Role};
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::drops::{self, NewItem, Schedule};
use livedrop_domain::orders::{self, Place};
use livedrop_domain::{
    AccountId, Command, Currency, DropId, Idempotency, MemView, Money, OrderId, Overlay, ProductId, Request, Timestamp,
    apply, codec, keys, products,
};

const PURCHASES: u64 = 10_000;
const BUYERS: u128 = 1_000;
const ROUNDS: usize = 50;
const CREATOR: AccountId = AccountId::from_u128(1);
const PRODUCT: ProductId = ProductId::from_u128(1);
const DROP: DropId = DropId::from_u128(1);
const READ_AGAIN: [u8; 4] = [keys::META, keys::DROP, keys::STOCK, keys::CUSTOMER];
/// ULIDs of our time begin like this.
const ULID_TIME: u128 = 0x01a0_c450_6c00 << 80;

fn main() {
    let in_an_entry = std::env::args().nth(1).map_or(100, |text| text.parse().expect("a number of purchases"));
    let entries: Vec<Vec<u8>> =
        (0..PURCHASES / in_an_entry).map(|entry| purchases(entry * in_an_entry..(entry + 1) * in_an_entry)).collect();
    let mut rounds: Vec<Round> = (0..ROUNDS).map(|_| Round::of(&entries)).collect();
    rounds.sort_by_key(|round| round.took);
    let (best, middle) = (&rounds[0], &rounds[ROUNDS / 2]);
    println!("{} keyed purchases, {in_an_entry} in an entry, {ROUNDS} rounds", best.purchases);
    println!("{:>8} ns to apply one in the best round, {} in the middle one", best.nanoseconds(), middle.nanoseconds());
    println!("{:>8} rows and {} bytes in them for each", best.rows / best.purchases, best.bytes / best.purchases);
}

/// What it took to apply all entries once, and what was written.
#[derive(Default)]
struct Round {
    took: Duration,
    purchases: u64,
    rows: u64,
    bytes: u64,
}

impl Round {
    fn of(entries: &[Vec<u8>]) -> Round {
        let (mut shop, mut overlay, mut round) = (MemView::default(), Overlay::default(), Round::default());
        apply(&shop, &mut overlay, 1, &opening()).expect("no fault");
        shop.write(&mut overlay);
        for (index, entry) in (2..).zip(entries) {
            let start = Instant::now();
            let applied = apply(&shop, &mut overlay, index, entry).expect("no fault");
            round.took += start.elapsed();
            assert!(applied.outcomes.iter().all(|outcome| outcome.answer.is_ok()), "there is enough for everybody");
            round.purchases += applied.outcomes.len() as u64;
            for (key, value) in overlay.take() {
                let value = value.expect("a purchase deletes nothing");
                round.rows += 1;
                round.bytes += (key.len() + value.len()) as u64;
                if READ_AGAIN.contains(&key[0]) {
                    shop.0.insert(key, value);
                }
            }
        }
        round
    }

    /// For each purchase.
    fn nanoseconds(&self) -> u128 {
        self.took.as_nanos() / u128::from(self.purchases)
    }
}

/// One entry of purchases, each of one unit, by buyers who take turns.
fn purchases(numbers: std::ops::Range<u64>) -> Vec<u8> {
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
        let command = orders::Command::Place(place).into();
        let request = Request { request_id: format!("{n:026}"), idempotency: Some(idempotency), command };
        batch.push(&codec::encode(&request));
    }
    batch.finish(Timestamp(1_790_000_000_000))
}

/// The same bits for the same number, and far from those of the next, as random ones are.
fn scattered(n: u128) -> u128 {
    (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) >> 64
}

/// One entry that opens the shop.
fn opening() -> Vec<u8> {
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
        items: vec![NewItem { sku: "default".into(), stock: 2 * PURCHASES }],
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
        batch.push(&codec::encode(&Request { request_id: "opening".into(), idempotency: None, command }));
    }
    batch.finish(Timestamp(1_790_000_000_000))
}
