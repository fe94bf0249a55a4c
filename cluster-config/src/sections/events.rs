//! `[events]`: the feed of what happened, and the streams that follow it.

use crate::kind::{bytes, count, milliseconds};
use crate::reader::section;

section! {
    /// The feed of what happened, and the streams that follow it.
    Events = "events", own {
        /// How far back the feed reaches at most, in log entries. The cluster keeps as much as its leader is told, so
        /// all nodes should be told the same.
        keep_entries: u64 = 100_000, count("entries", 1_000..=100_000_000);
        /// How far back the feed reaches at most. The last thousand entries are kept however old they are.
        keep_hours: u64 = 168, count("hours", 1..=8_760);
        /// How far back the feed reaches at most, in bytes, as averages of its parts say.
        keep_bytes: usize = 2_147_483_648, bytes(1_048_576..=1_099_511_627_776);
        /// Memory for the newest part of the feed, from which streams that come back go on without reading the disk.
        buffer_bytes: usize = 67_108_864, bytes(65_536..=4_294_967_296);
        /// Streams open at one time; further ones are answered 503. Streams take at most four fifths of
        /// http.max_connections, whatever this says.
        streams: usize = 20_000, count("streams", 1..=1_000_000);
        /// Streams of one account at one time; further ones are answered 429. Only while limits.enabled.
        streams_per_account: usize = 5, count("streams", 1..=1_000_000);
        /// Streams of people who are not signed in, from one address (of IPv6: from one /64) at one time; further ones
        /// are answered 429. Streams of accounts do not count here. Many share an address: a school, a provider's
        /// gateway, and everybody behind a proxy that http.trusted_proxies does not name. Only while limits.enabled.
        streams_per_address: usize = 1_000, count("streams", 1..=1_000_000);
        /// How often a stream on which nothing happens says that it is still there.
        heartbeat_ms: u64 = 15_000, milliseconds(100..=60_000);
        /// A stream whose reader takes nothing for this long is cut off.
        stalled_ms: u64 = 30_000, milliseconds(1_000..=600_000);
    }
}
