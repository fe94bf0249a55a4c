//! `[telemetry]`: where the node's metrics and traces go, and what it remembers of requests that failed.

use crate::kind::{Switch, Text, count, milliseconds};
use crate::reader::section;

section! {
    /// Where the node's metrics and traces go, and what it remembers of requests that failed. `/metrics` is there in
    /// any case.
    Telemetry = "telemetry", own {
        /// A Datadog agent, or whatever speaks DogStatsD, that is sent all metrics by UDP. Nothing is sent when
        /// empty.
        dogstatsd: String = String::new(),
            Text { allowed: "host:port, or nothing", rule: |text| text.is_empty() || has_port(text) };
        /// How often the metrics are sent there.
        dogstatsd_interval_ms: u64 = 10_000, milliseconds(100..=300_000);
        /// A collector of traces that takes OTLP over HTTP, up to the path: /v1/traces is added. When empty,
        /// OTEL_EXPORTER_OTLP_ENDPOINT counts; without that, nothing is traced.
        otlp: String = String::new(), Text {
            allowed: "an address that begins with http:// or https://, or nothing",
            rule: |text| text.is_empty() || is_address(text),
        };
        /// One request in so many is traced. 0 traces only those whose callers ask for it.
        trace_one_in: u64 = 100, count("requests", 0..=1_000_000_000);
        /// Whether a caller's own `traceparent` decides whether its request is traced. Without, a stranger cannot
        /// make every request cost a trace.
        trace_callers: bool = true, Switch;
        /// Spans that wait for the collector; further ones are dropped and counted.
        trace_queue_spans: usize = 8_192, count("spans", 64..=1_000_000);
        /// A request that takes longer is logged with where its time went, and remembered as one that failed.
        slow_request_ms: u64 = 1_000, milliseconds(1..=3_600_000);
        /// What is remembered of requests that failed, in moments; for those that were merely refused (4xx) as many
        /// again. The oldest are forgotten.
        errors: usize = 4_096, count("moments", 0..=1_000_000);
    }
}

fn has_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')) && !text.contains(char::is_whitespace)
}
