//! What is left of a cluster is a file, or one node: it goes on.

use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::scenario::{full_disk, restored, survivor};
use livedrop_jepsen::seed::Seed;

/// The seed of a test, with the line that repeats it.
fn seed(test: &str) -> Seed {
    Seed::for_run(&format!("cargo test --release -p livedrop-jepsen --test recovery {test}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_directories_restored_from_a_backup_under_load_are_the_shop_that_it_was() {
    let seed = seed("three_directories_restored_from_a_backup_under_load_are_the_shop_that_it_was");
    let run = async |cluster: &mut Cluster| restored::run(cluster, &seed, 600).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_survivor_goes_on_and_refuses_who_was_left_behind() {
    let seed = seed("a_lone_survivor_goes_on_and_refuses_who_was_left_behind");
    let run = async |cluster: &mut Cluster| survivor::run(cluster, &seed).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disks_lose_nothing_and_the_shop_comes_back_by_itself() {
    let seed = seed("full_disks_lose_nothing_and_the_shop_comes_back_by_itself");
    let Some(disks) = full_disk::Disks::mount(3).unwrap() else {
        eprintln!("SKIPPED: disks of a limited size can only be mounted by root");
        return;
    };
    let run = async |cluster: &mut Cluster| full_disk::run(cluster, &disks, &seed).await;
    Cluster::with(full_disk::options(&disks), run).await.unwrap();
}
