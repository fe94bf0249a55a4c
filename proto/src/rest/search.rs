//! Search over the products.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::drops::Item;
use super::{Consistency, Money, Wide};

/// Where a product's current or next drop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FoundStatus {
    /// It has no drop, or only cancelled ones.
    None,
    Upcoming,
    Live,
    Paused,
    SoldOut,
    Ended,
}

/// In which order products are given. Of equal ones the newest is first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum SearchSort {
    /// The best answers first; without `q` the newest.
    #[default]
    #[serde(rename = "relevance")]
    Relevance,
    #[serde(rename = "newest")]
    Newest,
    /// The cheapest first.
    #[serde(rename = "price")]
    Price,
    /// The dearest first.
    #[serde(rename = "-price")]
    PriceDescending,
    /// By when the current or next drop starts; products without one last.
    #[serde(rename = "starts_at")]
    StartsAt,
}

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchProducts {
    /// Words that must all be in the name, the tags, the creator's name or the description, in any form; the last one may
    /// be the beginning of a word. `"a phrase"`, `-without`, `tag:…` and `creator:…` are understood. When hardly anything
    /// is found, words of four letters may have one wrong, those of eight two. After 256 bytes or 16 words it is cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Those of one creator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_id: Option<String>,
    /// Those with this tag, in upper or lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Those whose current or next drop stands so.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<FoundStatus>,
    /// In minor units, whatever the currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_min: Option<u64>,
    /// In minor units, whatever the currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_max: Option<u64>,
    /// Those that can be bought now, or those that cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_stock: Option<bool>,
    /// `relevance` when absent.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<SearchSort>,
    /// The most entries of the page, 1 to 100; 20 when absent.
    #[param(minimum = 1, maximum = 100, default = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before, of the same search, from any node; the first page when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// `local` when absent.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
}

/// A page of answers. Products and drops are as they are now; the index only says which ones to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchPage {
    /// At most `limit` entries, and fewer where some have changed since they were indexed.
    pub items: Vec<FoundProduct>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// What to send as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// The log index that the search index reflects.
    pub indexed_index: Wide,
    /// How many products the index has for this search, on all pages.
    pub total: u64,
    /// Of all that was found, as of the index; on the first page only.
    #[schema(required)]
    pub facets: Option<Facets>,
    /// The node's time when it answered, to count down against.
    #[schema(format = DateTime)]
    pub server_time: String,
}

/// A product that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundProduct {
    /// `prd_…`
    pub id: String,
    /// `usr_…`
    pub creator_id: String,
    pub creator_name: String,
    pub name: String,
    pub description: String,
    /// Null without a picture.
    #[schema(required)]
    pub image_url: Option<String>,
    /// Of one unit.
    pub price: Money,
    pub tags: Vec<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The drop that it is sold in now; else the next one; else the last one that ended. Null without any.
    #[schema(required)]
    pub drop: Option<FoundDrop>,
    pub highlights: Highlights,
}

/// The current or next drop of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundDrop {
    /// `drp_…`
    pub id: String,
    pub status: FoundStatus,
    /// Whether a unit can be bought now.
    pub purchasable: bool,
    /// Of one unit, as it was when the drop was scheduled.
    pub price: Money,
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// Null for a drop without an end.
    #[schema(format = DateTime, required)]
    pub ends_at: Option<String>,
    /// In the order in which they were given.
    pub items: Vec<Item>,
}

/// What was searched for, in `<mark>`. Everything else is escaped: the texts are safe to put into a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Highlights {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A part of the description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator_name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// How many of all that was found have something in common, the greatest counts first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facets {
    /// The 20 with the most.
    pub creator: Vec<CreatorCount>,
    /// The 20 with the most.
    pub tag: Vec<TagCount>,
    pub status: Vec<StatusCount>,
    /// In the order of the prices.
    pub price: Vec<PriceCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatorCount {
    /// `usr_…`
    pub id: String,
    pub name: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TagCount {
    /// In lower case.
    pub tag: String,
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusCount {
    pub status: FoundStatus,
    pub count: u64,
}

/// Prices from `min` to `max`, both included, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriceCount {
    pub min: u64,
    /// Null without an end.
    #[schema(required)]
    pub max: Option<u64>,
    pub count: u64,
}

/// What a box to type into asks while somebody types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SuggestNames {
    /// What was typed so far.
    pub q: String,
}

/// Names that begin so, the best first, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestions {
    /// At most 10.
    pub items: Vec<Suggestion>,
    /// The log index that the search index reflects.
    pub indexed_index: Wide,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    pub name: String,
    /// `prd_…`, the best product of this name.
    pub product_id: String,
}
