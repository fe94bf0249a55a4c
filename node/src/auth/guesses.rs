//! How often somebody guessed wrong at a password, and how long they wait for the next try.
//!
//! Counted on each node by itself: what three nodes let through together is still too little to guess with.
//! Nobody is locked out for good, since then anybody could lock out anybody.

use std::sync::{Mutex, PoisonError};

use livedrop_domain::Timestamp;
use quick_cache::sync::Cache;

/// The longest wait, in milliseconds.
const WAIT_MS_MAX: u64 = 60_000;
/// Addresses that are remembered; beyond them those that guessed longest ago are forgotten.
const ADDRESSES_MAX: usize = 50_000;

#[derive(Clone, Copy)]
struct Wrong {
    times: u32,
    next_try_at: Timestamp,
}

/// The wrong guesses of late, by e-mail address, whether or not an account has it.
pub struct Guesses {
    by_address: Cache<[u8; 16], Wrong>,
    /// Wrong passwords in a row before the first wait.
    free: u32,
    /// Held while one is counted, so that guesses made at the same moment all count. A password takes far longer.
    counting: Mutex<()>,
}

impl Guesses {
    pub fn new(free: u32) -> Self {
        Guesses { by_address: Cache::new(ADDRESSES_MAX), free, counting: Mutex::new(()) }
    }

    /// How many milliseconds to wait before the next try; 0 to go ahead.
    pub fn wait_ms(&self, address: &str, now: Timestamp) -> u64 {
        self.by_address.get(&digest(address)).map_or(0, |wrong| wrong.next_try_at.since_ms(now))
    }

    /// Takes note of a wrong password: after too many in a row the wait doubles from a second to a minute.
    pub fn wrong(&self, address: &str, now: Timestamp) {
        let key = digest(address);
        let _counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let times = self.by_address.get(&key).map_or(0, |wrong| wrong.times).saturating_add(1);
        let wait_ms = match times.checked_sub(self.free) {
            None => 0,
            Some(beyond) => (1_000 << beyond.min(10)).min(WAIT_MS_MAX),
        };
        self.by_address.insert(key, Wrong { times, next_try_at: now.after_ms(wait_ms) });
    }

    pub fn right(&self, address: &str) {
        self.by_address.remove(&digest(address));
    }
}

fn digest(address: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&blake3::hash(address.to_lowercase().as_bytes()).as_bytes()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_three_wrong_guesses_the_wait_doubles_up_to_a_minute() {
        let (guesses, now) = (Guesses::new(3), Timestamp(5_000));
        let waits: Vec<_> = (0..10)
            .map(|_| {
                guesses.wrong("Ada@example.com", now);
                guesses.wait_ms("ada@example.com", now)
            })
            .collect();
        assert_eq!(waits, [0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(guesses.wait_ms("ada@example.com", now.after_ms(60_000)), 0);
        assert_eq!(guesses.wait_ms("bob@example.com", now), 0);
    }

    #[test]
    fn guesses_made_at_the_same_moment_all_count() {
        let (guesses, now) = (Guesses::new(801), Timestamp(5_000));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| guesses.wrong("ada@example.com", now)));
            }
        });
        assert_eq!(guesses.wait_ms("ada@example.com", now), 0);
        guesses.wrong("ada@example.com", now);
        assert_eq!(guesses.wait_ms("ada@example.com", now), 1_000, "this one is the 801st");
    }

    #[test]
    fn the_right_password_clears_the_slate() {
        let (guesses, now) = (Guesses::new(3), Timestamp(0));
        (0..5).for_each(|_| guesses.wrong("ada@example.com", now));
        guesses.right("ADA@example.com");
        assert_eq!(guesses.wait_ms("ada@example.com", now), 0);
    }
}
