//! What creators sell.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Consistency, Money};

/// `POST /v1/products`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProduct {
    /// 1 to 200 bytes.
    #[schema(min_length = 1, max_length = 200, example = "Poster, signed")]
    pub name: String,
    /// At most 20,000 bytes; empty when absent.
    #[serde(default)]
    #[schema(max_length = 20_000)]
    pub description: String,
    /// At most 2,000 bytes, `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2_000, format = "uri")]
    pub image_url: Option<String>,
    /// Of one unit.
    pub price: Money,
    /// At most 16, each 1 to 64 bytes without control characters.
    #[serde(default)]
    #[schema(max_items = 16)]
    pub tags: Vec<String>,
}

/// `PATCH /v1/products/{id}` with `If-Match`: what is given changes, the rest stays.
/// Drops keep the price that they were scheduled with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditProduct {
    /// 1 to 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// At most 20,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    /// At most 2,000 bytes, `http` or `https`; an empty text takes the picture away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2_000)]
    pub image_url: Option<String>,
    /// Of one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// At most 16, each 1 to 64 bytes without control characters; replaces all tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 16)]
    pub tags: Option<Vec<String>>,
}

/// A product. Its `ETag` is what `If-Match` wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// `prd_…`
    pub id: String,
    /// `usr_…`
    pub creator_id: String,
    pub name: String,
    pub description: String,
    /// Null without a picture.
    #[schema(required)]
    pub image_url: Option<String>,
    /// Of one unit.
    pub price: Money,
    pub tags: Vec<String>,
    /// Taken out of the shop: it can be read, not sold.
    pub retired: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// Which products are listed, newest first. Retired ones are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListProducts {
    /// Those of one creator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_id: Option<String>,
    /// Those with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
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
