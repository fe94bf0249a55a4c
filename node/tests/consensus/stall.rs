use tokio::time::Instant;

use super::cluster::{Cluster, payload, request, settings};
use super::proxy::Weather;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_in_a_black_hole_does_not_slow_commits() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let term = cluster.nodes[&leader].consensus.leadership().borrow().term;
    let lost = cluster.followers_of(leader)[0];
    cluster.weather(lost, Weather::BlackHole);

    // Long enough for every timeout and keepalive about the lost node to pass, several times.
    let until = Instant::now() + std::time::Duration::from_secs(7);
    let mut took = Vec::new();
    let mut last = 0;
    while Instant::now() < until {
        let begun = Instant::now();
        last = cluster.nodes[&leader].consensus.propose(payload(&[request()])).await.unwrap()[0].index;
        took.push(begun.elapsed());
    }
    took.sort();
    let slowest = took[took.len() - 1];
    let election = std::time::Duration::from_millis(settings().election_min_ms);
    assert!(slowest < election, "{} commits, the slowest took {slowest:?}", took.len());
    let now = cluster.nodes[&leader].consensus.leadership().borrow().clone();
    assert!(now.is_leader && now.has_quorum && now.term == term, "{now:?}");

    cluster.weather(lost, Weather::Fair);
    cluster.agree_at(last).await;
    cluster.stop().await;
}
