use std::time::Duration;

use bytes::Bytes;
use livedrop_node::raft::{BATCH_BYTES_MAX, ForwardOutcome, Refusal};
use livedrop_proto::forward as pb;
use livedrop_proto::forward::forward_client::ForwardClient;
use tokio::time::Instant;
use tonic::transport::Endpoint;

use super::cluster::{CLUSTER, Cluster, request, soon};
use super::proxy::Weather;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_have_the_leader_propose_many_batches_at_once() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let mut batches = Vec::new();
    for follower in cluster.followers_of(leader) {
        for size in (1..=20).cycle().take(200) {
            let requests: Vec<Bytes> = (0..size).map(|_| request()).collect();
            batches.push((size, cluster.nodes[&follower].forwarder.forward(requests, soon())));
        }
    }
    let (sizes, forwards): (Vec<_>, Vec<_>) = batches.into_iter().unzip();
    let mut last = 0;
    for (size, outcome) in sizes.into_iter().zip(futures_util::future::join_all(forwards).await) {
        let ForwardOutcome::Answered(outcomes) = outcome else { panic!("{outcome:?}") };
        assert_eq!(outcomes.len(), size);
        assert!(outcomes.iter().all(|outcome| outcome.answer.is_ok() && !outcome.replayed));
        last = last.max(outcomes[0].index);
    }
    cluster.agree_at(last).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_forwards_nothing() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let refused = cluster.nodes[&leader].forwarder.forward(vec![request()], soon()).await;
    assert_eq!(refused, ForwardOutcome::Refused(Refusal::NotLeader { leader: Some(leader) }));
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forwarded_batch_is_not_forwarded_again() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let [from, to] = cluster.followers_of(leader)[..] else { panic!("there are two followers") };
    let channel = Endpoint::from_shared(format!("http://{}", cluster.nodes[&to].address)).unwrap().connect_lazy();
    let incarnation: String = cluster.nodes[&from].incarnation.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut client = ForwardClient::with_interceptor(channel, move |mut call: tonic::Request<()>| {
        call.metadata_mut().insert("livedrop-cluster", CLUSTER.parse().unwrap());
        call.metadata_mut().insert("livedrop-node", from.into());
        call.metadata_mut().insert("livedrop-incarnation", incarnation.parse().unwrap());
        call.metadata_mut().insert("livedrop-to", to.into());
        Ok(call)
    });
    let batch = pb::Batch { sequence: 7, remaining_ms: 60_000, requests: vec![request()], traced: vec![] };
    let mut answers = client.propose(futures_util::stream::iter([batch])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    let refused = pb::Refused { reason: pb::refused::Reason::NotLeader.into(), leader };
    assert_eq!(answer, pb::Answer { sequence: 7, result: Some(pb::answer::Result::Refused(refused)) });
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_went_out_is_refused_and_never_unknown() {
    let mut cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let [follower, unused] = cluster.followers_of(leader)[..] else { panic!("there are two followers") };
    let forwarder = &cluster.nodes[&follower].forwarder;
    assert_eq!(forwarder.forward(vec![request()], Instant::now()).await, ForwardOutcome::Refused(Refusal::Expired));
    let large = vec![Bytes::from(vec![0; BATCH_BYTES_MAX + 1])];
    assert_eq!(forwarder.forward(large, soon()).await, ForwardOutcome::Refused(Refusal::TooLarge));

    // The leader is gone and this follower, which never had a stream to it, may not have noticed.
    cluster.nodes.remove(&leader).unwrap().stop().await;
    let outcome = cluster.nodes[&unused].forwarder.forward(vec![request()], soon()).await;
    assert_ne!(outcome, ForwardOutcome::Unknown);
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_went_out_and_has_no_answer_is_unknown() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.followers_of(leader)[0];
    let forwarder = &cluster.nodes[&follower].forwarder;
    // Opens the stream.
    assert!(matches!(forwarder.forward(vec![request()], soon()).await, ForwardOutcome::Answered(_)));
    cluster.weather(leader, Weather::BlackHole);
    let deadline = Instant::now() + Duration::from_millis(200);
    assert_eq!(forwarder.forward(vec![request()], deadline).await, ForwardOutcome::Unknown);
    cluster.weather(leader, Weather::Fair);
    // The next leader, or the same one, takes the next batch.
    loop {
        match forwarder.forward(vec![request()], Instant::now() + Duration::from_secs(1)).await {
            ForwardOutcome::Answered(outcomes) => break assert_eq!(outcomes.len(), 1),
            ForwardOutcome::Refused(Refusal::NotLeader { leader: Some(own) }) if own == follower => break,
            ForwardOutcome::Refused(_) | ForwardOutcome::Unknown => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    cluster.stop().await;
}
