//! The row of this room and its limit.

use minicbor::{Decode, Encode};

use crate::{AccountId, DropId, Money, OrderId, ProductId, Timestamp};

/// The most units of one order.
pub const QUANTITY_MAX: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Status {
    #[n(0)]
    Reserved,
    #[n(1)]
    Confirmed,
    #[n(2)]
    Cancelled,
    #[n(3)]
    Expired,
}

impl Status {
    /// Whether nothing more will happen to the order by itself.
    pub fn is_final(self) -> bool {
        self != Status::Reserved
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Order {
    #[n(0)]
    pub id: OrderId,
    #[n(1)]
    pub buyer_id: AccountId,
    #[n(2)]
    pub drop_id: DropId,
    #[n(3)]
    pub product_id: ProductId,
    #[n(4)]
    pub sku: String,
    #[n(5)]
    pub quantity: u32,
    #[n(6)]
    pub unit_price: Money,
    #[n(7)]
    pub status: Status,
    #[n(8)]
    pub created_at: Timestamp,
    #[n(9)]
    pub hold_expires_at: Timestamp,
    /// The log index of the entry that placed it.
    #[n(10)]
    pub placed_index: u64,
    /// The log index of the last change.
    #[n(11)]
    pub version: u64,
}

impl Order {
    /// The price of all its units.
    pub fn amount(&self) -> Money {
        self.unit_price.times(self.quantity).expect("a price and a quantity within their limits have a product")
    }
}
