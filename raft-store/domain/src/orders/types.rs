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
    /// A payment was begun; the units stay held until it is known what came of it.
    #[n(4)]
    Paying,
    /// It was not paid, as the gateway said.
    #[n(5)]
    Failed,
    /// All that was paid is on its way back.
    #[n(6)]
    Refunding,
    #[n(7)]
    Refunded,
}

impl Status {
    /// Whether nothing more will happen to the order by itself.
    pub fn is_final(self) -> bool {
        !matches!(self, Status::Reserved | Status::Paying | Status::Refunding)
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
    /// Until when the units are held for whoever has not begun to pay. Stays as it was when the order was placed.
    #[n(9)]
    pub hold_expires_at: Timestamp,
    /// The log index of the entry that placed it.
    #[n(10)]
    pub placed_index: u64,
    /// The log index of the last change.
    #[n(11)]
    pub version: u64,
    /// Until when the units are held since the payment began.
    #[n(12)]
    pub extended_to: Option<Timestamp>,
}

impl Order {
    /// Until when the units are held.
    pub fn held_until(&self) -> Timestamp {
        self.extended_to.unwrap_or(self.hold_expires_at)
    }

    /// The price of all its units.
    pub fn amount(&self) -> Money {
        self.unit_price.times(self.quantity).expect("a price and a quantity within their limits have a product")
    }
}
