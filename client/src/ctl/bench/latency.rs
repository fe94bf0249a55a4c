//! How long buyers waited.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest time that is told apart, in microseconds: two minutes.
const LONGEST_US: u64 = 120_000_000;

/// Times in microseconds, three digits exact.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

/// Percentiles in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    pub mean: f64,
}

impl Latencies {
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3).expect("these bounds are in order");
        Latencies(histogram)
    }

    pub fn record(&mut self, time: Duration) {
        self.0.saturating_record((time.as_micros() as u64).max(1));
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    pub fn add(&mut self, other: &Latencies) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    /// Puts back what a closed loop leaves out (coordinated omission).
    ///
    /// While a connection waits for one slow answer it sends nothing, so that all buyers who would have met the same
    /// slow node are missing. For an answer that took longer than the usual time between two requests of a connection,
    /// the median, one buyer is added for each such time that passed, who waited the rest of it.
    pub fn corrected(&self) -> Latencies {
        Latencies(self.0.clone_correct(self.0.value_at_quantile(0.5).max(1)))
    }

    pub fn percentiles(&self) -> Percentiles {
        let ms = |quantile: f64| self.0.value_at_quantile(quantile) as f64 / 1e3;
        Percentiles {
            p50: ms(0.5),
            p90: ms(0.9),
            p99: ms(0.99),
            p999: ms(0.999),
            max: self.0.max() as f64 / 1e3,
            mean: (self.0.mean() / 10.0).round() / 100.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(list: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::new();
        list.into_iter().for_each(|ms| latencies.record(Duration::from_millis(ms)));
        latencies
    }

    fn near(is: f64, should: f64) -> bool {
        (is - should).abs() <= should * 0.001
    }

    #[test]
    fn percentiles_are_exact_to_three_digits() {
        let percentiles = times(1..=1_000).percentiles();
        for (is, should) in [
            (percentiles.p50, 500.0),
            (percentiles.p90, 900.0),
            (percentiles.p99, 990.0),
            (percentiles.p999, 999.0),
            (percentiles.max, 1_000.0),
            (percentiles.mean, 500.5),
        ] {
            assert!(near(is, should), "{is} should be {should}");
        }
    }

    #[test]
    fn a_node_that_stops_for_a_second_is_felt_by_all_who_would_have_come() {
        // A connection got 1,000 answers of 1 ms each and one of 1,000 ms: half of the two seconds were bad.
        let measured = times(std::iter::repeat_n(1, 1_000).chain([1_000]));
        assert!(near(measured.percentiles().p99, 1.0));
        let corrected = measured.corrected();
        assert!((1_998..=2_001).contains(&corrected.0.len()), "{}", corrected.0.len());
        assert!((970.0..=990.0).contains(&corrected.percentiles().p99), "{:?}", corrected.percentiles());
    }
}
