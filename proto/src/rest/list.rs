//! Lists, in pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The entries of one page when `limit` is not given.
pub const LIMIT_DEFAULT: u32 = 20;
/// The most entries of one page.
pub const LIMIT_MAX: u32 = 100;

/// One page of a list. The `Link` header names the next page too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct List<T> {
    /// At most `limit` entries.
    pub items: Vec<T>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// What to send as `cursor` for the next page; null on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which page of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
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
    pub consistency: Option<super::Consistency>,
}
