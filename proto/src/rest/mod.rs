//! The shapes of the REST API: what the node answers with and what clients send.
//!
//! Plain data, one file per room. Requests refuse unknown fields; answers may gain fields, so readers ignore what they
//! do not know. Times are RFC 3339 in UTC with milliseconds (`2026-11-23T13:18:00.000Z`), ids are prefixed ULIDs, and
//! 64-bit numbers (log indexes, terms) are text: see [`Wide`].

pub mod accounts;
pub mod admin;
pub mod audit;
pub mod cluster;
pub mod drops;
pub mod events;
pub mod follows;
pub mod list;
pub mod notifications;
pub mod orders;
pub mod payments;
pub mod problem;
pub mod products;
pub mod search;
pub mod waitlist;
pub mod webhooks;
mod wide;

pub use list::List;
pub use problem::Problem;
pub use wide::Wide;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The log index that an answer reflects.
pub const INDEX_HEADER: &str = "livedrop-index";
/// The log index that a node must have applied before it answers.
pub const MIN_INDEX_HEADER: &str = "livedrop-min-index";
/// The id of the node that answered.
pub const NODE_HEADER: &str = "livedrop-node";
/// The id of the leader, as far as the node that answered knows.
pub const LEADER_HEADER: &str = "livedrop-leader";
/// Names a request in every log line and error that it causes.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// Makes a request safe to repeat.
pub const IDEMPOTENCY_KEY_HEADER: &str = "idempotency-key";
/// `true` on an answer that was given before to the same key.
pub const REPLAYED_HEADER: &str = "idempotent-replayed";

/// An amount of money in the currency's minor unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 4999, "currency": "EUR"}))]
pub struct Money {
    /// In minor units (cents), 0 to 1,000,000,000,000.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_u64)]
    pub amount: u64,
    /// ISO 4217, three upper-case letters.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    pub currency: String,
}

/// How fresh a read must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// Reflects every write that was acknowledged before the read began. Needs a majority of the nodes.
    Linearizable,
    /// Whatever the node that was asked has applied. Needs that node only.
    Local,
}
