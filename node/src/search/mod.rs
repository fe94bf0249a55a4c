//! Full-text search over the products: an index on every node, fed from what the node has applied.
//!
//! ```text
//!  facts, journal ──► follow ── rows of what changed ──► volume ──► Shown ──► find, suggest ──► rest joins live rows
//!   (what happened)   (one thread of its own)           (a directory)  (what readers have)
//! ```
//!
//! The index is no part of the state: it can be lost at any time and is made again from the rows, while the old one, if
//! there is one, goes on answering. It lags behind the state by a fraction of a second, so it only says which products
//! to look at; what they cost and whether they can be bought is read from the rows when it is asked.
//!
//! Two indexes of the same products answer alike, however they came to be: scores are made of constants ([`query`]) and
//! places of what stands in the documents ([`collect`]). That is why a cursor can be a place, and leads on at every node.

mod changed;
mod collect;
mod document;
mod facets;
mod find;
mod follow;
mod highlight;
mod meter;
mod query;
mod question;
mod queue;
mod schema;
mod shown;
#[cfg(test)]
pub(crate) mod tests;
mod unpacked;
mod volume;
mod words;

use livedrop_domain::AccountId;
use livedrop_domain::drops::{self, Drop};

pub use collect::Place;
pub use document::current_drop;
pub use facets::{Facets, PRICE_RANGES};
pub use find::{Asked, Found, Search, Unavailable};
pub use follow::{Following, Settings, Source, follow};
pub use highlight::Highlighter;
pub use question::BYTES_MAX;
pub use volume::Identity;

/// Where a product's current or next drop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Without a drop that matters to anybody.
    None = 0,
    Upcoming = 1,
    Live = 2,
    Paused = 3,
    SoldOut = 4,
    Ended = 5,
}

impl Status {
    pub const ALL: [Status; 6] =
        [Status::None, Status::Upcoming, Status::Live, Status::Paused, Status::SoldOut, Status::Ended];

    pub fn of(drop: &Drop) -> Self {
        match drop.status() {
            drops::Status::Upcoming => Status::Upcoming,
            drops::Status::Live => Status::Live,
            drops::Status::Paused => Status::Paused,
            drops::Status::SoldOut => Status::SoldOut,
            drops::Status::Ended => Status::Ended,
            drops::Status::Cancelled => Status::None,
        }
    }
}

/// In which order products are given. Of equal ones the newest is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// The best answers first; without a question the newest.
    Relevance,
    Newest,
    Cheapest,
    Dearest,
    /// By when their current or next drop starts; those without one last.
    Soonest,
}

/// What products must be like, whatever is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filters {
    pub creator: Option<AccountId>,
    pub tag: Option<String>,
    pub status: Option<Status>,
    /// In minor units of whatever currency the product has.
    pub price_min: Option<u64>,
    pub price_max: Option<u64>,
    /// Whether a unit can be bought now.
    pub in_stock: Option<bool>,
}
