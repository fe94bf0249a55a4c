//! What is done to a data directory while no node works in it: making one from a backup, and going on with what one
//! survivor has.

mod recover;
mod restore;

pub use self::recover::{Standing, Survivor};
pub use self::restore::{INDEX_JUMP, Restore, Restored, TERM_JUMP, restore};
