//! What a crowd does to a shop, small enough for every change: it follows, listens, looks, searches, guesses. `proof`
//! tells the same stories with a million of them.

use std::time::Duration;

use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::scenario::{celebrity, doors, plateau, rush, search};
use livedrop_jepsen::seed::Seed;

fn seed(test: &str) -> Seed {
    Seed::for_run(&format!("cargo test --release -p livedrop-jepsen --test live {test}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_follow_are_told_that_a_drop_is_live_and_the_log_hardly_grows() {
    let mut seed = seed("all_who_follow_are_told_that_a_drop_is_live_and_the_log_hardly_grows");
    // The aim is two seconds; the bound is for a machine that does many other things at the same time.
    let size = celebrity::Size { followers: 5_000, streams: 300, times: 2, within: Duration::from_secs(20) };
    let run = async |cluster: &mut Cluster| celebrity::run(cluster, &mut seed, size).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_readers_are_cut_off_and_memory_does_not_grow_for_ever() {
    let seed = seed("slow_readers_are_cut_off_and_memory_does_not_grow_for_ever");
    let size = plateau::Size { readers: 300, lasts: Duration::from_secs(60), csv: None };
    let run = async |cluster: &mut Cluster| plateau::run(cluster, &seed, size).await;
    Cluster::with(plateau::options(Options::three()), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_end_and_limits_are_those_of_the_whole_cluster() {
    let seed = seed("guesses_end_and_limits_are_those_of_the_whole_cluster");
    let run = async |cluster: &mut Cluster| doors::run(cluster, &seed).await;
    Cluster::with(doors::options(Options::three()), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_buy_while_two_hundred_sign_in() {
    let seed = seed("people_buy_while_two_hundred_sign_in");
    // The aim is 1.2, on a quiet machine and over longer rounds.
    let size = rush::Size { rounds: 2, round: Duration::from_secs(2), times_max: 3.0 };
    let run = async |cluster: &mut Cluster| rush::run(cluster, &seed, size).await;
    Cluster::with(rush::options(Options::three()), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_finds_the_same_also_one_that_lost_its_index() {
    let mut seed = seed("every_node_finds_the_same_also_one_that_lost_its_index");
    let size = search::Size { products: 2_000, rate: 50, seconds: 5, lag_p99_max: Duration::from_secs(20) };
    let run = async |cluster: &mut Cluster| search::run(cluster, &mut seed, size).await;
    Cluster::with(Options::three(), run).await.unwrap();
}
