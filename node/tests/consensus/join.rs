use std::time::Duration;

use livedrop_node::raft::{JoinError, StartError};
use tokio::time::timeout;

use super::cluster::{Cluster, PATIENCE, Plan};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_node_under_its_old_id_does_not_start() {
    let mut cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let lost = cluster.followers_of(leader)[0];
    let node = cluster.nodes.remove(&lost).unwrap();
    let address = node.address;
    node.stop().await;

    let wiped = cluster.plan.launch(lost, Some(address)).await;
    let refused = timeout(PATIENCE, wiped.start()).await.expect("it hears of it").err().expect("it must not start");
    let StartError::Join(JoinError::Wiped { node, .. }) = &refused else { panic!("{refused}") };
    assert_eq!(*node, lost);
    assert!(refused.to_string().contains("a wiped node must come back under a new id"), "{refused}");

    assert!(cluster.write().await.answer.is_ok(), "the others do not mind");
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_cluster_waits_until_enough_of_it_is_there() {
    let mut plan = Plan::of(3).await;
    let first = plan.launch(1, None).await;
    let second = plan.launch(2, None).await;
    let mut alone = Box::pin(futures_util::future::join(first.start(), second.start()));
    // Two of three must not begin: the third may be who knows that one of them was wiped.
    assert!(timeout(Duration::from_millis(1500), &mut alone).await.is_err());
    let third = plan.launch(3, None).await;
    let (two, third) = timeout(PATIENCE, futures_util::future::join(alone, third.start())).await.unwrap();
    let nodes = [two.0, two.1, third].map(|node| node.map_err(|error| error.to_string()).unwrap());
    let cluster = Cluster { plan, nodes: nodes.into_iter().map(|node| (node.id, node)).collect() };
    assert!(cluster.write().await.answer.is_ok());
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_registration_changed_is_shut_out_by_the_others() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    // From now on the others take the leader for an impostor.
    cluster.plan.register.lock().unwrap().insert(leader, [0xff; 16]);
    let follower = cluster.followers_of(leader)[0];
    let next = cluster.nodes[&follower].leader_that(|id| id != leader).await;
    assert_ne!(next, leader);
    cluster.stop().await;
}
