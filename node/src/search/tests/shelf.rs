//! A shop with a realistic assortment, and an index that follows it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::accounts::{self, Register, Role};
use livedrop_domain::drops::{self, NewItem, Schedule, Steer};
use livedrop_domain::products::{self, Create, Edit, Retire};
use livedrop_domain::{AccountId, Command, Currency, DropId, Money, ProductId, Request, Timestamp};
use livedrop_store::Facts;
use tokio::sync::broadcast;

use crate::rest::tests::double::Double;
use crate::rest::{Shop, look};
use crate::search::follow::{Follower, Kept};
use crate::search::{Asked, Filters, Found, Identity, Place, Search, Settings, Sort, Source};

const NOW: Timestamp = Timestamp(1_795_000_000_000);
/// Creator, name, tags and description of each product.
const SHELF: &str = include_str!("shelf.txt");

pub struct Shelf {
    pub shop: Arc<Double>,
    creators: BTreeMap<&'static str, AccountId>,
    /// What was told, for whoever listens.
    pub facts: broadcast::Sender<Arc<Facts>>,
}

pub fn price(n: u64) -> Money {
    Money { amount: 500 + n * 7_919 % 30_000, currency: Currency::EUR }
}

pub fn product_id(n: u64) -> ProductId {
    // As if one was made each minute: the newest has the greatest.
    ProductId::from_u128((u128::from(NOW.0 + n * 60_000) << 80) + u128::from(n))
}

pub fn drop_id(n: u64) -> DropId {
    DropId::from_u128(1 << 90 | u128::from(n))
}

impl Shelf {
    pub fn empty() -> Self {
        let facts = broadcast::Sender::new(16);
        Shelf { shop: Arc::new(Double::at(NOW)), creators: BTreeMap::new(), facts }
    }

    /// With everything that is on the list, by its numbers from 0 on.
    pub async fn full() -> Self {
        let mut shelf = Shelf::empty();
        for n in 0..Shelf::wares().count() as u64 {
            shelf.put(n).await;
        }
        shelf
    }

    pub fn wares() -> impl Iterator<Item = [&'static str; 4]> {
        SHELF.lines().map(|line| {
            let mut parts = line.split(" | ");
            std::array::from_fn(|_| parts.next().expect("creator, name, tags and description"))
        })
    }

    pub fn name(n: u64) -> &'static str {
        Shelf::wares().nth(n as usize).expect("it is on the list")[1]
    }

    /// Has a command decided, and gives its log index.
    pub async fn tell(&self, command: impl Into<Command>) -> u64 {
        let request = Request { request_id: "test".into(), idempotency: None, command: command.into(), by: None };
        let outcome = self.shop.propose(request).await.expect("nothing is broken");
        assert!(outcome.answer.is_ok(), "{:?}", outcome.answer);
        outcome.index
    }

    pub async fn creator(&mut self, name: &'static str) -> AccountId {
        if let Some(id) = self.creators.get(name) {
            return *id;
        }
        let account_id = AccountId::from_u128(1 + self.creators.len() as u128);
        let command = accounts::Command::Register(Register {
            account_id,
            email: format!("{}@example.com", self.creators.len()),
            display_name: name.into(),
            role: Role::Creator,
            password_hash: "none".into(),
        });
        self.tell(command).await;
        self.creators.insert(name, account_id);
        account_id
    }

    /// Puts a product of the list into the shop.
    pub async fn put(&mut self, n: u64) -> u64 {
        let [creator, name, tags, description] = Shelf::wares().nth(n as usize).expect("it is on the list");
        let creator_id = self.creator(creator).await;
        self.tell(products::Command::Create(Create {
            product_id: product_id(n),
            creator_id,
            name: name.into(),
            description: description.into(),
            image_url: None,
            price: price(n),
            tags: tags.split(", ").map(str::to_owned).collect(),
        }))
        .await
    }

    fn seller(&self, n: u64) -> AccountId {
        self.creators[Shelf::wares().nth(n as usize).expect("it is on the list")[0]]
    }

    pub async fn rename(&self, n: u64, name: &str) -> u64 {
        let id = product_id(n);
        let version = look(&*self.shop, |view| products::get(view, id)).expect("no fault").what.expect("it is there");
        self.tell(products::Command::Edit(Edit {
            product_id: id,
            creator_id: version.creator_id,
            expected_version: version.version,
            name: Some(name.into()),
            description: None,
            image_url: None,
            price: None,
            tags: None,
        }))
        .await
    }

    pub async fn retire(&self, n: u64) -> u64 {
        let (product_id, creator_id) = (product_id(n), self.seller(n));
        self.tell(products::Command::Retire(Retire { product_id, creator_id })).await
    }

    /// Sells a product of the list in a drop of the same number.
    pub async fn sell(&self, n: u64, starts_at: Option<Timestamp>) -> u64 {
        self.tell(drops::Command::Schedule(Schedule {
            drop_id: drop_id(n),
            creator_id: self.seller(n),
            product_id: product_id(n),
            starts_at,
            ends_at: None,
            items: vec![NewItem { sku: "default".into(), stock: 5 }],
            per_customer_limit: 0,
            hold_ms: 60_000,
            low_stock_threshold: 0,
        }))
        .await
    }

    pub async fn end(&self, n: u64) -> u64 {
        let (drop_id, creator_id) = (drop_id(n), self.seller(n));
        self.tell(drops::Command::End(Steer { drop_id, creator_id })).await
    }

    /// A follower of this shop with its index below `root`.
    pub(in crate::search) fn follower(&self, root: &Path) -> Follower {
        let source = Source { shop: self.shop.clone(), facts: self.facts.subscribe() };
        Follower { settings: settings(root), source, search: Search::default() }
    }

    /// An index of this shop, made from its rows.
    pub(in crate::search) fn indexed(&self, root: &Path) -> (Follower, Kept) {
        let mut follower = self.follower(root);
        let mut kept = follower.rebuild(&Default::default()).expect("it can be made");
        follower.bring_up(&mut kept).expect("the shop has no fault");
        follower.show(&kept).expect("it can be read");
        (follower, kept)
    }
}

pub fn settings(root: &Path) -> Settings {
    let identity = Identity { cluster_id: "test".into(), node_id: 1, incarnation: "00".into() };
    let commit_every = Duration::from_millis(20);
    Settings { root: PathBuf::from(root), identity, writer_bytes: 15_000_000, commit_every }
}

pub fn asked(text: &str) -> Asked {
    Asked { text: text.into(), filters: Filters::default(), sort: Sort::Relevance, after: None, limit: 20 }
}

pub async fn ask(search: &Search, asked: Asked) -> Found {
    search.find(asked).await.unwrap_or_else(|why| panic!("{why:?}"))
}

/// The numbers of the products that are found, in order.
pub async fn numbers(search: &Search, asked: Asked) -> Vec<u64> {
    ask(search, asked).await.places.iter().map(number).collect()
}

pub fn number(place: &Place) -> u64 {
    u128::from_be_bytes(place.product().bytes()) as u64 & 0xffff_ffff
}

/// All pages of a question, place by place; between two pages `meanwhile` happens.
pub async fn walk(search: &Search, question: &Asked, mut meanwhile: impl AsyncFnMut()) -> Vec<Place> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let found = ask(search, Asked { after, ..question.clone() }).await;
        all.extend(&found.places);
        after = found.places.last().map(|last| (*last, found.forgiving));
        if !found.more {
            return all;
        }
        meanwhile().await;
    }
}

/// An index of any shop in memory, for the tests of its routes.
pub struct Indexed {
    follower: Follower,
    kept: Kept,
    _directory: tempfile::TempDir,
}

impl Indexed {
    /// Makes the index that `search` shows from now on.
    pub fn of(shop: Arc<Double>, search: Search) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let source = Source { shop, facts: broadcast::Sender::new(1).subscribe() };
        let mut follower = Follower { settings: settings(directory.path()), source, search };
        let kept = follower.rebuild(&Default::default()).expect("it can be made");
        follower.show(&kept).expect("it can be read");
        Indexed { follower, kept, _directory: directory }
    }

    /// Brings it up to what the shop has applied.
    pub fn bring_up(&mut self) {
        self.follower.bring_up(&mut self.kept).expect("the shop has no fault");
    }
}
