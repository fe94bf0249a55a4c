//! `[audit]`: the trail of who did what.

use crate::kind::count;
use crate::reader::section;

section! {
    /// The trail of who did what.
    Audit = "audit", own {
        /// How long records are kept. What is let go of is on record, with the hash from which the rest follows. The
        /// cluster does as its leader is told, so all nodes should be told the same.
        keep_days: u64 = 400, count("days", 1..=36_500);
    }
}
