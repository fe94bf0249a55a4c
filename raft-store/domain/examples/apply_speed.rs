//! How long a purchase takes to apply, without the store: entries of keyed purchases of one drop, with a limit.
//!
//! Only rows that purchases read again are kept, in memory: orders and keys that nobody asks for would make it
//! the time to find nothing in a large tree. Slow entries were disturbed by whatever else ran.
//!
//! `cargo run --release -p livedrop-domain --example apply_speed [purchases in an entry] [rounds]`

#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this program measures time, it does not sell"
)]

use std::cell::Cell;
use std::time::{Duration, Instant};

use livedrop_domain::accounts::{self, Role};
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::drops::{self, NewItem, Schedule};
use livedrop_domain::orders::{self, Place};
use livedrop_domain::view::{Order, Row};
use livedrop_domain::{
    AccountId, Command, Currency, DropId, Fault, Idempotency, MemView, Money, OrderId, Overlay, ProductId, Request,
    Timestamp, View, apply, codec, keys, products,
};

const PURCHASES: u64 = 10_000;
const BUYERS: u128 = 5_000;
const CREATOR: AccountId = AccountId::from_u128(1);
const PRODUCT: ProductId = ProductId::from_u128(1);
const DROP: DropId = DropId::from_u128(1);
const READ_AGAIN: [u8; 4] = [keys::META, keys::DROP, keys::STOCK, keys::CUSTOMER];
/// ULIDs of our time begin like this.
const ULID_TIME: u128 = 0x01a0_c450_6c00 << 80;

fn main() {
    let number = |at, or| std::env::args().nth(at).map_or(or, |text| text.parse().expect("a number"));
    let (in_an_entry, rounds) = (number(1, 100), number(2, 50));
    let entries: Vec<Vec<u8>> =
        (0..PURCHASES / in_an_entry).map(|entry| purchases(entry * in_an_entry..(entry + 1) * in_an_entry)).collect();
    let (mut took, mut did) = (Vec::new(), Did::default());
    for _ in 0..rounds {
        did = round(&entries, &mut took);
    }
    took.sort();
    let a_purchase = |percent: usize| took[(took.len() - 1) * percent / 100].as_nanos() as u64 / in_an_entry;
    println!("{} entries of {in_an_entry} keyed purchases", took.len());
    println!("{:>6} ns to apply a purchase in the median entry", a_purchase(50));
    println!("{:>6} ns in the fastest tenth", a_purchase(10));
    let for_100 = |count: u64| 100 * count / PURCHASES;
    println!("{:>6} rows and {} bytes in them for 100 purchases", for_100(did.rows), for_100(did.bytes));
    println!("{:>6} reads of stored rows for 100 purchases", for_100(did.reads));
}

/// What the entries of a round left to be stored, and how often they looked at what is.
#[derive(Default)]
struct Did {
    rows: u64,
    bytes: u64,
    reads: u64,
}

/// Counts the reads of a view.
#[derive(Default)]
struct Counted {
    view: MemView,
    reads: Cell<u64>,
}

impl View for Counted {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.reads.set(self.reads.get() + 1);
        self.view.get(key)
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        self.reads.set(self.reads.get() + 1);
        self.view.read(key, with)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        self.reads.set(self.reads.get() + 1);
        self.view.scan(from, to, order, limit)
    }
}

/// Opens a shop and applies all entries; adds what each took.
fn round(entries: &[Vec<u8>], took: &mut Vec<Duration>) -> Did {
    let (mut shop, mut overlay, mut did) = (Counted::default(), Overlay::default(), Did::default());
    apply(&shop, &mut overlay, 1, &opening()).expect("no fault");
    shop.view.write(&mut overlay);
    shop.reads.set(0);
    for (index, entry) in (2..).zip(entries) {
        let start = Instant::now();
        let applied = apply(&shop, &mut overlay, index, entry).expect("no fault");
        took.push(start.elapsed());
        assert!(applied.outcomes.iter().all(|outcome| outcome.answer.is_ok()), "there is enough for everybody");
        for (key, value) in overlay.take() {
            let value = value.expect("a purchase deletes nothing");
            did.rows += 1;
            did.bytes += (key.len() + value.len()) as u64;
            if READ_AGAIN.contains(&key[0]) {
                shop.view.0.insert(key, value);
            }
        }
    }
    did.reads = shop.reads.get();
    did
}

/// One entry of purchases, each of one unit, by buyers who take turns.
fn purchases(numbers: std::ops::Range<u64>) -> Vec<u8> {
    let mut batch = BatchBuilder::new();
    for n in numbers.map(u128::from) {
        let account = AccountId::from_u128(ULID_TIME + scattered(n % BUYERS));
        let place = Place { order_id: order_id(n), buyer_id: account, drop_id: DROP, sku: None, quantity: 1 };
        let idempotency = Idempotency { account, key_hash: scattered(n).to_be_bytes(), body_hash: [7; 16] };
        let command = orders::Command::Place(place).into();
        let request = Request { request_id: format!("{n:026}"), idempotency: Some(idempotency), command, by: None };
        batch.push(&codec::encode(&request));
    }
    batch.finish(Timestamp(1_790_000_000_000))
}

/// Ten are made in a millisecond, and get here up to three milliseconds later than others do.
fn order_id(n: u128) -> OrderId {
    let late = scattered(n) % 30;
    let made = (100 + n - late) / 10;
    OrderId::from_u128(ULID_TIME + (made << 80) + (scattered(2 * n) << 16))
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
        per_customer_limit: 1_000_000,
        hold_ms: 300_000,
        low_stock_threshold: 0,
    };
    let mut batch = BatchBuilder::new();
    for command in [
        Command::from(accounts::Command::Register(creator)),
        products::Command::Create(product).into(),
        drops::Command::Schedule(drop).into(),
    ] {
        batch.push(&codec::encode(&Request { request_id: "opening".into(), idempotency: None, command, by: None }));
    }
    batch.finish(Timestamp(1_790_000_000_000))
}
