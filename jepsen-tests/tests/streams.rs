//! Streams of events, read while nodes come and go.

use std::time::Duration;

use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::scenario::streams;
use livedrop_jepsen::seed::Seed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reader_is_told_everything_once_in_order_while_nodes_are_killed() {
    let test = "every_reader_is_told_everything_once_in_order_while_nodes_are_killed";
    let mut seed = Seed::for_run(&format!("cargo test --release -p livedrop-jepsen --test streams {test}"));
    let size = streams::Size { readers: 200, lasts: Duration::from_secs(20) };
    let run = async |cluster: &mut Cluster| streams::run(cluster, &mut seed, size).await;
    Cluster::with(streams::options(Options::three()), run).await.unwrap();
}
