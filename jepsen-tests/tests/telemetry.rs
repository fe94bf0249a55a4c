//! What a cluster tells those who watch it: a collector of traces, an agent for metrics, Prometheus.

use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::listen::{Agent, Collector};
use livedrop_jepsen::scenario::{metered, watched};
use livedrop_jepsen::seed::Seed;

fn seed(test: &str) -> Seed {
    Seed::for_run(&format!("cargo test --release -p livedrop-jepsen --test telemetry {test}"))
}

fn text(value: &str) -> String {
    format!("\"{value}\"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forwarded_purchase_is_one_trace_and_a_failed_one_is_told_by_both_nodes() {
    let seed = seed("a_forwarded_purchase_is_one_trace_and_a_failed_one_is_told_by_both_nodes");
    let collector = Collector::listen().await.unwrap();
    let options = Options::three().set("telemetry", "otlp", text(collector.url())).set("telemetry", "trace_one_in", 0);
    let run = async |cluster: &mut Cluster| watched::run(cluster, &collector, &seed).await;
    Cluster::with(options, run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_metrics_are_well_formed_and_what_is_shown_and_alerted_on_exists() {
    let seed = seed("all_metrics_are_well_formed_and_what_is_shown_and_alerted_on_exists");
    let agent = Agent::listen().await.unwrap();
    let options = Options::three().set("telemetry", "dogstatsd", text(agent.address())).set(
        "telemetry",
        "dogstatsd_interval_ms",
        200,
    );
    let run = async |cluster: &mut Cluster| metered::run(cluster, &agent, &seed).await;
    Cluster::with(options, run).await.unwrap();
}
