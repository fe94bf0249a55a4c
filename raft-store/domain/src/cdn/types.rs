//! What this room stores.

use minicbor::{Decode, Encode};

/// How far the caches were told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    /// The log index up to which they were told of all events; 0 before they were told of any.
    #[n(0)]
    pub through: u64,
}
