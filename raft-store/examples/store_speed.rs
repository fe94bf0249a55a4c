//! How long the store takes for purchases: to apply them, and to write them to the log with one sync per group.
//!
//! Each entry is applied by itself, which is the worst case: several at once share a write.
//! The best round is the one to compare: others were disturbed.
//!
//! `cargo run --release --workspace --example store_speed [purchases in an entry] [thousands of purchases] [row cache, MiB]`

#[path = "../tests/common/shop.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod shop;

use std::time::{Duration, Instant};

use futures_util::stream;
use livedrop_store::types::{Entry, TypeConfig};
use livedrop_store::{Identity, Options};
use openraft::storage::{IOFlushed, RaftLogStorage, RaftSnapshotBuilder, RaftStateMachine};
use openraft::type_config::TypeConfigExt;

/// Entries in one group of the log, and in one round.
const GROUP: usize = 4;
const ROUND: usize = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let number = |at, or| std::env::args().nth(at).map_or(or, |text| text.parse().expect("a number"));
    let (in_an_entry, purchases, cache) = (number(1, 100), number(2, 100) * 1_000, number(3, 32));
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    let identity = Identity { cluster_id: "speed".to_owned(), node_id: 1 };
    let options = Options { ballast_bytes: 0, row_cache_bytes: (cache as usize) << 20, ..Options::default() };
    let mut store = livedrop_store::open(directory.path(), &identity, options).expect("the directory is empty");
    let entries: Vec<Entry> = std::iter::once(shop::opening())
        .chain((0..purchases / in_an_entry).map(|n| shop::purchases(n * in_an_entry..(n + 1) * in_an_entry)))
        .zip(0..)
        .map(|(payload, index)| shop::entry(index, payload))
        .collect();

    let mut rounds = Vec::new();
    for round in entries.chunks(ROUND * GROUP) {
        let started = Instant::now();
        for group in round.chunks(GROUP) {
            let (sender, flushed) = TypeConfig::oneshot();
            store.log.append(group.to_vec(), IOFlushed::signal(sender)).await.expect("the log takes entries");
            flushed.await.expect("the writer answers").expect("the disk takes entries");
        }
        rounds.push(started.elapsed() / u32::try_from(round.len()).expect("few"));
    }
    report(&format!("to log, {GROUP} entries in a group"), rounds, in_an_entry);

    let mut rounds = Vec::new();
    for round in entries.chunks(ROUND) {
        let started = Instant::now();
        for entry in round {
            store.machine.apply(stream::iter([Ok((entry.clone(), None))])).await.expect("no fault");
        }
        rounds.push(started.elapsed() / u32::try_from(round.len()).expect("few"));
    }
    report("to apply", rounds, in_an_entry);

    let metrics = store.reader.metrics();
    println!(
        "{:>8} bytes of log and {} of state for each",
        metrics.log.disk_bytes / purchases,
        metrics.state_bytes / purchases
    );
    let started = Instant::now();
    let mut builder = store.machine.try_create_snapshot_builder(true).await.expect("it is always there");
    let built = builder.build_snapshot().await.expect("there is space");
    println!("{:>8} ms to make a snapshot of {} bytes", started.elapsed().as_millis(), built.snapshot.bytes());
}

fn report(what: &str, mut rounds: Vec<Duration>, in_an_entry: u64) {
    let each = |round: Duration| round.as_nanos() / u128::from(in_an_entry);
    let (first, last) = (each(rounds[0]), each(rounds[rounds.len() - 1]));
    rounds.sort();
    let (best, middle, worst) = (each(rounds[0]), each(rounds[rounds.len() / 2]), each(rounds[rounds.len() - 1]));
    println!("{best:>8} ns {what}, best round; {middle} middle, {worst} worst, {first} first, {last} last");
}
