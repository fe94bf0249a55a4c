use std::time::Duration;

use livedrop_node::raft::ReadError;
use tokio::time::Instant;

use super::cluster::{Cluster, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_index_on_any_node_covers_every_acknowledged_write() {
    let cluster = Cluster::of(3).await;
    for _ in 0..20 {
        let written = cluster.write().await.index;
        for node in cluster.nodes.values() {
            let index = node.consensus.read_index(soon()).await.unwrap();
            assert!(index >= written, "node {} read at {index}, written at {written}", node.id);
        }
    }
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_reads_at_once_are_all_answered() {
    let cluster = Cluster::of(3).await;
    let written = cluster.write().await.index;
    let reads = cluster.nodes.values().flat_map(|node| (0..500).map(|_| node.consensus.read_index(soon())));
    for index in futures_util::future::join_all(reads).await {
        assert!(index.unwrap() >= written);
    }
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_without_a_quorum_ends_at_its_deadline() {
    let mut cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    for follower in cluster.followers_of(leader) {
        cluster.nodes.remove(&follower).unwrap().stop().await;
    }
    let deadline = Instant::now() + Duration::from_millis(700);
    let read = cluster.nodes[&leader].consensus.read_index(deadline).await;
    assert!(matches!(read, Err(ReadError::NoQuorum | ReadError::Late)), "{read:?}");
    assert!(Instant::now() >= deadline, "it was still worth a try");
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_finds_the_next_leader() {
    let mut cluster = Cluster::of(3).await;
    let written = cluster.write().await.index;
    let leader = cluster.leader().await;
    cluster.nodes.remove(&leader).unwrap().stop().await;
    for node in cluster.nodes.values() {
        assert!(node.consensus.read_index(soon()).await.unwrap() >= written);
    }
    cluster.stop().await;
}
