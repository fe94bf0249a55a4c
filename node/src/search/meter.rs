//! Search in numbers.

use std::time::Duration;

const LAG: &str = "livedrop_search_lag_seconds";
const INDEXED: &str = "livedrop_search_indexed_index";
const DOCUMENTS: &str = "livedrop_search_documents";
const BYTES: &str = "livedrop_search_bytes";
const SECONDS: &str = "livedrop_search_query_seconds";
const REBUILDS: &str = "livedrop_search_rebuilds_total";
const WAITING: &str = "livedrop_search_waiting";
const REFUSED: &str = "livedrop_search_refused_total";

pub(super) fn describe() {
    use metrics::Unit;
    metrics::describe_gauge!(INDEXED, "The log index that the search index reflects.");
    metrics::describe_histogram!(LAG, Unit::Seconds, "From a change's entry to its being found, by this node's clock.");
    metrics::describe_gauge!(DOCUMENTS, "Products in the search index.");
    metrics::describe_gauge!(BYTES, Unit::Bytes, "The search index on the disk.");
    metrics::describe_histogram!(SECONDS, Unit::Seconds, "What a search takes, without waiting and joining rows.");
    metrics::describe_gauge!(WAITING, "Searches that wait for their turn.");
    metrics::describe_counter!(REFUSED, "Searches that were refused because they would have waited too long.");
    metrics::describe_counter!(REBUILDS, "How often the search index was made anew from the rows.");
}

pub(super) fn answered(took: Duration) {
    metrics::histogram!(SECONDS).record(took.as_secs_f64());
}

pub(super) fn indexed(index: u64) {
    metrics::gauge!(INDEXED).set(index as f64);
}

pub(super) fn shown(documents: u64, bytes: u64) {
    metrics::gauge!(DOCUMENTS).set(documents as f64);
    metrics::gauge!(BYTES).set(bytes as f64);
}

/// How old the oldest change was when it was shown.
pub(super) fn lagged(ms: u64) {
    metrics::histogram!(LAG).record(ms as f64 / 1_000.0);
}

pub(super) fn rebuilt() {
    metrics::counter!(REBUILDS).increment(1);
}

/// Where it is shown who waits, and who was refused.
pub(super) fn queue() -> (metrics::Gauge, metrics::Counter) {
    (metrics::gauge!(WAITING), metrics::counter!(REFUSED))
}
