//! How long to wait before a child that ended is started again.

use std::time::Duration;

/// Longer than an election: a leader that came back sooner would go on leading, and a failover would go unseen.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(5);
/// A child that lived this long did not fail because of how it was started.
const LONG_LIFE: Duration = Duration::from_secs(10);

/// Doubles from 1 s to 5 s while the child keeps ending early, and begins anew after a long life.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    pub fn after_a_life_of(&mut self, life: Duration) -> Duration {
        if life >= LONG_LIFE {
            self.next = FIRST;
        }
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_keeps_failing_is_started_less_and_less_often() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..5).map(|_| backoff.after_a_life_of(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn a_child_that_lived_long_is_started_again_soon() {
        let mut backoff = Backoff::default();
        for _ in 0..7 {
            backoff.after_a_life_of(Duration::ZERO);
        }
        assert_eq!(backoff.after_a_life_of(LONG_LIFE), FIRST);
    }
}
