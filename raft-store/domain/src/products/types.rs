//! The row of this room and its limits.

use minicbor::{Decode, Encode};

use crate::PRICE_MAX;
use crate::{AccountId, Money, ProductId, Timestamp};

/// The longest name, in bytes.
pub const NAME_MAX: usize = 200;
/// The longest description, in bytes.
pub const DESCRIPTION_MAX: usize = 20_000;
/// The longest address of a picture, in bytes.
pub const IMAGE_URL_MAX: usize = 2_000;
/// The most tags of one product.
pub const TAGS_MAX: usize = 16;
/// The longest tag, in bytes.
pub const TAG_MAX: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Product {
    #[n(0)]
    pub id: ProductId,
    #[n(1)]
    pub creator_id: AccountId,
    #[n(2)]
    pub name: String,
    #[n(3)]
    pub description: String,
    #[n(4)]
    pub image_url: Option<String>,
    /// Of one unit.
    #[n(5)]
    pub price: Money,
    #[n(6)]
    pub tags: Vec<String>,
    #[n(7)]
    pub created_at: Timestamp,
    /// The log index of the last change.
    #[n(8)]
    pub version: u64,
    #[n(9)]
    pub retired: bool,
}

impl Product {
    pub(super) fn is_well_formed(&self) -> bool {
        (1..=NAME_MAX).contains(&self.name.len())
            && self.description.len() <= DESCRIPTION_MAX
            && self.image_url.as_ref().is_none_or(|url| (1..=IMAGE_URL_MAX).contains(&url.len()))
            && self.price.amount <= PRICE_MAX
            && self.tags.len() <= TAGS_MAX
            && self.tags.iter().all(|tag| is_tag(tag))
    }
}

/// Whether a text can be a tag: not empty, not too long, no control characters (the index ends a tag with a zero byte).
pub fn is_tag(tag: &str) -> bool {
    (1..=TAG_MAX).contains(&tag.len()) && !tag.chars().any(char::is_control)
}
