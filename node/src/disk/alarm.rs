//! When an alarm is raised, and when it is cleared: later, so that it does not go on and off.

use std::time::Duration;

/// So many looks in a row, a second apart, must find syncs slow, or fine again.
const SLOW_LOOKS: u32 = 5;
const FINE_LOOKS: u32 = 30;

/// Whether there is too little room, after a look that found so much: raised below the reserve, cleared a quarter
/// above it.
pub(super) fn full(raised: bool, free: u64, reserve: u64) -> bool {
    match raised {
        true => free < reserve.saturating_add(reserve / 4),
        false => free < reserve,
    }
}

/// Whether syncs take too long: raised after a while above the bound, cleared after a longer while below half of it.
#[derive(Debug)]
pub(super) struct Slowness {
    /// Zero: never.
    bound: Duration,
    raised: bool,
    looks: u32,
}

impl Slowness {
    pub(super) fn new(bound: Duration) -> Self {
        Slowness { bound, raised: false, looks: 0 }
    }

    /// Takes note of how long a sync took on average since the last look, or has taken so far; none without any.
    pub(super) fn look(&mut self, took: Option<Duration>) -> bool {
        let (turns, enough) = match self.raised {
            true => (took.is_none_or(|took| took < self.bound / 2), FINE_LOOKS),
            false => (took.is_some_and(|took| took >= self.bound) && !self.bound.is_zero(), SLOW_LOOKS),
        };
        self.looks = if turns { self.looks + 1 } else { 0 };
        if self.looks == enough {
            (self.raised, self.looks) = (!self.raised, 0);
        }
        self.raised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_alarm_is_cleared_later_than_it_is_raised() {
        assert!(!full(false, 100 * MIB, 100 * MIB));
        assert!(full(false, 100 * MIB - 1, 100 * MIB));
        assert!(full(true, 124 * MIB, 100 * MIB));
        assert!(!full(true, 125 * MIB, 100 * MIB));
        assert!(!full(true, 0, 0) && !full(false, 0, 0), "no reserve, no alarm");
    }

    fn looks(slowness: &mut Slowness, ms: Option<u64>, times: u32) -> Vec<bool> {
        (0..times).map(|_| slowness.look(ms.map(Duration::from_millis))).collect()
    }

    #[test]
    fn one_long_sync_is_no_reason_and_many_are() {
        let mut slowness = Slowness::new(Duration::from_millis(500));
        assert_eq!(looks(&mut slowness, Some(800), 4), [false; 4]);
        assert_eq!(looks(&mut slowness, Some(10), 1), [false]);
        assert_eq!(looks(&mut slowness, Some(500), 5), [false, false, false, false, true]);
        assert!(looks(&mut slowness, Some(400), 100).iter().all(|slow| *slow), "not fine, only better");
        assert_eq!(looks(&mut slowness, None, 30).last(), Some(&false));
    }

    #[test]
    fn without_a_bound_nothing_is_slow() {
        let mut slowness = Slowness::new(Duration::ZERO);
        assert_eq!(looks(&mut slowness, Some(9_000), 10), [false; 10]);
    }
}
