//! What operators put before a cluster, with the files that they can take from here. Where the programs are not
//! installed this says so, and proves nothing.

use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::edge::{Haproxy, Nginx, NotHere, Varnish};
use livedrop_jepsen::scenario::balanced::Balancer;
use livedrop_jepsen::scenario::{balanced, cached};
use livedrop_jepsen::seed::Seed;

fn seed(test: &str) -> Seed {
    Seed::for_run(&format!("cargo test --release -p livedrop-jepsen --test edge {test}"))
}

/// What is there, or none, said loudly.
fn installed<T>(what: anyhow::Result<T>) -> Option<T> {
    match what {
        Ok(here) => Some(here),
        Err(error) if error.is::<NotHere>() => {
            eprintln!("==================== SKIPPED: {error} ====================");
            None
        }
        Err(error) => panic!("{error:#}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_in_front_shows_edits_and_sell_outs_in_time() {
    let seed = seed("a_cache_in_front_shows_edits_and_sell_outs_in_time");
    let Some(mut varnish) = installed(Varnish::prepare()) else { return };
    let options = varnish.told_by(Options::three());
    let size = cached::Size { edits: 6, sell_outs: 5 };
    let run = async |cluster: &mut Cluster| cached::run(cluster, &mut varnish, &seed, size).await;
    Cluster::with(options, run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_through_a_balancer_fails_while_nodes_are_killed() {
    let seed = seed("no_read_through_a_balancer_fails_while_nodes_are_killed");
    if installed(Haproxy::require()).is_none() {
        return;
    }
    let run = async |cluster: &mut Cluster| balanced::run(cluster, &seed, Balancer::Haproxy, 1).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_through_nginx_fails_while_nodes_are_killed() {
    let seed = seed("no_read_through_nginx_fails_while_nodes_are_killed");
    if installed(Nginx::require()).is_none() {
        return;
    }
    let run = async |cluster: &mut Cluster| balanced::run(cluster, &seed, Balancer::Nginx, 1).await;
    Cluster::with(Options::three(), run).await.unwrap();
}
