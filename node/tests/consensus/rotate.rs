//! A cluster over TLS, and all its certificates replaced while it works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use livedrop_node::tls::Look;

use super::cluster::{Cluster, payload, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_with_certificates_elect_a_leader_forward_and_apply_the_same() {
    let cluster = Cluster::secured(3).await;
    let mut last = 0;
    for _ in 0..20 {
        let outcome = cluster.write().await;
        assert!(outcome.answer.is_ok(), "{outcome:?}");
        last = outcome.index;
    }
    // More than TLS says in one breath.
    let leader = cluster.leader().await;
    let many: Vec<_> = (0..5_000).map(|_| request()).collect();
    let outcomes = cluster.nodes[&leader].consensus.propose(payload(&many)).await.unwrap();
    last = outcomes.last().map_or(last, |outcome| outcome.index);
    cluster.agree_at(last).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_certificate_is_replaced_under_traffic_and_nothing_fails() {
    let mut cluster = Cluster::secured(3).await;
    let leader = cluster.leader().await;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let traffic = tokio::spawn({
        let (stop, done) = (stop.clone(), done.clone());
        let consensus = cluster.nodes[&leader].consensus.clone();
        async move {
            while !stop.load(Ordering::Acquire) {
                consensus.propose(payload(&[request()])).await.expect("no write fails");
                done.fetch_add(1, Ordering::Release);
            }
        }
    });
    let some_more = async || {
        let seen = done.load(Ordering::Acquire);
        while done.load(Ordering::Acquire) < seen + 20 {
            assert!(!traffic.is_finished(), "a write has failed");
            tokio::task::yield_now().await;
        }
    };
    some_more().await;
    let certificates = cluster.plan.certificates.as_ref().unwrap();
    // The way a cluster changes its authority: first all believe both, then each shows a certificate of the new one,
    // then nobody believes the old one.
    let old = certificates.authority();
    certificates.replace_authority();
    let new = certificates.authority();
    certificates.put_authorities(&[&old, &new]);
    assert_eq!(certificates.look(), [Look::Used; 3]);
    some_more().await;
    for id in 1..=3 {
        certificates.put_node(id);
        certificates.look();
        some_more().await;
    }
    certificates.put_authorities(&[&new]);
    assert_eq!(certificates.look(), [Look::Used; 3]);
    some_more().await;
    assert_eq!(certificates.look(), [Look::Unchanged; 3]);

    // New connections are made with what is there now, over and over.
    let follower = cluster.followers_of(leader)[0];
    let address = cluster.nodes[&follower].address;
    let directory = cluster.nodes.remove(&follower).unwrap().stop().await;
    let again = cluster.plan.launch_in(follower, Some(address), directory).await.start().await.unwrap();
    cluster.nodes.insert(follower, again);
    some_more().await;
    stop.store(true, Ordering::Release);
    traffic.await.expect("no write has failed");
    let outcome = cluster.write().await;
    cluster.agree_at(outcome.index).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_certificates_that_are_not_good_change_nothing() {
    let cluster = Cluster::secured(1).await;
    let certificates = cluster.plan.certificates.as_ref().unwrap();
    let other = super::certificates::Certificates::of("test-shop");
    certificates.put_node(2);
    // Another node's; one that another authority has signed; none at all.
    let pair = certificates.signed(|authority| authority.node(None, 2, &[], super::certificates::today()).unwrap());
    let stranger = other.signed(|authority| authority.node(None, 1, &[], super::certificates::today()).unwrap());
    for bad in [&pair, &stranger] {
        certificates.put("node-1", bad);
        assert_eq!(certificates.look(), [Look::Refused]);
    }
    std::fs::remove_file(certificates.files("node-1").key).unwrap();
    assert_eq!(certificates.look(), [Look::Refused]);
    assert!(cluster.write().await.answer.is_ok());
    certificates.put_node(1);
    assert_eq!(certificates.look(), [Look::Used]);
    cluster.stop().await;
}
