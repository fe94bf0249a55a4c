//! Who follows whom.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Consistency;

/// The most followers that one request brings.
pub const IMPORT_MAX: usize = 1_000;

/// Somebody who follows, or is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Followed {
    /// `usr_…`
    pub id: String,
    /// Null when the account is gone.
    #[schema(required)]
    pub display_name: Option<String>,
    #[schema(format = DateTime)]
    pub followed_at: String,
}

/// `GET /v1/me/following/{creator_id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadFollowing {
    /// `local` when absent.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
}

/// `POST /v1/admin/followers`: followers that a creator had elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportFollowers {
    /// `usr_…`
    pub creator_id: String,
    /// `usr_…`, at most 1,000.
    #[schema(max_items = 1_000)]
    pub followers: Vec<String>,
}

/// What became of those who were brought. The four come to as many as were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedFollowers {
    /// They follow from now on.
    pub added: u32,
    /// They followed before.
    pub already: u32,
    /// There is no such account.
    pub unknown: u32,
    /// They may not: the creator, or somebody who follows as many as one may.
    pub refused: u32,
}
