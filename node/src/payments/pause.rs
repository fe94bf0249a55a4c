//! Pauses between tries: longer each time, and never the same for two who began together.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// The first pause is about this long.
const FIRST: Duration = Duration::from_millis(200);

/// Doubles up to a limit. Each pause is between a half and all of it ("equal jitter",
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Debug)]
pub struct Pause {
    next: Duration,
    longest: Duration,
}

impl Pause {
    pub fn new(longest: Duration) -> Self {
        Pause { next: FIRST.min(longest), longest }
    }

    pub fn reset(&mut self) {
        self.next = FIRST.min(self.longest);
    }

    pub async fn wait(&mut self) {
        sleep(self.advance(random())).await;
    }

    pub async fn wait_at_least(&mut self, at_least: Duration) {
        sleep(self.advance(random()).max(at_least)).await;
    }

    /// Ends early when somebody wakes it: then the next pause is a short one again.
    pub async fn wait_for(&mut self, waker: &Notify, at_least: Duration) {
        let pause = self.advance(random()).max(at_least);
        if timeout(pause, waker.notified()).await.is_ok() {
            self.reset();
        }
    }

    /// How long to wait now. `random` is any number: its share of the largest one places the pause.
    fn advance(&mut self, random: u32) -> Duration {
        let half = self.next / 2;
        self.next = (self.next * 2).min(self.longest);
        half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

/// Any number.
pub fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let mut pause = Pause::new(Duration::from_millis(500));
        let mut waits = |random| (0..4).map(|_| pause.advance(random).as_millis()).collect::<Vec<_>>();
        assert_eq!(waits(u32::MAX), [200, 400, 500, 500]);
        assert_eq!(waits(0), [250, 250, 250, 250]);
        pause.reset();
        assert_eq!(pause.advance(0).as_millis(), 100);
    }
}
