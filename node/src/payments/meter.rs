//! What is counted about payments, on the node that leads.

use livedrop_domain::payments::{Command, Outcome, RefundOutcome};

/// Describes every metric of this module, once.
pub fn describe() {
    metrics::describe_gauge!("livedrop_payments_open", "On the leader: payments that still wait for the gateway.");
    metrics::describe_gauge!(
        "livedrop_payments_oldest_open_seconds",
        "On the leader: how long the oldest of them has waited; 0 without any."
    );
    metrics::describe_counter!(
        "livedrop_payment_results_total",
        "What the gateway's answers came to, as they were told to the log."
    );
}

/// Notes how many payments are open, and for how many milliseconds the oldest one has been.
pub fn note_open(open: usize, oldest_ms: Option<u64>) {
    metrics::gauge!("livedrop_payments_open").set(open as f64);
    metrics::gauge!("livedrop_payments_oldest_open_seconds").set(oldest_ms.unwrap_or_default() as f64 / 1e3);
}

/// Counts a result on its way to the log.
pub fn count_report(command: &Command) {
    let result = match command {
        Command::Report(report) => match report.result {
            Outcome::Created { .. } => "created",
            Outcome::Succeeded => "succeeded",
            Outcome::Declined { .. } => "declined",
            Outcome::ActionRequired { .. } => "action_required",
            Outcome::Processing => "processing",
            Outcome::Unknown => "unknown",
            Outcome::Canceled => "canceled",
            Outcome::NotConfirmed => "not_confirmed",
            Outcome::Refused { .. } => "refused",
        },
        Command::ReportRefund(report) => match report.result {
            RefundOutcome::Done { .. } => "refunded",
            RefundOutcome::Failed { .. } => "refund_failed",
        },
        Command::Pay(_) | Command::PlaceAndPay(_) | Command::Cancel(_) | Command::Refund(_) => return,
    };
    metrics::counter!("livedrop_payment_results_total", "result" => result).increment(1);
}
