use livedrop_node::raft::{ChangeError, MemberChange};
use livedrop_store::types::Member;
use tokio::time::{Instant, timeout};

use super::cluster::{Cluster, PATIENCE, soon};

impl Cluster {
    /// Starts a node that nobody knows yet, and answers where it is reached.
    async fn newcomer(&mut self, id: u64) -> Member {
        let member = self.plan.address(id).await;
        let launch = self.plan.launch(id, None).await;
        let node = timeout(PATIENCE, launch.start()).await.expect("it waits for nobody").expect("it starts");
        self.nodes.insert(id, node);
        member
    }

    async fn change(&self, change: MemberChange) -> Result<(), ChangeError> {
        let leader = self.leader_of_members().await;
        self.nodes[&leader].consensus.change_members(&change, soon()).await
    }

    /// As `leader`, though not all nodes of the test belong to the cluster.
    async fn leader_of_members(&self) -> u64 {
        self.nodes[&1].leader_that(|leader| self.nodes.contains_key(&leader)).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_joins_becomes_a_voter_and_leads_at_once() {
    let mut cluster = Cluster::of(3).await;
    let index = cluster.write().await.index;
    let member = cluster.newcomer(4).await;
    for _ in 0..2 {
        cluster
            .change(MemberChange::AddLearner { node: 4, member: member.clone() })
            .await
            .expect("it is new, or there");
    }
    timeout(PATIENCE, cluster.nodes[&4].reader.wait_applied(index)).await.expect("it gets the log");
    for _ in 0..2 {
        cluster.change(MemberChange::Promote { node: 4 }).await.expect("it is a learner, or votes");
    }
    let leader = cluster.leader().await;
    let seen = cluster.nodes[&leader].consensus.membership();
    assert_eq!((seen.voters.len(), seen.settled), (4, true));
    if leader != 4 {
        // A voter that was a learner a moment ago (openraft issue 1805).
        while cluster.nodes[&leader].consensus.transfer_leader(4).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(cluster.leader().await, 4);
    let index = cluster.write().await.index;
    cluster.agree_at(index).await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voter_that_is_replaced_is_out_and_the_new_one_votes() {
    let mut cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let old = *cluster.followers_of(leader).iter().find(|id| **id != 1).expect("there are two");
    let member = cluster.newcomer(4).await;
    cluster.change(MemberChange::AddLearner { node: 4, member }).await.expect("it is new");
    cluster.change(MemberChange::Replace { old, new: 4 }).await.expect("one change");
    cluster.change(MemberChange::Replace { old, new: 4 }).await.expect("it is done already");
    let seen = cluster.nodes[&leader].consensus.membership();
    assert!(seen.voters.contains(&4) && !seen.nodes.contains_key(&old) && seen.voters.len() == 3, "{seen:?}");
    cluster.nodes.remove(&old).expect("it ran").stop().await;
    assert!(cluster.write().await.answer.is_ok());
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_at_one_time_come_one_after_the_other_or_not_at_all() {
    let mut cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let (four, five) = (cluster.newcomer(4).await, cluster.newcomer(5).await);
    let consensus = cluster.nodes[&leader].consensus.clone();
    let add = |node, member: Member| {
        let consensus = consensus.clone();
        async move { consensus.change_members(&MemberChange::AddLearner { node, member }, soon()).await }
    };
    let both = futures_util::future::join(add(4, four.clone()), add(5, five.clone())).await;
    // Each was decided on a membership that the other may have changed meanwhile; nothing of it is half done.
    assert!(both.0.is_ok() || both.1.is_ok(), "{both:?}");
    let seen = consensus.membership();
    assert_eq!(seen.nodes.contains_key(&4), both.0.is_ok());
    assert_eq!(seen.nodes.contains_key(&5), both.1.is_ok());
    assert!(seen.settled);
    add(4, four).await.expect("asked again");
    add(5, five).await.expect("asked again");
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_changes_nothing_and_names_the_leader() {
    let cluster = Cluster::of(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.followers_of(leader)[0];
    let refused =
        cluster.nodes[&follower].consensus.change_members(&MemberChange::Remove { node: leader }, Instant::now()).await;
    assert_eq!(refused, Err(ChangeError::NotLeader { leader: Some(leader) }));
    cluster.stop().await;
}
