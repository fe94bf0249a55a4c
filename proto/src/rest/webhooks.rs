//! What creators' own servers are told, signed as Standard Webhooks (<https://www.standardwebhooks.com>) has it.
//!
//! A delivery is `POST`ed with `webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature`, whose
//! body is `{"type": "order.confirmed", "timestamp": "…", "data": {…}}`. Anything but a 2xx is tried again, for days.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/webhook_endpoints`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookEndpoint {
    /// `https://…`, at most 2,048 bytes, at a public address.
    #[schema(max_length = 2_048, example = "https://shop.example/hooks/livedrop")]
    pub url: String,
    /// Types of events, as in `order.confirmed`; all when empty or absent.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub events: Vec<String>,
}

/// `PATCH /v1/webhook_endpoints/{id}`: what is given changes, the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditWebhookEndpoint {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2_048)]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 32)]
    pub events: Option<Vec<String>>,
    /// `true` also takes an endpoint back that was switched off because it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// `POST /v1/webhook_endpoints/{id}/rotate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWebhookSecret {
    /// How long deliveries are signed with the old secret as well, at most 604,800 seconds; 86,400 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 604_800)]
    pub keep_old_seconds: Option<u64>,
}

/// Where a creator is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookEndpoint {
    /// `whk_…`
    pub id: String,
    pub url: String,
    /// All when empty.
    pub events: Vec<String>,
    pub enabled: bool,
    /// Why it was switched off by itself; null otherwise.
    #[schema(required)]
    pub disabled_because: Option<String>,
    /// Since when nothing came through; null while all is well.
    #[schema(format = DateTime, required)]
    pub failing_since: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// `whsec_…`: what deliveries are signed with. Shown once, when it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A secret must not reach a log line.
impl fmt::Debug for WebhookEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEndpoint").field("id", &self.id).field("url", &self.url).finish_non_exhaustive()
    }
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It will be tried, or tried again.
    Pending,
    Delivered,
    /// It was tried often enough.
    Failed,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// As in `webhook-id`: the same for every try.
    #[schema(example = "evt_1284-0")]
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub state: DeliveryState,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Null when it will not be tried again.
    #[schema(format = DateTime, required)]
    pub next_try_at: Option<String>,
    /// The latest, oldest first.
    pub tries: Vec<DeliveryTry>,
}

/// One try to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryTry {
    #[schema(format = DateTime)]
    pub at: String,
    /// The HTTP status of the answer; null when none came.
    #[schema(required)]
    pub status: Option<u16>,
    /// Why none came; null when one did.
    #[schema(required)]
    pub error: Option<String>,
    pub duration_ms: u64,
}
