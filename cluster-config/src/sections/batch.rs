//! `[batch]`: how commands are gathered into one entry of the log.

use crate::kind::{bytes, count, milliseconds};
use crate::reader::section;

section! {
    /// How commands are gathered into one entry of the log. An idle node never waits for more.
    Batch = "batch", own {
        /// The most commands in one entry.
        max_commands: usize = 1_024, count("commands", 1..=65_536);
        /// The most bytes in one entry. At least twice limits.body_bytes, so that every command fits.
        // A batch that crosses to the leader may have 8 MiB, and one command may come on top of these.
        max_bytes: usize = 1_048_576, bytes(65_536..=4_194_304);
        /// Commands that may wait to be gathered. Further ones are answered 503 with Retry-After at once.
        queue_commands: usize = 16_384, count("commands", 1..=1_000_000);
        /// How long a command may have to wait for its entry, by how fast entries leave. When it would be longer,
        /// what comes is answered 503 with Retry-After at once: a queue that is too long helps nobody.
        queue_wait_ms: u64 = 500, milliseconds(10..=60_000);
        /// Entries that may be on their way at one time. One gathers most and costs least.
        in_flight: usize = 1, count("entries", 1..=64);
    }
}
