use super::cluster::{Cluster, payload, request};
use livedrop_node::raft::{ProposeError, TransferError};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_elect_a_leader_and_apply_the_same() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let mut last = 0;
    for _ in 0..50 {
        let requests = [request(), request(), request()];
        let outcomes = cluster.nodes[&leader].consensus.propose(payload(&requests)).await.unwrap();
        assert_eq!(outcomes.len(), requests.len());
        assert!(outcomes.iter().all(|outcome| outcome.answer.is_ok() && outcome.index > last), "{outcomes:?}");
        last = outcomes[0].index;
    }
    cluster.agree_at(last).await;
    for node in cluster.nodes.values() {
        for other in cluster.nodes.keys() {
            let asked = node.consensus.state_hash(*other, last).await.unwrap();
            assert_eq!(asked.hash, node.reader.hash_at(last).unwrap(), "node {other} as told to node {}", node.id);
            assert!(asked.applied >= last);
            assert_eq!(node.consensus.status_of(*other).await.unwrap().leader, Some(leader));
        }
    }
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_node_leads_itself() {
    let cluster = Cluster::of(1).await;
    assert!(cluster.write().await.answer.is_ok());
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_does_not_propose_and_names_the_leader() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.followers_of(leader)[0];
    let refused = cluster.nodes[&follower].consensus.propose(payload(&[request()])).await;
    assert_eq!(refused, Err(ProposeError::NotLeader { leader: Some(leader) }));
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_goes_round_on_request() {
    let cluster = Cluster::of(3).await;
    for _ in 0..6 {
        let leader = cluster.leader().await;
        cluster.write().await;
        let to = cluster.followers_of(leader)[0];
        // A follower that is catching up, or was not heard of yet, cannot take over; it can in a moment.
        loop {
            match cluster.nodes[&leader].consensus.transfer_leader(to).await {
                Ok(()) => break,
                Err(TransferError::Behind { .. } | TransferError::Silent(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(cluster.leader().await, to);
    }
    let last = cluster.write().await.index;
    cluster.agree_at(last).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leadership_goes_to_no_stranger_and_from_no_follower() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.followers_of(leader)[0];
    assert_eq!(cluster.nodes[&leader].consensus.transfer_leader(9).await, Err(TransferError::NotAVoter(9)));
    assert_eq!(
        cluster.nodes[&follower].consensus.transfer_leader(leader).await,
        Err(TransferError::NotLeader { leader: Some(leader) })
    );
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_go_on_when_the_leader_stops() {
    let mut cluster = Cluster::of(3).await;
    let before = cluster.write().await;
    let leader = cluster.leader().await;
    cluster.nodes.remove(&leader).unwrap().stop().await;
    let after = cluster.write().await;
    assert!(after.index > before.index);
    assert_ne!(cluster.leader().await, leader);
    cluster.agree_at(after.index).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_without_a_quorum_takes_no_commands() {
    let mut cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    for follower in cluster.followers_of(leader) {
        cluster.nodes.remove(&follower).unwrap().stop().await;
    }
    let lonely = &cluster.nodes[&leader];
    lonely.consensus.leadership().wait_for(|now| !now.has_quorum).await.unwrap();
    // Its lease may have ended a moment later than its own count of it.
    let refused = lonely.consensus.propose(payload(&[request()])).await.unwrap_err();
    assert_eq!(refused, ProposeError::NoQuorum);
    assert!(refused.certainly_not_proposed());
    cluster.stop().await;
}
