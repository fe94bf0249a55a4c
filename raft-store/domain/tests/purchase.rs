//! The story of a sell-out, told in commands: one creator, few units, many buyers.

use livedrop_domain::accounts::{self, Role};
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::clock::Tick;
use livedrop_domain::drops::{self, NewItem, Schedule};
use livedrop_domain::orders::{self, Order, Place};
use livedrop_domain::payments::{self, Gateway, Pay, Report, Stage, With};
use livedrop_domain::{
    AccountId, Applied, Command, Currency, DropId, Event, Idempotency, MemView, Money, OrderId, Outcome, Overlay,
    ProductId, Rejection, Reply, Request, Timestamp, apply, codec, invariants, products,
};

const ADA: AccountId = AccountId::from_u128(1);
const LAMP: ProductId = ProductId::from_u128(2);
const SALE: DropId = DropId::from_u128(3);
const HOLD_MS: u64 = 60_000;
const OPENING: Timestamp = Timestamp(1_790_000_000_000);

#[test]
fn two_hundred_buyers_want_one_unit_and_one_gets_it() {
    let mut shop = Shop::with_lamps(1);
    let answers = shop.entry((1..=200).map(|buyer| buys_one(buyer, buyer)));

    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((served.len(), refused.len()), (1, 199));
    assert!(refused.iter().all(|answer| *answer == Err(orders::Rejection::SoldOut.into())));
    assert_eq!(shop.counts(), Counts { available: 0, held: 1, sold: 0 });
    assert_eq!(shop.told(sold_out()), 1);
}

#[test]
fn the_first_in_the_log_gets_the_last_unit() {
    let mut shop = Shop::with_lamps(3);
    shop.entry([buys(1, 1, 2)]);
    let answers = shop.entry([buys_one(2, 2), buys_one(3, 3)]);

    assert_eq!(buyer_of(&answers[0]), Some(buyer(2)));
    assert_eq!(answers[1], Err(orders::Rejection::SoldOut.into()));
}

#[test]
fn two_entries_of_one_batch_see_each_other() {
    let mut shop = Shop::with_lamps(1);
    let answers = shop.batch([vec![buys_one(1, 1)], vec![buys_one(2, 2)]]);

    assert_eq!(buyer_of(&answers[0][0]), Some(buyer(1)));
    assert_eq!(answers[1], [Err(orders::Rejection::SoldOut.into())]);
    assert_eq!(shop.counts(), Counts { available: 0, held: 1, sold: 0 });
}

#[test]
fn a_buyer_who_asks_again_in_the_same_entry_has_one_order() {
    let mut shop = Shop::with_lamps(5);
    let impatient = |order| with_key(7, buys_one(order, 7));
    let answers = shop.entry([impatient(1), impatient(2), impatient(3)]);

    assert_eq!(answers, vec![answers[0].clone(); 3]);
    assert_eq!(shop.counts(), Counts { available: 4, held: 1, sold: 0 });
}

#[test]
fn a_unit_given_back_goes_to_the_next_who_asks() {
    let mut shop = Shop::with_lamps(1);
    let answers = shop.entry([buys_one(1, 1), cancels(1, 1), buys_one(2, 2), buys_one(3, 3)]);

    assert_eq!(buyer_of(&answers[2]), Some(buyer(2)));
    assert_eq!(answers[3], Err(orders::Rejection::SoldOut.into()));
    assert_eq!(shop.told(sold_out()), 2, "twice the last unit went");
}

#[test]
fn what_is_paid_in_time_stays_sold_and_the_rest_is_for_sale_again() {
    let mut shop = Shop::with_lamps(2);
    shop.entry([buys_one(1, 1), buys_one(2, 2)].into_iter().chain(pays(1, 1)));
    assert_eq!(shop.entry([buys_one(3, 3)]), [Err(orders::Rejection::SoldOut.into())]);

    shop.now = OPENING.after_ms(HOLD_MS);
    shop.entry([asks(Command::Clock(Tick::of(100)))]);
    assert_eq!(shop.counts(), Counts { available: 1, held: 0, sold: 1 });

    let answers = shop.entry([buys_one(4, 4), cancels(2, 2), cancels(1, 1)]);
    assert_eq!(buyer_of(&answers[0]), Some(buyer(4)));
    let too_late = |status| Err(payments::Rejection::WrongStatus { status }.into());
    assert_eq!(answers[1], too_late(orders::Status::Expired), "a unit comes back once");
    assert_eq!(answers[2], too_late(orders::Status::Confirmed));
}

#[test]
fn a_sale_to_the_last_of_a_thousand_units() {
    let mut shop = Shop::with_lamps(1_000);
    let mut sold = 0;
    for round in 0..50 {
        let buyers = || (1..=30).map(|n| round * 30 + n);
        let answers = shop.entry(buyers().map(|n| buys_one(n, n)));
        let served = buyers().zip(answers).filter(|(_, answer)| answer.is_ok());
        let paid = shop.entry(served.flat_map(|(n, _)| pays(n, n)));
        sold += paid.iter().filter(|answer| answer.is_ok()).count();
    }
    assert_eq!((sold, shop.counts()), (1_000, Counts { available: 0, held: 0, sold: 1_000 }));
}

type Answer = Result<Order, Rejection>;

#[derive(Debug, PartialEq)]
struct Counts {
    available: u64,
    held: u64,
    sold: u64,
}

struct Shop {
    rows: MemView,
    now: Timestamp,
    index: u64,
    facts: Vec<Event>,
}

impl Shop {
    /// Ada's lamps are for sale.
    fn with_lamps(stock: u64) -> Shop {
        let mut shop = Shop { rows: MemView::default(), now: OPENING, index: 0, facts: Vec::new() };
        shop.apply([vec![
            asks(accounts::Command::Register(ada())),
            asks(products::Command::Create(lamp())),
            asks(drops::Command::Schedule(sale(stock))),
        ]]);
        shop
    }

    /// Applies one entry. Gives the orders, or why there are none.
    fn entry(&mut self, requests: impl IntoIterator<Item = Request>) -> Vec<Answer> {
        let [answers] = self.batch([requests.into_iter().collect()]);
        answers
    }

    /// Applies entries that reach the disk together.
    fn batch<const N: usize>(&mut self, entries: [Vec<Request>; N]) -> [Vec<Answer>; N] {
        self.apply(entries).map(|applied| applied.outcomes.into_iter().filter_map(order).collect())
    }

    fn apply<const N: usize>(&mut self, entries: [Vec<Request>; N]) -> [Applied; N] {
        let mut overlay = Overlay::default();
        let applied = entries.map(|requests| {
            let mut batch = BatchBuilder::new();
            requests.iter().for_each(|request| batch.push(&codec::encode(request)));
            self.index += 1;
            apply(&self.rows, &mut overlay, self.index, &batch.finish(self.now)).expect("no fault")
        });
        self.rows.write(&mut overlay);
        self.facts.extend(applied.iter().flat_map(|applied| applied.facts.clone()));
        invariants::check(&self.rows).expect("every unit is in one place");
        applied
    }

    fn counts(&self) -> Counts {
        let stock = drops::stock(&self.rows, SALE).expect("the sale has counts");
        let lamps = &stock.0[0];
        Counts { available: lamps.available, held: lamps.held, sold: lamps.sold }
    }

    fn told(&self, fact: drops::Event) -> usize {
        self.facts.iter().filter(|told| **told == Event::Drops(fact.clone())).count()
    }
}

fn asks(command: impl Into<Command>) -> Request {
    Request { request_id: "sell-out".into(), idempotency: None, command: command.into(), by: None }
}

fn with_key(who: u128, request: Request) -> Request {
    let idempotency = Idempotency { account: buyer(who), key_hash: [1; 16], body_hash: [2; 16] };
    Request { idempotency: Some(idempotency), ..request }
}

fn buyer(n: u128) -> AccountId {
    AccountId::from_u128(1_000 + n)
}

fn buys_one(order: u128, who: u128) -> Request {
    buys(order, who, 1)
}

fn buys(order: u128, who: u128, quantity: u32) -> Request {
    let order_id = OrderId::from_u128(order);
    asks(orders::Command::Place(Place { order_id, buyer_id: buyer(who), drop_id: SALE, sku: None, quantity }))
}

fn cancels(order: u128, who: u128) -> Request {
    let cancel = payments::Cancel { order_id: OrderId::from_u128(order), buyer_id: buyer(who) };
    asks(payments::Command::Cancel(cancel))
}

/// Begins to pay, and has the gateway make the intent and charge it.
fn pays(order: u128, who: u128) -> [Request; 3] {
    let (order_id, buyer_id) = (OrderId::from_u128(order), buyer(who));
    let with = With { gateway: Gateway::Sandbox, method: "pm_card_visa".into(), hold_ms: 0, give_up_ms: 30_000 };
    let report = |attempt, result| asks(payments::Command::Report(Report { order_id, attempt, result }));
    [
        asks(payments::Command::Pay(Pay { order_id, buyer_id, with })),
        report(1, payments::Outcome::Created { intent_id: format!("pi_{order}") }),
        report(2, payments::Outcome::Succeeded),
    ]
}

fn order(outcome: Outcome) -> Option<Answer> {
    match outcome.answer {
        Ok(Reply::Orders(orders::Reply::Placed(order))) => Some(Ok(order)),
        Ok(Reply::Payments(payments::Reply::Cancelled(order, _))) => Some(Ok(order)),
        Ok(Reply::Payments(payments::Reply::Changed(order, payment))) if payment.stage == Stage::Charged => {
            Some(Ok(order))
        }
        Ok(_) => None,
        Err(rejection) => Some(Err(rejection)),
    }
}

fn buyer_of(answer: &Answer) -> Option<AccountId> {
    answer.as_ref().ok().map(|order| order.buyer_id)
}

fn sold_out() -> drops::Event {
    drops::Event::SoldOut { drop_id: SALE, creator_id: ADA }
}

fn ada() -> accounts::Register {
    accounts::Register {
        account_id: ADA,
        email: "ada@example.com".into(),
        display_name: "Ada".into(),
        role: Role::Creator,
        password_hash: "$argon2id$".into(),
    }
}

fn lamp() -> products::Create {
    products::Create {
        product_id: LAMP,
        creator_id: ADA,
        name: "Lamp".into(),
        description: String::new(),
        image_url: None,
        price: Money { amount: 4_999, currency: Currency::EUR },
        tags: vec![],
    }
}

fn sale(stock: u64) -> Schedule {
    Schedule {
        drop_id: SALE,
        creator_id: ADA,
        product_id: LAMP,
        starts_at: None,
        ends_at: None,
        items: vec![NewItem { sku: "default".into(), stock }],
        per_customer_limit: 2,
        hold_ms: HOLD_MS,
        low_stock_threshold: 0,
    }
}
