//! Timed sales of a product with limited stock.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Consistency, Money};

/// The sku of a drop with a single variant, made with `stock`.
pub const DEFAULT_SKU: &str = "default";

/// Where a drop stands.
///
/// ```text
/// upcoming ── starts_at ──► live ◄── restock, units given back ──► sold_out
///     │                      ▲ └──── pause ──► paused ── resume ──┐    │
///     │                      └────────────────────────────────────┘    │
///     ├── cancel ──► cancelled        live, paused, sold_out ── ends_at, end ──► ended
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DropStatus {
    Upcoming,
    Live,
    Paused,
    SoldOut,
    Ended,
    Cancelled,
}

/// The lists that a drop moves through: `live` holds paused and sold-out drops too, `ended` holds cancelled ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DropStage {
    Upcoming,
    Live,
    Ended,
}

/// `POST /v1/drops`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDrop {
    /// `prd_…`, one of the creator's own.
    pub product_id: String,
    /// In the past or absent: live at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub starts_at: Option<String>,
    /// After `starts_at`; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
    /// 1 to 100 variants with different skus. Either this or `stock`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Option<Vec<NewItem>>,
    /// Units of a single variant, whose sku is `default`; 1 to 1,000,000,000. Either this or `items`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub stock: Option<u64>,
    /// The most units one customer may hold and buy; 0, the default, is no limit.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 4_294_967_295_u32, default = 0)]
    pub per_customer_limit: u32,
    /// How long units are held for an order, in seconds, 1 to 86,400; 600 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 86_400, default = 600)]
    pub hold_seconds: Option<u32>,
    /// Followers are told once as this many units or fewer are left; 0, the default, is never.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000, default = 0)]
    pub low_stock_threshold: u64,
}

/// A variant and how many units of it are for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// 1 to 64 bytes.
    #[schema(min_length = 1, max_length = 64, example = "L")]
    pub sku: String,
    /// 1 to 1,000,000,000 units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub stock: u64,
}

/// `PATCH /v1/drops/{id}`, before it starts: what is given changes, the rest stays. Bounds as in [`CreateDrop`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditDrop {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub starts_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
    /// Replaces all variants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Option<Vec<NewItem>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_customer_limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub hold_seconds: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub low_stock_threshold: Option<u64>,
}

/// `POST /v1/drops/{id}/restock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Restock {
    /// May be left out when the drop has one variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64)]
    pub sku: Option<String>,
    /// Units added, 1 to 1,000,000,000.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub quantity: u64,
}

/// A drop and its stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Drop {
    /// `drp_…`
    pub id: String,
    pub product: DropProduct,
    /// `usr_…`
    pub creator_id: String,
    pub status: DropStatus,
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// Null for a drop without an end.
    #[schema(format = DateTime, required)]
    pub ends_at: Option<String>,
    /// In the order in which they were given.
    pub items: Vec<Item>,
    /// The most units one customer may hold and buy; 0 is no limit.
    pub per_customer_limit: u32,
    /// How long units are held for an order, in seconds.
    pub hold_seconds: u32,
    /// Followers are told once as this many units or fewer are left; 0 is never.
    pub low_stock_threshold: u64,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The node's time when it answered, to count down against.
    #[schema(format = DateTime)]
    pub server_time: String,
}

/// What a drop sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DropProduct {
    /// `prd_…`
    pub id: String,
    pub name: String,
    /// Null without a picture.
    #[schema(required)]
    pub image_url: Option<String>,
    /// Of one unit, as it was when the drop was scheduled.
    pub price: Money,
}

/// The counts of one variant, in units: `stock = available + held + sold`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    pub sku: String,
    /// All units that were ever for sale: the first stock and every restock.
    pub stock: u64,
    /// For sale, or for a moment on their way to those who wait for them.
    pub available: u64,
    /// Held for orders that are not paid.
    pub held: u64,
    pub sold: u64,
}

/// `GET /v1/drops/{id}/stats`: how a drop sells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DropStats {
    /// `drp_…`
    pub drop_id: String,
    /// The counts of each variant, in units.
    pub items: Vec<Item>,
    /// How many people wait in line, over all variants.
    pub waiting: u64,
    /// Orders that were paid, whatever became of them later.
    pub confirmed_orders: u64,
    /// Orders whose payment was declined.
    pub failed_orders: u64,
    pub expired_orders: u64,
    pub cancelled_orders: u64,
    /// Orders whose money went back, all of it.
    pub refunded_orders: u64,
    /// Units of orders that were paid.
    pub confirmed_units: u64,
    /// Units of orders whose money went back.
    pub refunded_units: u64,
    /// What was taken, one entry a currency.
    pub revenue: Vec<Money>,
    /// What went back of it, one entry a currency.
    pub refunded: Vec<Money>,
    /// Of the holds that have ended, the share that was paid, 0 to 1; null before the first has ended.
    #[schema(required)]
    pub hold_conversion: Option<f64>,
    /// Those of the last 120 minutes in which something was paid, oldest first.
    pub per_minute: Vec<SalesMinute>,
}

/// What was paid within a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SalesMinute {
    /// When it began.
    #[schema(format = DateTime)]
    pub minute: String,
    pub orders: u64,
    pub units: u64,
    pub revenue: Money,
}

/// Which drops are listed, newest first by when they were announced, whenever they start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListDrops {
    /// One of the three lists; `live` when neither this nor `creator_id` is given, all of the creator's when only that is.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DropStage>,
    /// Those of one creator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_id: Option<String>,
    /// The most entries of the page, 1 to 100; 20 when absent.
    #[param(minimum = 1, maximum = 100, default = 20)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before; the first page when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// `local` when absent.
    #[param(inline)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
}
