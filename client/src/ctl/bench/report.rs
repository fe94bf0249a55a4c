//! What a run comes to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::audit::Audit;
use super::latency::Percentiles;
use super::profile::{Load, Wanted};
use super::shard::Ran;
use crate::ctl::context::Context;
use crate::ctl::trouble::Stop;

/// What `-o json` shows.
#[derive(Debug, Serialize)]
pub struct Report {
    pub drop_id: String,
    pub profile: Profile,
    /// From the end of the warm-up to the last acknowledgement.
    pub measured_seconds: f64,
    /// Acknowledged after the warm-up.
    pub purchases: u64,
    pub purchases_per_second: f64,
    /// From when a purchase was due to its acknowledgement, corrected for coordinated omission.
    pub latency_ms: Percentiles,
    /// As measured: in a closed loop, without those who would have come while a connection waited.
    pub uncorrected_ms: Percentiles,
    /// The longest time without an acknowledgement.
    pub longest_gap_ms: f64,
    /// Answers other than 2xx, `<status> <code>`.
    pub refusals: BTreeMap<String, u64>,
    /// Requests sent again with the same key.
    pub repeated: u64,
    pub connections_lost: u64,
    pub timed_out: u64,
    pub garbled: u64,
    /// Purchases that were due and never sent.
    pub overdue: u64,
    pub generator: Generator,
    pub audit: Audit,
}

#[derive(Debug, Serialize)]
pub struct Profile {
    /// `closed` or `open`.
    #[serde(rename = "loop")]
    pub loop_kind: &'static str,
    pub connections: usize,
    pub rate: Option<u32>,
    pub endpoints: Vec<String>,
    pub buyers: usize,
    pub quantity: u32,
    pub units: Option<u64>,
    pub warm_up_seconds: f64,
    pub duration_seconds: Option<f64>,
}

/// What the load generator itself cost.
#[derive(Debug, Serialize)]
pub struct Generator {
    pub threads: usize,
    pub requests: u64,
    pub cpu_seconds: Option<f64>,
    pub cpu_us_per_request: Option<f64>,
}

impl Report {
    pub fn new(wanted: &Wanted, load: &Load, ran: &Ran, audit: Audit) -> Self {
        let tally = &ran.tally;
        let is_open = load.rate.is_some();
        let corrected = if is_open { tally.latencies.clone() } else { tally.latencies.corrected() };
        let measured = ran.measured.as_secs_f64();
        let cpu = ran.cpu.map(|cpu| cpu.as_secs_f64());
        Report {
            drop_id: load.drop_id.clone(),
            profile: Profile {
                loop_kind: if is_open { "open" } else { "closed" },
                connections: load.connections,
                rate: load.rate,
                endpoints: load.targets.iter().map(|target| target.authority.clone()).collect(),
                buyers: load.tokens.len(),
                quantity: load.quantity,
                units: wanted.units,
                warm_up_seconds: load.warm_up.as_secs_f64(),
                duration_seconds: load.measured.map(|measured| measured.as_secs_f64()),
            },
            measured_seconds: round(measured),
            purchases: tally.acknowledged,
            purchases_per_second: if measured > 0.0 { (tally.acknowledged as f64 / measured).round() } else { 0.0 },
            latency_ms: corrected.percentiles(),
            uncorrected_ms: tally.latencies.percentiles(),
            longest_gap_ms: round(ran.longest_gap.as_secs_f64() * 1e3),
            refusals: tally.refusals.iter().map(|((status, code), count)| (label(*status, code), *count)).collect(),
            repeated: tally.repeated,
            connections_lost: tally.lost,
            timed_out: tally.timed_out,
            garbled: tally.garbled,
            overdue: tally.overdue,
            generator: Generator {
                threads: load.threads,
                requests: tally.sent,
                cpu_seconds: cpu.map(round),
                cpu_us_per_request: cpu.map(|cpu| round(cpu * 1e6 / tally.sent.max(1) as f64)),
            },
            audit,
        }
    }

    pub fn show(&self, context: &Context) -> Result<(), Stop> {
        let mut fields = vec![
            ("drop", self.drop_id.clone()),
            ("load", self.load_line()),
            ("purchases", format!("{} in {:.2} s", self.purchases, self.measured_seconds)),
            ("rate", format!("{:.0} a second", self.purchases_per_second)),
            ("latency", percentiles(&self.latency_ms)),
            ("uncorrected", percentiles(&self.uncorrected_ms)),
            ("longest gap", format!("{:.1} ms without an acknowledgement", self.longest_gap_ms)),
        ];
        for (answer, count) in &self.refusals {
            fields.push(("refused", format!("{count} × {answer}")));
        }
        let broken = [
            (self.connections_lost, "connections lost"),
            (self.timed_out, "answers not in time"),
            (self.garbled, "answers garbled"),
            (self.repeated, "requests repeated with the same key"),
            (self.overdue, "purchases due and never sent"),
        ];
        let broken = broken.into_iter().filter(|(count, _)| *count > 0);
        fields.extend(broken.map(|(count, what)| ("trouble", format!("{count} {what}"))));
        if let Some(us) = self.generator.cpu_us_per_request {
            fields.push(("generator", format!("{us:.1} µs of processor time a request")));
        }
        fields.extend(self.audit_lines());
        Ok(context.output.record(self, fields)?)
    }

    fn load_line(&self) -> String {
        let Profile { connections, rate, endpoints, buyers, .. } = &self.profile;
        let pace = rate.map_or("as fast as answers come".to_owned(), |rate| format!("{rate} a second on schedule"));
        format!("{connections} connections to {} nodes, {buyers} buyers, {pace}", endpoints.len())
    }

    fn audit_lines(&self) -> Vec<(&'static str, String)> {
        let audit = &self.audit;
        let Audit { keys, acknowledged, refused, unknown, .. } = audit;
        let mut lines =
            vec![("keys", format!("{keys}: {acknowledged} acknowledged, {refused} refused, {unknown} unknown"))];
        for books in &audit.nodes {
            let counts = format!("{} available, {} held, {} sold", books.available, books.held, books.sold);
            lines.push(("books", format!("{}: {counts} of {}", books.endpoint, books.stock)));
        }
        lines.extend(audit.not_asked.iter().map(|why| ("not asked", why.clone())));
        lines.extend(audit.findings.iter().map(|finding| ("wrong", finding.clone())));
        let nodes = audit.nodes.len();
        let verdict = match audit.passed {
            true => format!("passed: {} keys asked about at {nodes} nodes, the books are exact", audit.keys_checked),
            false => "FAILED".to_owned(),
        };
        lines.push(("audit", verdict));
        lines
    }
}

fn label(status: u16, code: &str) -> String {
    format!("{status} {code}").trim_end().to_owned()
}

fn percentiles(of: &Percentiles) -> String {
    let Percentiles { p50, p90, p99, p999, max, .. } = of;
    format!("p50 {p50:.2}  p90 {p90:.2}  p99 {p99:.2}  p99.9 {p999:.2}  max {max:.2} ms")
}

fn round(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
