//! Those that a cluster tells about itself: a collector of traces and an agent for metrics, doubles of other people's.

mod collector;
mod statsd;

pub use collector::{Collector, SpanHeard};
pub use statsd::{Agent, Line};
