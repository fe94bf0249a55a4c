//! Waiting lines for what is sold out.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `PUT /v1/drops/{id}/waitlist`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinWaitlist {
    /// May be left out when the drop has one variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64)]
    pub sku: Option<String>,
    /// The most units that are wanted, 1 to 10; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10, default = 1)]
    pub quantity: Option<u32>,
}

/// What a place in line has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitlistStatus {
    /// Nothing is free yet.
    Waiting,
    /// An order was reserved. Whoever does not pay it before it expires has lost the place.
    Offered,
}

/// The caller's place in the line of a drop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitlistPlace {
    /// `drp_…`
    pub drop_id: String,
    pub sku: String,
    /// The most units that are wanted; of an offer, the units that are held.
    pub quantity: u32,
    pub status: WaitlistStatus,
    /// 1 is next. Null of an offer, and in the middle of a long line that others have left.
    #[schema(required, minimum = 1, maximum = 1_000_000)]
    pub position: Option<u32>,
    /// What the position is at least, where it is not known exactly; null otherwise.
    #[schema(required, minimum = 1, maximum = 1_000_000)]
    pub position_at_least: Option<u32>,
    /// `ord_…`, the offer: an order like any. Null while nothing is free.
    #[schema(required)]
    pub order_id: Option<String>,
    /// When the offer goes to the next in line; null while nothing is free.
    #[schema(required, format = DateTime)]
    pub offer_expires_at: Option<String>,
}
