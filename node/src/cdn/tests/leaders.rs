//! What leaders tell, and where the next one goes on.

use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::accounts::{self, Role};
use livedrop_domain::drops::{self, NewItem, Schedule, Steer};
use livedrop_domain::{
    AccountId, Command, Currency, DropId, Money, ProductId, Request, Timestamp, cdn, journal, products,
};

use super::super::generic::Generic;
use super::super::progress::{Progress, Term};
use super::super::teller::Round;
use super::super::{AGAIN_AFTER_MS, Provider, Teller};
use super::{Stub, refusal};
use crate::rest::{Double, Shop, look};

const CREATOR: AccountId = AccountId::from_u128(1);
const PRODUCT: ProductId = ProductId::from_u128(2);

/// A shop with a product whose caches know everything that has happened.
struct Told {
    shop: Arc<Double>,
    stub: Stub,
    leader: Leader,
}

/// A leader, with what it remembers.
struct Leader {
    teller: Arc<Teller>,
    term: Option<(Term, Vec<Progress>)>,
}

impl Leader {
    fn new(shop: &Arc<Double>, stubs: &[&Stub]) -> Self {
        let caches = stubs.iter().map(|stub| Generic::new(&stub.url, None, Duration::from_secs(5)).unwrap());
        let caches: Vec<_> = caches.map(Provider::Generic).collect();
        Leader { teller: Teller::new(shop.clone(), caches), term: None }
    }

    /// A round of the only cache.
    async fn round(&mut self) -> Round {
        self.round_of(0).await
    }

    async fn round_of(&mut self, cache: usize) -> Round {
        if self.term.is_none() {
            let term = self.teller.begin().expect("memory does not fail");
            let progress = (0..=cache.max(1)).map(|_| Progress::at(term.cursor())).collect();
            self.term = Some((term, progress));
        }
        let (term, progress) = self.term.as_mut().expect("it has begun");
        let round = self.teller.round(term, cache, &mut progress[cache]).await.expect("memory does not fail");
        if round == Round::Overtaken {
            self.term = None;
        }
        round
    }
}

impl Told {
    async fn new() -> Self {
        let (shop, stub) = (Arc::new(Double::at(Timestamp(1_000_000))), Stub::answering([]).await);
        let mut told = Told { leader: Leader::new(&shop, &[&stub]), shop, stub };
        let register = accounts::Register {
            account_id: CREATOR,
            email: "ada@example.com".into(),
            display_name: "Ada".into(),
            role: Role::Creator,
            password_hash: "$argon2id$".into(),
        };
        told.run(accounts::Command::Register(register)).await;
        let create = products::Create {
            product_id: PRODUCT,
            creator_id: CREATOR,
            name: "Poster".into(),
            description: String::new(),
            image_url: None,
            price: Money { amount: 1, currency: Currency::EUR },
            tags: vec![],
        };
        told.run(products::Command::Create(create)).await;
        told.settle().await;
        told.stub.take();
        told
    }

    async fn run(&self, command: impl Into<Command>) {
        let request = Request { request_id: "test".into(), idempotency: None, command: command.into(), by: None };
        let outcome = self.shop.propose(request).await.expect("it is in memory");
        assert!(outcome.answer.is_ok(), "{outcome:?}");
    }

    async fn schedule(&self, n: u128) {
        let schedule = Schedule {
            drop_id: DropId::from_u128(n),
            creator_id: CREATOR,
            product_id: PRODUCT,
            starts_at: None,
            ends_at: None,
            items: vec![NewItem { sku: "default".into(), stock: 5 }],
            per_customer_limit: 0,
            hold_ms: 60_000,
            low_stock_threshold: 0,
        };
        self.run(drops::Command::Schedule(schedule)).await;
    }

    async fn pause(&self, n: u128) {
        let steer = Steer { drop_id: DropId::from_u128(n), creator_id: CREATOR };
        self.run(drops::Command::Pause(steer)).await;
    }

    /// Tells all there is, twice.
    async fn settle(&mut self) {
        assert_eq!(self.leader.round().await, Round::Done);
        self.shop.pass(AGAIN_AFTER_MS);
        assert_eq!(self.leader.round().await, Round::Done);
    }

    /// The purged keys of each request since it was last looked.
    fn purged(&self) -> Vec<String> {
        self.stub.take().iter().filter_map(|seen| seen.header("xkey-purge").map(str::to_owned)).collect()
    }

    fn cursor(&self) -> u64 {
        look(&*self.shop, cdn::cursor).expect("memory does not fail").what.through
    }

    fn head(&self) -> u64 {
        look(&*self.shop, journal::meta).expect("memory does not fail").what.index
    }
}

fn keys(n: u128) -> String {
    format!("drop-{} drops", DropId::from_u128(n))
}

#[tokio::test]
async fn caches_that_were_never_told_anything_forget_everything() {
    let (shop, stub) = (Arc::new(Double::at(Timestamp(1_000_000))), Stub::answering([]).await);
    let mut leader = Leader::new(&shop, &[&stub]);
    assert_eq!(leader.round().await, Round::Done);
    assert!(stub.take().is_empty(), "nothing has happened");
    shop.pass(1);
    assert_eq!(leader.round().await, Round::Done);
    let seen = stub.take();
    assert_eq!(seen.iter().map(|seen| seen.header("xkey-purge-all")).collect::<Vec<_>>(), [Some("1")]);
}

#[tokio::test]
async fn what_happened_is_told_at_once_and_once_more_and_then_noted_in_the_log() {
    let mut told = Told::new().await;
    let before = told.cursor();
    told.schedule(7).await;
    let through = told.head();
    assert_eq!(told.leader.round().await, Round::Done);
    assert_eq!((told.purged(), told.cursor()), (vec![keys(7)], before), "an answer may still be on its way");
    assert_eq!(told.leader.round().await, Round::Done);
    assert_eq!(told.purged(), [""; 0], "it is not yet time");
    told.shop.pass(AGAIN_AFTER_MS);
    assert_eq!(told.leader.round().await, Round::Done);
    assert_eq!((told.purged(), told.cursor() >= through), (vec![keys(7)], true));
    told.settle().await;
    assert_eq!(told.purged(), [""; 0], "it was told twice");
}

#[tokio::test]
async fn what_happened_together_is_told_together() {
    let mut told = Told::new().await;
    for n in 1..=40 {
        told.schedule(n).await;
    }
    assert_eq!(told.leader.round().await, Round::Done);
    let counts: Vec<_> = told.purged().iter().map(|keys| keys.split(' ').count()).collect();
    assert_eq!(counts, [30, 11], "forty drops, and the lists of them");
}

#[tokio::test]
async fn a_provider_that_fails_is_asked_again_and_nothing_is_skipped() {
    let mut told = Told::new().await;
    let before = told.cursor();
    told.schedule(7).await;
    told.stub.then(refusal(500));
    told.stub.then(refusal(429));
    for _ in 0..2 {
        assert!(matches!(told.leader.round().await, Round::Failed(_)));
        assert_eq!((told.purged(), told.cursor()), (vec![keys(7)], before));
    }
    told.schedule(8).await;
    assert_eq!(told.leader.round().await, Round::Done);
    let both = [DropId::from_u128(7), DropId::from_u128(8)].map(|id| format!("drop-{id}")).join(" ");
    assert_eq!(told.purged(), [format!("{both} drops")], "what came meanwhile goes with it");
}

#[tokio::test]
async fn a_cache_that_is_dead_is_in_the_way_of_no_other_one() {
    let told = Told::new().await;
    let (before, dead) = (told.cursor(), Stub::answering([]).await);
    let mut leader = Leader::new(&told.shop, &[&dead, &told.stub]);
    for n in [7, 8] {
        told.schedule(n).await;
        dead.then(refusal(503));
        assert!(matches!(leader.round_of(0).await, Round::Failed(_)));
        assert_eq!(leader.round_of(1).await, Round::Done);
        assert_eq!(told.purged(), [keys(n)], "it is told what is new, and not again what it knows");
    }
    told.shop.pass(AGAIN_AFTER_MS);
    assert_eq!(leader.round_of(1).await, Round::Done);
    assert_eq!(told.cursor(), before, "the other one knows nothing yet");
    dead.take();
    for _ in 0..2 {
        assert_eq!(leader.round_of(0).await, Round::Done);
        let seen = dead.take();
        let both = [DropId::from_u128(7), DropId::from_u128(8)].map(|id| format!("drop-{id}")).join(" ");
        assert_eq!(seen[0].header("xkey-purge"), Some(&*format!("{both} drops")));
        told.shop.pass(AGAIN_AFTER_MS);
    }
    assert!(told.cursor() > before);
}

#[tokio::test]
async fn the_next_leader_goes_on_where_the_log_says_and_the_last_one_cannot_move_the_cursor() {
    let mut told = Told::new().await;
    told.schedule(7).await;
    assert_eq!(told.leader.round().await, Round::Done);
    let mut next = Leader::new(&told.shop, &[&told.stub]);
    assert_eq!(next.round().await, Round::Done);
    assert_eq!(told.purged(), [keys(7), keys(7)], "the next leader does not know that it was told");
    told.shop.pass(AGAIN_AFTER_MS);
    assert_eq!(next.round().await, Round::Done);
    let cursor = told.cursor();
    assert_eq!(told.leader.round().await, Round::Overtaken);
    assert_eq!(told.cursor(), cursor);
    told.purged();
    told.pause(7).await;
    assert_eq!(told.leader.round().await, Round::Done);
    assert_eq!(told.purged(), [keys(7)], "it has looked again where the cursor is");
}

#[tokio::test]
async fn a_log_that_does_not_answer_is_told_later() {
    let mut told = Told::new().await;
    let before = told.cursor();
    told.schedule(7).await;
    assert_eq!(told.leader.round().await, Round::Done);
    told.shop.pass(AGAIN_AFTER_MS);
    told.shop.break_with(Some(crate::propose::Unanswered::NoQuorum));
    assert_eq!(told.leader.round().await, Round::Done);
    assert_eq!(told.cursor(), before);
    told.shop.break_with(None);
    assert_eq!(told.leader.round().await, Round::Done);
    assert!(told.cursor() > before);
    assert_eq!(told.purged(), [keys(7), keys(7)]);
}

#[tokio::test]
async fn a_cursor_that_passes_what_caches_need_not_know_moves_now_and_then_only() {
    let mut told = Told::new().await;
    let before = told.cursor();
    for _ in 0..400 {
        told.shop.pass(1);
    }
    while told.leader.round().await == Round::More {}
    let few = told.cursor();
    for _ in 0..200 {
        told.shop.pass(1);
    }
    while told.leader.round().await == Round::More {}
    assert_eq!((few, told.stub.take().len()), (before, 0));
    assert!(told.cursor() >= before + 500);
}
