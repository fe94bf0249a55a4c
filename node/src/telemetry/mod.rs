//! What the server says about itself while it runs: lines of a log, spans of a trace, and what became of a request.
//!
//! ```text
//!  a line that names a request ──► lines ──┐
//!                                          ├──► ring: the last moments of requests that failed ──► livedropctl trace
//!  a stretch of a request's way ──► span ──┤
//!                                          └──► otlp: those that are traced ──► a collector
//! ```
//!
//! A request that goes well, and is not traced, costs nothing here: there is no span before somebody wants it. The way of
//! a request is told when it is over, of the times that its batch had.

mod lines;
mod log;
pub mod otlp;
mod ring;
mod span;
pub mod statsd;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use livedrop_config::{ConfigErrors, NodeConfig};
use metrics::Counter;
use tokio::sync::mpsc;

pub use log::{abort_on_panic, filter};
pub use ring::{Moment, Name, What};
pub use span::{Kind, Place, Span};

use ring::Ring;

/// Knows what is worth remembering and where it goes. Cheap to clone; one a process.
#[derive(Clone)]
pub struct Telemetry(Arc<Inside>);

struct Inside {
    ring: Ring,
    /// Where spans go that are traced; not set while nobody collects them.
    collector: OnceLock<Collector>,
    one_in: u64,
    trust_callers: bool,
    slow: Duration,
    requests: AtomicU64,
}

struct Collector {
    spans: mpsc::Sender<Span>,
    dropped: Counter,
}

impl Telemetry {
    /// Sets up the log of this process, and remembers what `config` says. Errors: the filter is not a filter.
    ///
    /// Panics when it is called twice.
    pub fn start(config: &NodeConfig) -> Result<Self, ConfigErrors> {
        let telemetry = Self::new(&config.telemetry);
        log::start(&config.log, lines::Lines::new(telemetry.clone()))?;
        Ok(telemetry)
    }

    /// One that sets up no log.
    pub fn new(settings: &livedrop_config::Telemetry) -> Self {
        Telemetry(Arc::new(Inside {
            ring: Ring::new(settings.errors),
            collector: OnceLock::new(),
            one_in: settings.trace_one_in,
            trust_callers: settings.trace_callers,
            slow: Duration::from_millis(settings.slow_request_ms),
            requests: AtomicU64::new(0),
        }))
    }

    /// From now on requests are traced, and their spans go to `spans`.
    fn collect(&self, spans: mpsc::Sender<Span>) {
        let dropped = metrics::counter!("livedrop_trace_spans_dropped_total");
        let _first = self.0.collector.set(Collector { spans, dropped });
    }

    /// Whether a request is traced, whose caller decided so, or not, or said nothing.
    pub fn picks(&self, caller_wants: Option<bool>) -> bool {
        if self.0.collector.get().is_none() {
            return false;
        }
        match caller_wants.filter(|_| self.0.trust_callers) {
            Some(wants) => wants,
            None => self.0.one_in > 0 && self.0.requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.0.one_in),
        }
    }

    /// Whether something took so long that it is worth a line.
    pub fn is_slow(&self, took: Duration) -> bool {
        took > self.0.slow
    }

    /// Whether there is room to remember a request that was refused. They may come by the ten thousand, when something
    /// is sold out.
    pub fn has_room_for_refusal(&self) -> bool {
        self.0.ring.has_room_for_refusal()
    }

    /// Takes note of a stretch of a request's way. What is traced goes to the collector, unless its queue is full.
    pub fn note(&self, span: Span) {
        self.0.ring.add(span.moment());
        let Some(collector) = self.0.collector.get().filter(|_| span.place.is_some()) else { return };
        if collector.spans.try_send(span).is_err() {
            collector.dropped.increment(1);
        }
    }

    fn remember(&self, moment: Moment) {
        self.0.ring.add(moment);
    }

    /// What this node remembers of a request, oldest first.
    pub fn recall(&self, request: &str) -> Vec<Moment> {
        self.0.ring.recall(request)
    }
}

#[cfg(test)]
pub(crate) fn quiet() -> Telemetry {
    let text = "[node]\nid = 1\n[cluster]\nid = \"test\"\nmembers = [{ id = 1, http = \"http://127.0.0.1:8081\", peer = \"127.0.0.1:9091\" }]\n";
    let config = NodeConfig::parse(Some(("test", text)), std::iter::empty(), livedrop_config::Flags::default());
    Telemetry::new(&config.expect("the defaults are good").telemetry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_traced_while_nobody_collects_it() {
        let telemetry = quiet();
        assert!(!telemetry.picks(Some(true)) && !telemetry.picks(None));
        let (spans, _collected) = mpsc::channel(1);
        telemetry.collect(spans);
        assert!(telemetry.picks(Some(true)) && !telemetry.picks(Some(false)));
        let picked = (0..1_000).filter(|_| telemetry.picks(None)).count();
        assert_eq!(picked, 10, "one in a hundred, when nobody says otherwise");
    }

    #[tokio::test]
    async fn a_collector_that_is_too_slow_loses_spans_and_holds_up_nobody() {
        let telemetry = quiet();
        let (spans, mut collected) = mpsc::channel(2);
        telemetry.collect(spans);
        for _ in 0..10 {
            let place = Place { trace: 7, span: 8, parent: 0 };
            telemetry.note(Span::new(Name::of("req_12345678"), "test", Duration::ZERO, Duration::ZERO).at(Some(place)));
        }
        assert!(collected.recv().await.is_some() && collected.recv().await.is_some());
        assert!(collected.try_recv().is_err());
        assert_eq!(telemetry.recall("req_12345678").len(), 10, "the ring has them all the same");
    }
}
