//! A machine in memory, and the shop that most tests begin with.

use std::cell::Cell;

use super::apply;
use crate::accounts::{self, Role};
use crate::batch::BatchBuilder;
use crate::clock::{Kept, Tick};
use crate::drops::{self, NewItem, Schedule};
use crate::orders::{self, Order, Place};
use crate::payments::{self, Gateway, Payment, Report, With};
use crate::products::{self, Create};
use crate::view::{Order as Way, Row};
use crate::words::{By, Command, Event, Idempotency, Outcome, Rejection, Reply, Request};
use crate::{
    AccountId, Currency, DropId, Fault, MemView, Money, OrderId, Overlay, ProductId, Timestamp, View, clock, codec,
    invariants,
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

/// A view that counts what is read of it in runs.
struct Counting<'v> {
    view: &'v MemView,
    scanned: Cell<usize>,
}

impl View for Counting<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.view.get(key)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Way, limit: usize) -> Result<Vec<Row>, Fault> {
        let rows = self.view.scan(from, to, order, limit)?;
        self.scanned.set(self.scanned.get() + rows.len());
        Ok(rows)
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

pub(crate) fn signing_key(id: &str) -> accounts::SigningKey {
    let (private, public) = (vec![1; 48], vec![2; 32]);
    accounts::SigningKey { id: id.to_owned(), private, public, added_at: None, retires_at: None }
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

/// A card at a gateway.
pub(crate) fn with() -> With {
    With { gateway: Gateway::Sandbox, method: "pm_card_visa".into(), hold_ms: 90_000, give_up_ms: 30_000 }
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
        self.apply(None, None, command.into())
    }

    pub fn run_by(&mut self, by: Option<By>, command: Command) -> Result<Reply, Rejection> {
        self.apply(None, by, command)
    }

    /// Does not check the state after it: a test has broken it.
    pub fn run_unchecked(&mut self, command: impl Into<Command>) -> Result<Reply, Rejection> {
        self.apply_unchecked(None, None, command.into())
    }

    pub fn run_keyed(&mut self, buyer: u128, key: &str, body: &str, command: Command) -> Result<Reply, Rejection> {
        let digest = |text: &str| blake3::hash(text.as_bytes()).as_bytes()[..16].try_into().expect("16 of 32 bytes");
        let idempotency = Idempotency { account: self.buyer(buyer), key_hash: digest(key), body_hash: digest(body) };
        self.apply(Some(idempotency), None, command)
    }

    fn apply(
        &mut self,
        idempotency: Option<Idempotency>,
        by: Option<By>,
        command: Command,
    ) -> Result<Reply, Rejection> {
        let answer = self.apply_unchecked(idempotency, by, command);
        invariants::check(&self.view).expect("every invariant holds after every entry");
        answer
    }

    fn apply_unchecked(
        &mut self,
        idempotency: Option<Idempotency>,
        by: Option<By>,
        command: Command,
    ) -> Result<Reply, Rejection> {
        let mut batch = BatchBuilder::new();
        batch.push(&codec::encode(&Request { request_id: "test".into(), idempotency, command, by }));
        self.index += 1;
        let mut overlay = Overlay::default();
        let applied = apply(&self.view, &mut overlay, self.index, &batch.finish(self.now)).expect("no fault");
        self.view.write(&mut overlay);
        self.facts.extend(applied.facts);
        self.last = applied.outcomes.into_iter().next().expect("one request, one outcome");
        self.last.answer.clone()
    }

    /// How many stored rows are read in runs by one entry of these commands; nothing comes of it.
    pub fn rows_scanned(&self, commands: Vec<Command>) -> usize {
        let mut batch = BatchBuilder::new();
        for command in commands {
            let request = Request { request_id: "test".into(), idempotency: None, command, by: None };
            batch.push(&codec::encode(&request));
        }
        self.rows_scanned_by(|view| {
            let applied = apply(view, &mut Overlay::default(), self.index + 1, &batch.finish(self.now));
            assert!(applied.expect("no fault").outcomes.iter().all(|outcome| outcome.answer.is_ok()));
        })
    }

    /// How many stored rows a look at the state reads in runs.
    pub fn rows_scanned_by(&self, look: impl FnOnce(&dyn View)) -> usize {
        let counting = Counting { view: &self.view, scanned: Cell::new(0) };
        look(&counting);
        counting.scanned.get()
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

    /// Begins to pay for an order.
    pub fn pay(&mut self, order: u128, buyer: u128) -> Result<(Order, Payment), Rejection> {
        let pay = payments::Pay { order_id: OrderId::from_u128(order), buyer_id: self.buyer(buyer), with: with() };
        changed(self.run(payments::Command::Pay(pay)))
    }

    /// Says what the gateway said about the latest intent of an order that has one.
    pub fn report(&mut self, order: u128, result: payments::Outcome) -> Result<(Order, Payment), Rejection> {
        let attempt = self.payment(order).attempt;
        self.report_of(order, attempt, result)
    }

    pub fn report_of(
        &mut self,
        order: u128,
        attempt: u32,
        result: payments::Outcome,
    ) -> Result<(Order, Payment), Rejection> {
        let report = Report { order_id: OrderId::from_u128(order), attempt, result };
        changed(self.run(payments::Command::Report(report)))
    }

    /// Places an order of one unit, or more, and has the gateway make the intent to pay for it.
    pub fn confirming(&mut self, order: u128, buyer: u128, quantity: u32) -> (Order, Payment) {
        self.place(order, buyer, quantity).expect("there are enough");
        self.pay(order, buyer).expect("it is reserved");
        let created = payments::Outcome::Created { intent_id: format!("pi_{order}") };
        self.report(order, created).expect("it is the latest")
    }

    /// Places an order and has it paid.
    pub fn paid(&mut self, order: u128, buyer: u128, quantity: u32) -> (Order, Payment) {
        self.confirming(order, buyer, quantity);
        self.report(order, payments::Outcome::Succeeded).expect("it is the latest")
    }

    pub fn cancel_command(&self, order: u128, buyer: u128) -> Command {
        let cancel = payments::Cancel { order_id: OrderId::from_u128(order), buyer_id: self.buyer(buyer) };
        payments::Command::Cancel(cancel).into()
    }

    pub fn cancel(&mut self, order: u128, buyer: u128) -> Result<(Order, Option<Payment>), Rejection> {
        self.run(self.cancel_command(order, buyer)).map(|reply| match reply {
            Reply::Payments(payments::Reply::Cancelled(order, payment)) => (order, payment.map(|payment| *payment)),
            other => panic!("not cancelled: {other:?}"),
        })
    }

    /// An order that is there.
    pub fn order(&self, n: u128) -> Order {
        orders::get(&self.view, OrderId::from_u128(n)).expect("memory does not fail").expect("orders stay")
    }

    /// The payment of an order that has one.
    pub fn payment(&self, n: u128) -> Payment {
        payments::get(&self.view, OrderId::from_u128(n)).expect("memory does not fail").expect("payments stay")
    }

    /// How many units of the first variant are available, held and sold.
    pub fn counts(&self) -> (u64, u64, u64) {
        let stock = drops::stock(&self.view, drop(1).drop_id).expect("it is there");
        (stock.0[0].available, stock.0[0].held, stock.0[0].sold)
    }

    pub fn tick(&mut self) {
        self.tick_with(1_000);
    }

    pub fn tick_with(&mut self, budget: u32) {
        self.run(Command::Clock(Tick::of(budget))).expect("a tick is never rejected");
    }

    pub fn tick_keeping(&mut self, budget: u32, kept: Kept) {
        self.run(Command::Clock(Tick::keeping(budget, kept))).expect("a tick is never rejected");
    }

    /// How many events of this name were told.
    pub fn told(&self, name: &str) -> usize {
        let is = |event: &&Event| format!("{event:?}").split(['(', ')', ' ', '{']).any(|word| word == name);
        self.facts.iter().filter(is).count()
    }
}

fn changed(answer: Result<Reply, Rejection>) -> Result<(Order, Payment), Rejection> {
    answer.map(|reply| match reply {
        Reply::Payments(payments::Reply::Changed(order, payment)) => (order, *payment),
        other => panic!("not changed: {other:?}"),
    })
}

fn placed(answer: Result<Reply, Rejection>) -> Result<Order, Rejection> {
    answer.map(|reply| match reply {
        Reply::Orders(orders::Reply::Placed(order)) => order,
        other => panic!("not placed: {other:?}"),
    })
}
