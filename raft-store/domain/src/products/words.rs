//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::Product;
use crate::{AccountId, Money, ProductId};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Create(#[n(0)] Create),
    #[n(1)]
    Edit(#[n(0)] Edit),
    #[n(2)]
    Retire(#[n(0)] Retire),
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Create {
    #[n(0)]
    pub product_id: ProductId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub name: String,
    #[n(3)]
    pub description: String,
    #[n(4)]
    pub image_url: Option<String>,
    /// Of one unit.
    #[n(5)]
    pub price: Money,
    #[n(6)]
    pub tags: Vec<String>,
}

/// Changes what is given and leaves the rest. Drops keep the price that they were scheduled with.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Edit {
    #[n(0)]
    pub product_id: ProductId,
    #[n(1)]
    pub creator_id: AccountId,
    /// The version that the caller saw; another one is there now: `Changed`.
    #[n(2)]
    pub expected_version: u64,
    #[n(3)]
    pub name: Option<String>,
    #[n(4)]
    pub description: Option<String>,
    /// An empty text takes the picture away.
    #[n(5)]
    pub image_url: Option<String>,
    #[n(6)]
    pub price: Option<Money>,
    #[n(7)]
    pub tags: Option<Vec<String>>,
}

/// Takes a product out of the shop; its drops and orders stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Retire {
    #[n(0)]
    pub product_id: ProductId,
    #[n(1)]
    pub creator_id: AccountId,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Created(#[n(0)] Product),
    #[n(1)]
    Edited(#[n(0)] Product),
    #[n(2)]
    Retired(#[n(0)] Product),
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// No such account, or it does not sell.
    #[n(0)]
    NotACreator,
    /// No such product, or it belongs to somebody else.
    #[n(1)]
    NotFound,
    /// Somebody changed it since the caller looked.
    #[n(2)]
    Changed {
        #[n(0)]
        version: u64,
    },
    #[n(3)]
    Retired,
    /// Empty, too long or too many: see the limits of this room.
    #[n(4)]
    BadField,
    /// The id names another product: ids are made once.
    #[n(5)]
    IdTaken,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    #[n(0)]
    Created {
        #[n(0)]
        product_id: ProductId,
    },
    #[n(1)]
    Edited {
        #[n(0)]
        product_id: ProductId,
    },
    #[n(2)]
    Retired {
        #[n(0)]
        product_id: ProductId,
    },
}
