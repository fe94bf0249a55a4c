//! The inbox: what an account is told, and can read later.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    /// Of the event, the same on every node: `<log index>-<ordinal>`.
    #[schema(example = "1284-0")]
    pub id: String,
    /// As in `drop.live` or `order.confirmed`.
    #[serde(rename = "type")]
    #[schema(example = "drop.live")]
    pub kind: String,
    /// `drp_…`
    pub drop_id: String,
    /// `ord_…`, when it is about an order of the account's.
    #[schema(required)]
    pub order_id: Option<String>,
    /// `usr_…`, when it is about a drop of a creator whom the account follows.
    #[schema(required)]
    pub creator_id: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Whether the account has said so, of this one or of a later one.
    pub read: bool,
}

/// `POST /v1/me/notifications/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    /// The `id` of a notification: it and all before it are read. What was read stays read.
    #[schema(pattern = "^[0-9]{1,20}-[0-9]{1,10}$", example = "1284-0")]
    pub through: String,
}

/// What an account does not want to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// `usr_…`, at most 500: creators of whom nothing is told though the account may follow them.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub muted_creators: Vec<String>,
    /// As in `drop.low_stock`: what is not told, whoever it is about.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub types_off: Vec<String>,
}
