//! A cluster in memory: its state, its time, and one entry for each command.

use livedrop_domain::accounts::{self, Role};
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::clock::{self, Tick};
use livedrop_domain::drops::{self, NewItem, Schedule, Steer};
use livedrop_domain::orders::{self, Order, Place};
use livedrop_domain::payments::{self, AskRefund, Cancel, Pay, Payment, With};
use livedrop_domain::{
    AccountId, Command, Currency, DropId, MemView, Money, OrderId, Overlay, ProductId, Rejection, Reply, Request,
    Timestamp, apply, codec, invariants, products,
};

const CREATOR: AccountId = AccountId::from_u128(1);
const BUYER: AccountId = AccountId::from_u128(2);
const PRODUCT: ProductId = ProductId::from_u128(1);
const DROP: DropId = DropId::from_u128(1);
pub const HOLD_MS: u64 = 60_000;
/// Fewer than what is ordered, so that units that come back are sold again.
const UNITS: u64 = 4;

pub struct Shop {
    pub view: MemView,
    now: Timestamp,
    index: u64,
}

impl Shop {
    pub fn open() -> Shop {
        let mut shop = Shop { view: MemView::default(), now: Timestamp(1_000_000), index: 0 };
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
            name: "Lamp".into(),
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
            items: vec![NewItem { sku: "default".into(), stock: UNITS }],
            per_customer_limit: 0,
            hold_ms: HOLD_MS,
            low_stock_threshold: 0,
        };
        shop.run(accounts::Command::Register(creator)).expect("nobody has the address");
        shop.run(products::Command::Create(product)).expect("the creator may");
        shop.run(drops::Command::Schedule(drop)).expect("the creator may");
        shop
    }

    /// Applies a command, and checks every law of the state after it.
    pub fn run(&mut self, command: impl Into<Command>) -> Result<Reply, Rejection> {
        let request = Request { request_id: "gateway".into(), idempotency: None, command: command.into(), by: None };
        let mut batch = BatchBuilder::new();
        batch.push(&codec::encode(&request));
        self.index += 1;
        let mut overlay = Overlay::default();
        let applied = apply(&self.view, &mut overlay, self.index, &batch.finish(self.now)).expect("no fault");
        self.view.write(&mut overlay);
        invariants::check(&self.view).expect("every law holds after every entry");
        applied.outcomes.into_iter().next().expect("one request, one outcome").answer
    }

    /// What buyers and creators ask for may be refused.
    pub fn place(&mut self, order_id: OrderId) {
        let place = Place { order_id, buyer_id: BUYER, drop_id: DROP, sku: None, quantity: 1 };
        self.run(orders::Command::Place(place)).ok();
    }

    pub fn pay(&mut self, order_id: OrderId) {
        let gateway = payments::Gateway::Sandbox;
        let with = With { gateway, method: "pm_card".into(), hold_ms: HOLD_MS, give_up_ms: HOLD_MS / 2 };
        self.run(payments::Command::Pay(Pay { order_id, buyer_id: BUYER, with })).ok();
    }

    pub fn cancel(&mut self, order_id: OrderId) {
        self.run(payments::Command::Cancel(Cancel { order_id, buyer_id: BUYER })).ok();
    }

    pub fn refund(&mut self, order_id: OrderId, amount: Option<u64>) {
        let restock = amount.is_none();
        let ask = AskRefund { order_id, by: CREATOR, operator: false, amount, restock };
        self.run(payments::Command::Refund(ask)).ok();
    }

    pub fn cancel_drop(&mut self) {
        self.run(drops::Command::Cancel(Steer { drop_id: DROP, creator_id: CREATOR })).ok();
    }

    /// Time passes, and the clock does what is due.
    pub fn pass(&mut self, ms: u64) {
        self.now = self.now.after_ms(ms);
        while clock::is_due(&self.view, self.now).expect("memory does not fail") {
            self.run(Command::Clock(Tick::of(2))).expect("a tick is never rejected");
        }
    }

    pub fn open_payments(&self) -> Vec<Payment> {
        payments::open(&self.view, None, usize::MAX).expect("memory does not fail")
    }

    pub fn order(&self, id: OrderId) -> Option<Order> {
        orders::get(&self.view, id).expect("memory does not fail")
    }

    pub fn payment(&self, id: OrderId) -> Option<Payment> {
        payments::get(&self.view, id).expect("memory does not fail")
    }
}
