//! `[limits]`: what one request and one caller may ask for.

use crate::kind::{Switch, bytes, count, milliseconds};
use crate::reader::section;

section! {
    /// What one request may ask for, and how often one caller may ask.
    Limits = "limits", own {
        /// Whether callers are slowed down (429). Sizes and the deadline below hold either way.
        enabled: bool = true, Switch;
        /// The longest body of a request; a longer one is answered 413.
        body_bytes: usize = 65_536, bytes(1_024..=1_048_576);
        /// The longest header of a request, all fields together; a longer one is answered 431.
        header_bytes: usize = 16_384, bytes(8_192..=262_144);
        /// The longest path with its query; a longer one is answered 414.
        uri_bytes: usize = 8_192, bytes(256..=65_536);
        /// How long a request may wait for the cluster before it is answered 503. The promise is an answer
        /// within 2 seconds, so this stays below.
        request_deadline_ms: u64 = 1_800, milliseconds(100..=1_950);
        /// Requests that come back to an account in a minute, on all nodes together, up to account_burst. Whoever has
        /// none left is answered 429 with Retry-After. So whoever has made none for a while may make account_burst and
        /// account_per_minute together in the minute after, and account_per_minute in each one that follows.
        account_per_minute: u32 = 600, count("requests", 1..=1_000_000);
        /// Requests that an account may make at once, on all nodes together.
        account_burst: u32 = 600, count("requests", 1..=1_000_000);
        /// Requests that come back in a minute to an address of IPv4, or to a /64 of IPv6, whoever is behind it, up to
        /// address_burst. In the first minute after a while without any both together may be made, as by an account.
        address_per_minute: u32 = 30_000, count("requests", 1..=1_000_000);
        /// Requests that an address may make at once. Many share one: a school, a train, a provider's gateway.
        address_burst: u32 = 15_000, count("requests", 1..=1_000_000);
        /// Wrong passwords in a row for one account that cost no wait, on all nodes together. After them a wait
        /// doubles from four seconds to a minute, and a sign-in before its end is answered 429.
        sign_in_failures: u32 = 3, count("attempts", 1..=1_000);
        /// Wrong passwords from one address, for whatever accounts, that cost no wait. A tenth of them comes back
        /// in a minute.
        sign_in_failures_address: u32 = 100, count("attempts", 10..=1_000_000);
    }
}
