//! A bucket of requests that refills by itself, as one number: when it will be full again (the generic cell rate
//! algorithm of ATM, turned around).

use std::sync::atomic::{AtomicU64, Ordering};

/// How often one caller may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests that come back to the bucket in a minute.
    pub per_minute: u32,
    /// Requests that the bucket holds.
    pub burst: u32,
}

const MINUTE_NS: u64 = 60_000_000_000;

impl Rate {
    /// The part of it that one of `nodes` nodes grants when it is on its own.
    pub fn shared_by(self, nodes: u32) -> Self {
        let part = |whole: u32| (whole / nodes.max(1)).max(1);
        Rate { per_minute: part(self.per_minute), burst: part(self.burst) }
    }

    /// How long one request takes to come back, in nanoseconds.
    fn request_ns(self) -> u64 {
        (MINUTE_NS / u64::from(self.per_minute.max(1))).max(1)
    }

    /// How long an empty bucket takes to be full, in nanoseconds.
    pub fn full_ns(self) -> u64 {
        u64::from(self.burst) * self.request_ns()
    }

    /// How long until `left` requests are the whole bucket again, in whole seconds.
    pub fn full_again_seconds(self, left: u32) -> u64 {
        (u64::from(self.burst.saturating_sub(left)) * self.request_ns()).div_ceil(1_000_000_000)
    }
}

/// All times are nanoseconds since this node began to count.
#[derive(Debug)]
pub struct Bucket {
    full_at: AtomicU64,
}

impl Bucket {
    /// A bucket that holds `requests` at `now`.
    pub fn with(requests: u32, rate: Rate, now: u64) -> Self {
        let missing = u64::from(rate.burst.saturating_sub(requests));
        Bucket { full_at: AtomicU64::new(now + missing * rate.request_ns()) }
    }

    pub fn left(&self, rate: Rate, now: u64) -> u32 {
        left(self.full_at.load(Ordering::Relaxed), rate, now)
    }

    /// Takes up to `wanted` requests out, and says how many it were.
    pub fn take(&self, wanted: u32, rate: Rate, now: u64) -> u32 {
        let mut taken = 0;
        self.change(|full_at| {
            taken = left(full_at, rate, now).min(wanted);
            full_at.max(now) + u64::from(taken) * rate.request_ns()
        });
        taken
    }

    /// Takes out what was used already, below nothing if need be, by one more bucket at the most.
    pub fn charge(&self, requests: u32, rate: Rate, now: u64) {
        let lowest = now + 2 * rate.full_ns();
        self.change(|full_at| (full_at.max(now) + u64::from(requests) * rate.request_ns()).min(lowest.max(full_at)));
    }

    /// Puts back what nobody used.
    pub fn give_back(&self, requests: u32, rate: Rate) {
        self.change(|full_at| full_at.saturating_sub(u64::from(requests) * rate.request_ns()));
    }

    /// How long until there is a request in it, in nanoseconds.
    pub fn empty_ns(&self, rate: Rate, now: u64) -> u64 {
        let one_left_at = (self.full_at.load(Ordering::Relaxed) + rate.request_ns()).saturating_sub(rate.full_ns());
        one_left_at.saturating_sub(now)
    }

    fn change(&self, mut to: impl FnMut(u64) -> u64) {
        let _before = self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| Some(to(full_at)));
    }
}

fn left(full_at: u64, rate: Rate, now: u64) -> u32 {
    let room = rate.full_ns().saturating_sub(full_at.saturating_sub(now));
    u32::try_from(room / rate.request_ns()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_minute: 600, burst: 10 };
    const TENTH: u64 = 100_000_000;

    #[test]
    fn a_bucket_gives_what_it_holds_and_refills_at_its_rate() {
        let (bucket, now) = (Bucket::with(10, RATE, 5), 5);
        assert_eq!((bucket.take(7, RATE, now), bucket.take(7, RATE, now), bucket.take(7, RATE, now)), (7, 3, 0));
        assert_eq!(bucket.empty_ns(RATE, now), TENTH);
        assert_eq!(bucket.take(7, RATE, now + TENTH - 1), 0);
        assert_eq!(bucket.take(7, RATE, now + TENTH), 1);
        assert_eq!(bucket.left(RATE, now + 100 * TENTH), 10, "never more than it holds");
    }

    #[test]
    fn what_was_used_unasked_is_owed_and_what_was_not_used_comes_back() {
        let bucket = Bucket::with(10, RATE, 0);
        assert_eq!(bucket.take(10, RATE, 0), 10);
        bucket.charge(5, RATE, 0);
        assert_eq!(bucket.empty_ns(RATE, 0), 6 * TENTH);
        bucket.charge(1_000, RATE, 0);
        assert_eq!(bucket.empty_ns(RATE, 0), 11 * TENTH, "one more bucket at the most");
        bucket.give_back(12, RATE);
        assert_eq!(bucket.left(RATE, 0), 2);
    }

    #[test]
    fn a_new_bucket_may_be_less_than_full() {
        assert_eq!(Bucket::with(3, RATE, 7).left(RATE, 7), 3);
        assert_eq!(RATE.full_again_seconds(9), 1);
        assert_eq!(RATE.full_again_seconds(10), 0);
    }

    #[test]
    fn a_share_is_at_least_one_request() {
        assert_eq!(Rate { per_minute: 600, burst: 2 }.shared_by(3), Rate { per_minute: 200, burst: 1 });
    }
}
