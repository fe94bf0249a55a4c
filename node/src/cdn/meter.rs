//! What is counted about telling caches, on the node that leads.

use super::Call;

/// Describes every metric of this module, once.
pub fn describe() {
    metrics::describe_gauge!(
        "livedrop_cdn_lag_entries",
        "On the leader: log entries that were not looked through for caches yet. 0 elsewhere."
    );
    metrics::describe_gauge!(
        "livedrop_cdn_lag_seconds",
        "On the leader: how long the oldest event has waited that caches must be told of; 0 without any."
    );
    metrics::describe_counter!(
        "livedrop_cdn_requests_total",
        "On the leader: requests to the content delivery network, by what came of them."
    );
    metrics::describe_counter!(
        "livedrop_cdn_missed_total",
        "On the leader: times that the journal no longer reached back to what caches knew, so that all was purged."
    );
}

/// Counts that nobody knows what caches were not told.
pub fn count_missed() {
    metrics::counter!("livedrop_cdn_missed_total").increment(1);
}

/// Notes how far the caches are behind.
pub fn note_lag(entries: u64, ms: u64) {
    metrics::gauge!("livedrop_cdn_lag_entries").set(entries as f64);
    metrics::gauge!("livedrop_cdn_lag_seconds").set(ms as f64 / 1e3);
}

/// Counts a request.
pub fn count(call: &Call, done: bool) {
    let result = if done { "done" } else { "failed" };
    metrics::counter!("livedrop_cdn_requests_total", "verb" => call.verb(), "result" => result).increment(1);
}
