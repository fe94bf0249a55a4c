//! What is counted about streams.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};

/// The counters of a node's streams. Each is looked up once.
pub struct Meter {
    streams: Gauge,
    frames: Counter,
    resets: Counter,
    ring: Gauge,
    delivery: Histogram,
    ring_bytes: Arc<AtomicUsize>,
}

impl Meter {
    pub fn new(ring_bytes: Arc<AtomicUsize>) -> Self {
        describe();
        Meter {
            streams: metrics::gauge!("livedrop_event_streams"),
            frames: metrics::counter!("livedrop_event_frames_total"),
            resets: metrics::counter!("livedrop_event_resets_total"),
            ring: metrics::gauge!("livedrop_event_ring_bytes"),
            delivery: metrics::histogram!("livedrop_event_delivery_duration_seconds"),
            ring_bytes,
        }
    }

    pub fn streams(&self, open: usize) {
        self.streams.set(open as f64);
    }

    pub fn frames(&self, more: usize) {
        self.frames.increment(more as u64);
    }

    pub fn reset(&self) {
        self.resets.increment(1);
    }

    pub fn cut(&self, reason: &'static str) {
        cut(reason);
    }

    /// An entry's events wait for their readers, so long after it was applied.
    pub fn delivered(&self, after: Duration) {
        self.delivery.record(after.as_secs_f64());
        self.ring.set(self.ring_bytes.load(Ordering::Relaxed) as f64);
    }
}

/// Counts a stream that was cut off.
pub fn cut(reason: &'static str) {
    metrics::counter!("livedrop_event_cuts_total", "reason" => reason).increment(1);
}

fn describe() {
    metrics::describe_gauge!("livedrop_event_streams", "Event streams that are open.");
    metrics::describe_counter!("livedrop_event_frames_total", "Events that were put in the way of a reader.");
    metrics::describe_counter!("livedrop_event_resets_total", "Streams that came back too late to be told all.");
    metrics::describe_counter!("livedrop_event_cuts_total", "Streams that were cut off, by the reason.");
    metrics::describe_gauge!("livedrop_event_ring_bytes", "What the newest events take in memory.");
    metrics::describe_histogram!(
        "livedrop_event_delivery_duration_seconds",
        "Time from an entry being applied to its events waiting for their readers."
    );
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::rest::assert_conventional;

    #[test]
    fn every_metric_is_described_shown_and_named_by_the_convention() {
        let seconds = metrics_exporter_prometheus::Matcher::Suffix("_seconds".into());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &[0.1]).expect("there are classes");
        let recorder = builder.build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let meter = Meter::new(Arc::default());
            meter.streams(1);
            meter.frames(2);
            meter.reset();
            meter.cut("slow");
            meter.delivered(Duration::from_millis(1));
        });
        assert_conventional(&recorder.handle().render());
    }
}
