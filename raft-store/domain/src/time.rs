//! Points in time and lengths of it, in milliseconds. There is no `now` here: time comes with the entry.

use minicbor::{Decode, Encode};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] pub u64);

impl Timestamp {
    /// A time that never comes, as the end of a drop without one.
    pub const NEVER: Timestamp = Timestamp(u64::MAX);

    /// The time `ms` milliseconds later; past the end of time it stays there.
    pub const fn after_ms(self, ms: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this, 0 if it is not earlier.
    pub const fn since_ms(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
