//! The rows of this room, its limits, and the law of its counts.

use minicbor::{Decode, Encode};

use crate::{AccountId, DropId, Money, ProductId, Timestamp};

/// The most variants of one drop.
pub const ITEMS_MAX: usize = 100;
/// The longest sku, in bytes.
pub const SKU_MAX: usize = 64;
/// The most units of one variant, over all restocks.
pub const STOCK_MAX: u64 = 1_000_000_000;
/// The shortest and the longest hold, in milliseconds: one second and one day.
pub const HOLD_MS: std::ops::RangeInclusive<u64> = 1_000..=86_400_000;

/// Where a drop stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Phase {
    #[n(0)]
    Scheduled,
    #[n(1)]
    Live,
    #[n(2)]
    Paused,
    #[n(3)]
    Ended,
    #[n(4)]
    Cancelled,
}

/// What a drop looks like from outside: its phase, and whether anything is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Status {
    #[n(0)]
    Upcoming,
    #[n(1)]
    Live,
    #[n(2)]
    Paused,
    #[n(3)]
    SoldOut,
    #[n(4)]
    Ended,
    #[n(5)]
    Cancelled,
}

/// The three lists that a drop moves through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    Upcoming = 1,
    Live = 2,
    Ended = 3,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Drop {
    #[n(0)]
    pub id: DropId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub product_id: ProductId,
    /// The product's price when the drop was scheduled, of one unit.
    #[n(3)]
    pub unit_price: Money,
    #[n(4)]
    pub phase: Phase,
    /// Nothing is for sale; what is held may come back.
    #[n(5)]
    pub sold_out: bool,
    /// `LowStock` was told and the stock has not risen above the threshold since.
    #[n(6)]
    pub low_stock_told: bool,
    #[n(7)]
    pub starts_at: Timestamp,
    /// [`Timestamp::NEVER`] for a drop without an end.
    #[n(8)]
    pub ends_at: Timestamp,
    /// 0 is no limit.
    #[n(9)]
    pub per_customer_limit: u32,
    #[n(10)]
    pub hold_ms: u64,
    /// 0 is never.
    #[n(11)]
    pub low_stock_threshold: u64,
    #[n(12)]
    pub created_at: Timestamp,
    /// The log index of the last change other than of its counts.
    #[n(13)]
    pub version: u64,
    /// The variants that somebody waits for, by their places in the stock, in order; not there when nobody waits.
    /// Their units are for whoever is next in line, and for nobody else.
    #[n(14)]
    pub waited_for: Option<Vec<u16>>,
}

impl Drop {
    /// Whether somebody waits for the variant at this place in the stock.
    pub fn is_waited_for(&self, item: usize) -> bool {
        self.waited_for.as_ref().is_some_and(|items| items.iter().any(|waited_for| usize::from(*waited_for) == item))
    }

    /// How many units anybody may buy: of the variants that nobody waits for.
    pub fn for_sale(&self, stock: &Stock) -> u64 {
        match self.waited_for {
            None => stock.available(),
            Some(_) => {
                let items = stock.0.iter().enumerate().filter(|(place, _)| !self.is_waited_for(*place));
                items.map(|(_, item)| item.available).sum()
            }
        }
    }

    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Scheduled => Status::Upcoming,
            Phase::Live if self.sold_out => Status::SoldOut,
            Phase::Live => Status::Live,
            Phase::Paused => Status::Paused,
            Phase::Ended => Status::Ended,
            Phase::Cancelled => Status::Cancelled,
        }
    }

    pub fn stage(&self) -> Stage {
        match self.phase {
            Phase::Scheduled => Stage::Upcoming,
            Phase::Live | Phase::Paused => Stage::Live,
            Phase::Ended | Phase::Cancelled => Stage::Ended,
        }
    }
}

/// The counts of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Item {
    #[n(0)]
    pub sku: String,
    /// All units that were ever for sale: the first stock and every restock.
    #[n(1)]
    pub stock: u64,
    #[n(2)]
    pub available: u64,
    #[n(3)]
    pub held: u64,
    #[n(4)]
    pub sold: u64,
}

impl Item {
    pub(super) fn new(sku: String, stock: u64) -> Item {
        Item { sku, stock, available: stock, held: 0, sold: 0 }
    }

    /// Moves units between two counts, or into them.
    ///
    /// # Panics
    ///
    /// When a count would fall below zero or the law would not hold: the node must stop before it sells what is not there.
    pub(super) fn shift(&mut self, available: i64, held: i64, sold: i64) {
        let moved = |count: u64, by: i64| count.checked_add_signed(by).expect("no count is ever negative");
        (self.available, self.held, self.sold) =
            (moved(self.available, available), moved(self.held, held), moved(self.sold, sold));
        self.assert_conserved();
    }

    /// # Panics
    ///
    /// When `stock = available + held + sold` does not hold.
    pub fn assert_conserved(&self) {
        let counted = self.available.checked_add(self.held).and_then(|sum| sum.checked_add(self.sold));
        assert_eq!(counted, Some(self.stock), "stock = available + held + sold, of {}", self.sku);
    }
}

/// The counts of all variants of a drop, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Stock(#[n(0)] pub Vec<Item>);

impl Stock {
    pub fn available(&self) -> u64 {
        self.0.iter().map(|item| item.available).sum()
    }

    pub fn item(&self, sku: &str) -> Option<&Item> {
        self.0.iter().find(|item| item.sku == sku)
    }

    /// Where the variant is that somebody asks for, who may leave its name out when there is only one.
    pub(crate) fn place_of(&self, sku: Option<&str>) -> Option<usize> {
        match (sku, &self.0[..]) {
            (None, [_]) => Some(0),
            (None, _) => None,
            (Some(sku), items) => items.iter().position(|item| item.sku == sku),
        }
    }

    pub(super) fn item_mut(&mut self, sku: &str) -> Option<&mut Item> {
        self.0.iter_mut().find(|item| item.sku == sku)
    }
}
