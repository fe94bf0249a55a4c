//! When the next request of a connection is due.

use std::time::{Duration, Instant};

/// A timer may ring this much late without the node having to do with it: timers count in milliseconds.
const SLACK: Duration = Duration::from_millis(2);

/// Either as soon as the last one is answered, or on a schedule that does not wait for answers.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    Closed,
    Open {
        first: Instant,
        /// Between two requests of this connection.
        interval: Duration,
    },
}

impl Pace {
    /// The schedule of one of `connections` that together send `rate` requests a second, evenly.
    pub fn new(rate: Option<u32>, connections: usize, connection: usize, start: Instant) -> Self {
        match rate {
            None => Pace::Closed,
            Some(rate) => {
                let step = Duration::from_secs(1) / rate;
                Pace::Open { first: start + step * connection as u32, interval: step * connections as u32 }
            }
        }
    }

    /// When request `sequence` should be sent; none is now.
    pub fn due(&self, sequence: usize) -> Option<Instant> {
        match self {
            Pace::Closed => None,
            Pace::Open { first, interval } => Some(*first + interval.mul_f64(sequence as f64)),
        }
    }

    /// Waits until request `sequence` is due, and says from when its latency counts.
    ///
    /// A request that is late because the one before it took long counts from when it was due: that is what its buyer
    /// waited. (Counting from when it was sent would leave out just the requests that a slow node delayed.)
    pub async fn wait(&self, sequence: usize) -> Instant {
        let Some(due) = self.due(sequence) else { return Instant::now() };
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
            let sent = Instant::now();
            return if sent - due < SLACK { sent } else { due };
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_together_send_at_the_rate() {
        let start = Instant::now();
        let mut due: Vec<Duration> = (0..4)
            .flat_map(|connection| {
                let pace = Pace::new(Some(1_000), 4, connection, start);
                (0..250).filter_map(move |sequence| pace.due(sequence)).map(move |due| due - start)
            })
            .collect();
        due.sort();
        let gaps: Vec<u128> = due.windows(2).map(|pair| (pair[1] - pair[0]).as_micros()).collect();
        assert_eq!(due.len(), 1_000);
        assert!(gaps.iter().all(|gap| (999..=1_001).contains(gap)), "{gaps:?}");
    }

    #[tokio::test]
    async fn a_request_that_is_late_counts_from_when_it_was_due() {
        let due = Instant::now().checked_sub(Duration::from_secs(5)).expect("the clock is older than five seconds");
        let pace = Pace::Open { first: due, interval: Duration::from_millis(1) };
        assert_eq!(pace.wait(0).await, due);
    }
}
