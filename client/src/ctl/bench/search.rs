//! `bench search`: how long searches take on schedule, and how soon a new product is found.

mod assortment;
mod lag;
mod questions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::future::join_all;
use serde::Serialize;

use super::latency::{Latencies, Percentiles};
use super::pace::Pace;
use crate::ctl::context::Context;
use crate::ctl::options::seconds;
use crate::ctl::output::note;
use crate::ctl::trouble::{Doing, Exit, Stop};
use crate::{Client, Error, Policy};
use questions::Question;

/// Searches at the start that are not measured.
const WARM_UP: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub struct Wanted {
    /// Searches a second, sent on schedule however long the answers take (an open loop)
    #[arg(long, short, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// How long to search, in seconds; 0 makes products only
    #[arg(long, short, value_name = "SECONDS", default_value = "30", value_parser = super::profile::zero_or_seconds)]
    duration: Duration,
    /// Searches under way at a time, spread over the endpoints in turn
    #[arg(long, short, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    connections: u16,
    /// Products that are made before, in place of searching what is there
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    products: u32,
    /// Creators who have them
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    creators: u32,
    /// Products that are made at a time
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=1_024))]
    parallel: u16,
    /// Products a second that are made while searches go on, to see how soon each is found
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=50))]
    changes: u32,
    /// How long a new product may take to be found before it counts as lost, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    patience: Duration,
}

/// What `-o json` shows. Times are in milliseconds.
#[derive(Debug, Serialize)]
struct Report {
    rate: u32,
    seconds: f64,
    connections: u16,
    endpoints: Vec<String>,
    /// Products that the index has.
    products: u64,
    searches: u64,
    searches_per_second: f64,
    /// From when a search was due to its answer.
    latency_ms: Percentiles,
    /// The same by kind of question.
    by_kind: BTreeMap<&'static str, Percentiles>,
    /// What was not answered, by why.
    failed: BTreeMap<String, u64>,
    /// From the acknowledgement of a new product to its being found at every node.
    lag_ms: Option<Percentiles>,
    /// New products that were not found in time.
    lost: u64,
}

/// What one connection saw.
struct Seen {
    kinds: BTreeMap<&'static str, Latencies>,
    failed: BTreeMap<String, u64>,
}

pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    if wanted.products > 0 {
        assortment::make(context, wanted.products, wanted.creators, wanted.parallel).await?;
    }
    if wanted.duration.is_zero() {
        return Ok(Exit::Ok);
    }
    // One client a node: what one node has shown says nothing of the others.
    let nodes: Vec<Client> = nodes(context);
    let everything = nodes[0].search(&Default::default()).await.doing("the products cannot be searched")?.body;
    note(&format!("searching {} products at {} a second", everything.total, wanted.rate));
    let start = Instant::now();
    let (measure_from, until) = (start + WARM_UP, start + WARM_UP + wanted.duration);
    let turn = Arc::new(AtomicUsize::new(0));
    let connections = usize::from(wanted.connections);
    let searching = join_all((0..connections).map(|connection| {
        let pace = Pace::new(Some(wanted.rate), connections, connection, start);
        search(&nodes[connection % nodes.len()], pace, turn.clone(), measure_from, until)
    }));
    let changing = lag::watch(context, &nodes, wanted.changes, until, wanted.patience);
    let (seen, lags) = tokio::join!(searching, changing);
    let lags = lags?;
    let report = Report::new(context, &wanted, everything.total, seen, lags);
    report.show(context)?;
    Ok(if report.failed.is_empty() && report.lost == 0 { Exit::Ok } else { Exit::Failed })
}

fn nodes(context: &Context) -> Vec<Client> {
    let once = Policy { attempts: 1, ..Policy::default() };
    let node = |endpoint: &crate::Endpoint| context.client.coming_from(None).at(endpoint).with_policy(once.clone());
    context.client.endpoints().iter().map(node).collect()
}

/// Asks the questions that are next, on schedule.
async fn search(client: &Client, pace: Pace, turn: Arc<AtomicUsize>, measure_from: Instant, until: Instant) -> Seen {
    let mut seen = Seen { kinds: BTreeMap::new(), failed: BTreeMap::new() };
    for sequence in 0.. {
        if pace.due(sequence).is_none_or(|due| due >= until) {
            break;
        }
        let due = pace.wait(sequence).await;
        let question = Question::number(turn.fetch_add(1, Ordering::Relaxed));
        let answered = question.ask(client).await;
        if due < measure_from {
            continue;
        }
        match answered {
            Ok(()) => seen.kinds.entry(question.kind()).or_insert_with(Latencies::new).record(due.elapsed()),
            Err(error) => *seen.failed.entry(why(&error)).or_default() += 1,
        }
    }
    seen
}

fn why(error: &Error) -> String {
    error.code().map_or_else(|| "no answer".to_owned(), str::to_owned)
}

impl Report {
    fn new(context: &Context, wanted: &Wanted, products: u64, seen: Vec<Seen>, lags: lag::Lags) -> Self {
        let (mut all, mut kinds, mut failed) = (Latencies::new(), BTreeMap::new(), BTreeMap::new());
        for one in seen {
            for (kind, latencies) in one.kinds {
                all.add(&latencies);
                kinds.entry(kind).or_insert_with(Latencies::new).add(&latencies);
            }
            for (why, count) in one.failed {
                *failed.entry(why).or_default() += count;
            }
        }
        let seconds = wanted.duration.as_secs_f64();
        let searches = all.count();
        Report {
            rate: wanted.rate,
            seconds,
            connections: wanted.connections,
            endpoints: context.client.endpoints().iter().map(ToString::to_string).collect(),
            products,
            searches,
            searches_per_second: (searches as f64 / seconds).round(),
            latency_ms: all.percentiles(),
            by_kind: kinds.into_iter().map(|(kind, latencies)| (kind, latencies.percentiles())).collect(),
            failed,
            lag_ms: lags.found.map(|found| found.percentiles()),
            lost: lags.lost,
        }
    }

    fn show(&self, context: &Context) -> Result<(), Stop> {
        let line = |of: &Percentiles| {
            let Percentiles { p50, p90, p99, max, .. } = of;
            format!("p50 {p50:.2}  p90 {p90:.2}  p99 {p99:.2}  max {max:.2} ms")
        };
        let load = format!("{} a second on schedule at {} nodes", self.rate, self.endpoints.len());
        let mut fields = vec![
            ("products", self.products.to_string()),
            ("load", load),
            ("searches", format!("{} in {:.0} s", self.searches, self.seconds)),
            ("latency", line(&self.latency_ms)),
        ];
        fields.extend(self.by_kind.iter().map(|(kind, of)| (*kind, line(of))));
        fields.extend(self.failed.iter().map(|(why, count)| ("failed", format!("{count} × {why}"))));
        fields.extend(self.lag_ms.as_ref().map(|lag| ("index lag", line(lag))));
        if self.lost > 0 {
            fields.push(("lost", format!("{} new products were not found in time", self.lost)));
        }
        Ok(context.output.record(self, fields)?)
    }
}
