//! What operators put before a cluster, with the files that they can take from here.

mod proofs;

use std::process::ExitCode;

use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::edge::{Haproxy, Nginx, NotHere, Varnish};
use livedrop_jepsen::scenario::balanced::Balancer;
use livedrop_jepsen::scenario::{balanced, cached};
use livedrop_jepsen::seed::Seed;
use proofs::proof;

fn main() -> ExitCode {
    proofs::run(vec![
        proof(
            "a_cache_in_front_shows_edits_and_sell_outs_in_time",
            lacks(Varnish::require()),
            a_cache_in_front_shows_edits_and_sell_outs_in_time,
        ),
        proof(
            "no_read_through_a_balancer_fails_while_nodes_are_killed",
            lacks(Haproxy::require()),
            no_read_through_a_balancer_fails_while_nodes_are_killed,
        ),
        proof(
            "no_read_through_nginx_fails_while_nodes_are_killed",
            lacks(Nginx::require()),
            no_read_through_nginx_fails_while_nodes_are_killed,
        ),
    ])
}

fn seed(test: &str) -> Seed {
    Seed::for_run(&format!("cargo test --release -p livedrop-jepsen --test edge {test}"))
}

/// What is not installed.
fn lacks(required: anyhow::Result<()>) -> Option<String> {
    let error = required.err()?;
    assert!(error.is::<NotHere>(), "{error:#}");
    Some(error.to_string())
}

async fn a_cache_in_front_shows_edits_and_sell_outs_in_time() {
    let seed = seed("a_cache_in_front_shows_edits_and_sell_outs_in_time");
    let mut varnish = Varnish::prepare().unwrap();
    let options = varnish.told_by(Options::three());
    let size = cached::Size { edits: 6, sell_outs: 5 };
    let run = async |cluster: &mut Cluster| cached::run(cluster, &mut varnish, &seed, size).await;
    Cluster::with(options, run).await.unwrap();
}

async fn no_read_through_a_balancer_fails_while_nodes_are_killed() {
    let seed = seed("no_read_through_a_balancer_fails_while_nodes_are_killed");
    let run = async |cluster: &mut Cluster| balanced::run(cluster, &seed, Balancer::Haproxy, 1).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

async fn no_read_through_nginx_fails_while_nodes_are_killed() {
    let seed = seed("no_read_through_nginx_fails_while_nodes_are_killed");
    let run = async |cluster: &mut Cluster| balanced::run(cluster, &seed, Balancer::Nginx, 1).await;
    Cluster::with(Options::three(), run).await.unwrap();
}
