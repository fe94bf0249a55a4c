//! What can be said to and by this room.

use minicbor::{Decode, Encode};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Told(#[n(0)] Told),
}

/// Says that the caches were told of the events after `from`, up to `through`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Told {
    /// The cursor that the caller saw.
    #[n(0)]
    pub from: u64,
    /// The log index that it goes to.
    #[n(1)]
    pub through: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// The cursor is there now.
    #[n(0)]
    Told {
        #[n(0)]
        cursor: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    /// Somebody else has moved the cursor since the caller looked.
    #[n(0)]
    OtherCursor {
        #[n(0)]
        cursor: u64,
    },
    /// The cursor would not move on, or would pass what has happened.
    #[n(1)]
    BadField,
}
