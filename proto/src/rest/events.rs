//! What happened, as streams and as a list.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Wide;

/// The media type of a stream (WHATWG HTML, server-sent events).
pub const MEDIA_TYPE: &str = "text/event-stream";
/// The id of the last event that a reader has seen.
pub const LAST_EVENT_ID_HEADER: &str = "last-event-id";
/// The most events of one page of the feed.
pub const PAGE_MAX: u32 = 1_000;

/// `GET /v1/events`, `GET /v1/drops/{id}/events`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FollowEvents {
    /// For readers that cannot send a `Last-Event-ID` header the first time; the header wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event_id: Option<String>,
}

/// `GET /v1/admin/events`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// The id of the event after which the page begins; the oldest event that is kept when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The most events of the page, 1 to 1,000; 100 when absent.
    #[param(minimum = 1, maximum = 1_000, default = 100)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the feed, as this node has applied it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Events {
    /// As streams tell them: `id`, `type`, `occurred_at`, `drop_id`, `creator_id` or `account_id`, and more by type.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<serde_json::Value>,
    /// Whether there is a next page now.
    pub has_more: bool,
    /// What to send as `after` for the next page, also for what happens later.
    pub next_after: String,
    /// The oldest log index whose events are kept.
    #[schema(value_type = String)]
    pub oldest_index: Wide,
}
