//! A machine in memory, and the shop that most tests begin with.

use super::apply;
use crate::accounts::{self, Role};
use crate::batch::BatchBuilder;
use crate::clock::Tick;
use crate::drops::{self, NewItem, Schedule};
use crate::orders::{self, Order, Place};
use crate::products::{self, Create};
use crate::words::{Command, Event, Idempotency, Outcome, Rejection, Reply, Request};
use crate::{
    AccountId, Currency, DropId, MemView, Money, OrderId, Overlay, ProductId, Timestamp, clock, codec, invariants,
};

pub(crate) struct Machine {
    pub view: MemView,
    pub now: Timestamp,
    /// Of the last entry.
    pub index: u64,
    pub last: Outcome,
    facts: Vec<Event>,
}

impl Default for Machine {
    fn default() -> Self {
        let answer = Ok(Reply::Clock(clock::Ticked { done: 0, more: false }));
        Machine {
            view: MemView::default(),
            now: Timestamp(1_000_000),
            index: 0,
            last: Outcome { index: 0, replayed: false, answer },
            facts: Vec::new(),
        }
    }
}

pub(crate) fn account(n: u128, role: Role) -> accounts::Register {
    accounts::Register {
        account_id: AccountId::from_u128(n),
        email: format!("account-{n}@example.com"),
        display_name: format!("Account {n}"),
        role,
        password_hash: "$argon2id$".into(),
    }
}

pub(crate) fn product(n: u128, creator: u128) -> Create {
    Create {
        product_id: ProductId::from_u128(n),
        creator_id: AccountId::from_u128(creator),
        name: format!("Product {n}"),
        description: String::new(),
        image_url: None,
        price: Money { amount: 4_999, currency: Currency::EUR },
        tags: vec![],
    }
}

/// Five units of product 1 of creator 1, live at once.
pub(crate) fn drop(n: u128) -> Schedule {
    Schedule {
        drop_id: DropId::from_u128(n),
        creator_id: AccountId::from_u128(1),
        product_id: ProductId::from_u128(1),
        starts_at: None,
        ends_at: None,
        items: vec![NewItem { sku: "default".into(), stock: 5 }],
        per_customer_limit: 0,
        hold_ms: 60_000,
        low_stock_threshold: 0,
    }
}

impl Machine {
    pub fn with_creator() -> Self {
        let mut machine = Machine::default();
        machine.run(accounts::Command::Register(account(1, Role::Creator))).expect("nobody has the address");
        machine
    }

    pub fn with_product() -> Self {
        let mut machine = Machine::with_creator();
        machine.run(products::Command::Create(product(1, 1))).expect("the creator may");
        machine
    }

    pub fn with_drop(stock: u64) -> Self {
        let mut machine = Machine::with_product();
        let items = vec![NewItem { sku: "default".into(), stock }];
        machine.run(drops::Command::Schedule(Schedule { items, ..drop(1) })).expect("the creator may");
        machine
    }

    /// Applies one entry of one command, and checks every invariant of the state after it.
    pub fn run(&mut self, command: impl Into<Command>) -> Result<Reply, Rejection> {
        self.apply(None, command.into())
    }

    pub fn run_keyed(&mut self, buyer: u128, key: &str, body: &str, command: Command) -> Result<Reply, Rejection> {
        let digest = |text: &str| blake3::hash(text.as_bytes()).as_bytes()[..16].try_into().expect("16 of 32 bytes");
        let idempotency = Idempotency { account: self.buyer(buyer), key_hash: digest(key), body_hash: digest(body) };
        self.apply(Some(idempotency), command)
    }

    fn apply(&mut self, idempotency: Option<Idempotency>, command: Command) -> Result<Reply, Rejection> {
        let mut batch = BatchBuilder::new();
        batch.push(&codec::encode(&Request { request_id: "test".into(), idempotency, command }));
        self.index += 1;
        let mut overlay = Overlay::default();
        let applied = apply(&self.view, &mut overlay, self.index, &batch.finish(self.now)).expect("no fault");
        self.view.write(&mut overlay);
        self.facts.extend(applied.facts);
        self.last = applied.outcomes.into_iter().next().expect("one request, one outcome");
        invariants::check(&self.view).expect("every invariant holds after every entry");
        self.last.answer.clone()
    }

    pub fn buyer(&self, n: u128) -> AccountId {
        AccountId::from_u128(1_000 + n)
    }

    pub fn place_command(&self, order: u128, buyer: u128, sku: Option<&str>, quantity: u32) -> Command {
        let place = Place {
            order_id: OrderId::from_u128(order),
            buyer_id: self.buyer(buyer),
            drop_id: drop(1).drop_id,
            sku: sku.map(str::to_owned),
            quantity,
        };
        orders::Command::Place(place).into()
    }

    pub fn place(&mut self, order: u128, buyer: u128, quantity: u32) -> Result<Order, Rejection> {
        self.place_sku(order, buyer, None, quantity)
    }

    pub fn place_sku(
        &mut self,
        order: u128,
        buyer: u128,
        sku: Option<&str>,
        quantity: u32,
    ) -> Result<Order, Rejection> {
        placed(self.run(self.place_command(order, buyer, sku, quantity)))
    }

    /// One unit, with an idempotency key.
    pub fn place_keyed(&mut self, order: u128, buyer: u128, key: &str) -> Result<Order, Rejection> {
        placed(self.run_keyed(buyer, key, "one unit", self.place_command(order, buyer, None, 1)))
    }

    pub fn tick(&mut self) {
        self.tick_with(1_000);
    }

    pub fn tick_with(&mut self, budget: u32) {
        self.run(Command::Clock(Tick { budget })).expect("a tick is never rejected");
    }

    /// How many events of this name were told.
    pub fn told(&self, name: &str) -> usize {
        let is = |event: &&Event| format!("{event:?}").split(['(', ')', ' ', '{']).any(|word| word == name);
        self.facts.iter().filter(is).count()
    }
}

fn placed(answer: Result<Reply, Rejection>) -> Result<Order, Rejection> {
    answer.map(|reply| match reply {
        Reply::Orders(orders::Reply::Placed(order)) => order,
        other => panic!("not placed: {other:?}"),
    })
}
