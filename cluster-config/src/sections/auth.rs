//! `[auth]`: tokens and passwords.

use crate::kind::{count, seconds};
use crate::reader::section;

section! {
    /// Tokens and passwords.
    Auth = "auth", own {
        /// How long an access token is good for.
        access_token_seconds: u64 = 900, seconds(10..=900);
        /// How long a refresh token is good for; each use gives a new one.
        refresh_token_seconds: u64 = 2_592_000, seconds(60..=31_536_000);
        /// A signing key is replaced when it has signed for so long; tokens that it signed stay good until they run
        /// out. 0 leaves it to operators.
        rotate_keys_days: u64 = 30, count("days", 0..=3_650);
        /// Passwords hashed at one time. Each takes a processor for some 20 milliseconds.
        password_hash_threads: usize = 2, count("threads", 1..=64);
        /// Passwords that may wait to be hashed; further sign-ins are answered 503 with Retry-After at once.
        password_hash_queue: usize = 32, count("sign-ins", 1..=100_000);
        /// Memory to hash one password (argon2id). The default is OWASP's least; lower is for tests only.
        password_memory_kib: u32 = 19_456, count("KiB", 64..=1_048_576);
        /// Passes over that memory (argon2id).
        password_passes: u32 = 2, count("passes", 1..=16);
        /// Tokens whose signature is remembered as verified, so that it is computed once and not for each request.
        verification_cache_entries: usize = 65_536, count("tokens", 1..=16_777_216);
    }
}
