//! Three nodes in one process, that ask each other directly.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, Weak};

use futures_util::FutureExt;

use super::*;

#[derive(Default)]
struct Wire {
    nodes: OnceLock<Vec<Weak<Limits>>>,
    cut: AtomicBool,
}

impl Wire {
    fn node(&self, id: u64) -> Option<Arc<Limits>> {
        let cut = self.cut.load(Ordering::Relaxed);
        self.nodes.get().filter(|_| !cut)?.get(id as usize - 1)?.upgrade()
    }
}

impl Ask for Wire {
    fn lease(&self, node: u64, request: pb::LeaseRequest) -> BoxFuture<'_, Option<pb::LeaseResponse>> {
        async move {
            tokio::task::yield_now().await;
            Some(self.node(node)?.lend(request))
        }
        .boxed()
    }

    fn guess(&self, node: u64, request: pb::GuessRequest) -> BoxFuture<'_, Option<pb::GuessResponse>> {
        async move { Some(self.node(node)?.take_guess(&request)) }.boxed()
    }
}

/// Slow to refill, so that a test's own time does not matter.
const RATE: Rate = Rate { per_minute: 60, burst: 600 };

fn three(account: Rate) -> (Arc<Wire>, Vec<Arc<Limits>>) {
    let wire = Arc::new(Wire::default());
    let options = Options { account, address: RATE, wrong_free: 3, wrong_from_address: RATE };
    let mut nodes = Vec::new();
    for own in 1..=3 {
        let (limits, questions) = Limits::new(own, options.clone(), wire.clone());
        // As if the owners had been the same for a long time.
        limits.owners.set(3, 1..=3, true, 0);
        tokio::spawn(limits.clone().borrow(questions));
        nodes.push(limits);
    }
    let _first = wire.nodes.set(nodes.iter().map(Arc::downgrade).collect());
    (wire, nodes)
}

fn account(name: u128) -> Subject {
    Subject { policy: Policy::Account, name }
}

/// How many of `requests` one caller gets through when they go round all nodes, a few at a time at each.
async fn let_through(nodes: &[Arc<Limits>], subject: Subject, requests: usize) -> usize {
    let one = async |at: usize| nodes[at].check(subject).await.wait_ns.is_none();
    let mut through = 0;
    for begin in (0..requests).step_by(30) {
        let some = (begin..(begin + 30).min(requests)).map(|at| one(at % nodes.len()));
        through += futures_util::future::join_all(some).await.into_iter().filter(|yes| *yes).count();
    }
    through
}

#[tokio::test]
async fn ten_times_the_limit_over_three_nodes_is_let_through_once() {
    let (_wire, nodes) = three(RATE);
    for name in 0..20 {
        let through = let_through(&nodes, account(name), 6_000).await;
        assert!((540..=660).contains(&through), "{through} of caller {name}");
    }
}

#[tokio::test]
async fn a_small_limit_holds_as_well() {
    let (_wire, nodes) = three(Rate { per_minute: 1, burst: 10 });
    for name in 0..20 {
        let through = let_through(&nodes, account(name), 100).await;
        assert!((9..=11).contains(&through), "{through} of caller {name}");
    }
}

#[tokio::test]
async fn who_stays_at_one_node_gets_the_whole_bucket_there() {
    let (_wire, nodes) = three(RATE);
    for node in &nodes {
        let alone = std::slice::from_ref(node);
        let through = let_through(alone, account(u128::from(node.owners.own()) + 100), 2_000).await;
        assert!((570..=660).contains(&through), "{through}");
    }
}

#[tokio::test]
async fn one_caller_does_not_use_up_anothers_bucket() {
    let (_wire, nodes) = three(RATE);
    let_through(&nodes, account(1), 2_000).await;
    assert_eq!(let_through(&nodes, account(2), 300).await, 300);
    let behind_the_same_address = Subject { policy: Policy::Address, name: 1 };
    assert_eq!(let_through(&nodes, behind_the_same_address, 300).await, 300);
}

#[tokio::test]
async fn nodes_that_do_not_reach_each_other_grant_a_share_each() {
    let (wire, nodes) = three(RATE);
    wire.cut.store(true, Ordering::Relaxed);
    let through = let_through(&nodes, account(1), 6_000).await;
    // The owner is a node too, and knows nothing of the others' trouble.
    assert!((200..=600 + 2 * 230).contains(&through), "{through}");
}

#[tokio::test]
async fn wrong_passwords_are_counted_once_for_all_nodes() {
    let (wire, nodes) = three(RATE);
    let mut ahead = 0;
    for at in 0..100 {
        ahead += usize::from(nodes[at % 3].guess(Step::Begin, account(7)).await == 0);
    }
    assert_eq!(ahead, 3);
    nodes[0].guess(Step::Right, account(7)).await;
    assert_eq!(nodes[1].guess(Step::Begin, account(7)).await, 0);
    wire.cut.store(true, Ordering::Relaxed);
    let mut ahead = 0;
    for at in 0..100 {
        ahead += usize::from(nodes[at % 3].guess(Step::Begin, account(8)).await == 0);
    }
    assert_eq!(ahead, 9, "each for itself");
}

/// `cargo test --release -- --nocapture the_check_is_quick` shows how long it takes.
#[tokio::test]
async fn the_check_is_quick() {
    let (_wire, nodes) = three(Rate { per_minute: 6_000_000, burst: 100_000_000 });
    for (node, what) in nodes.iter().zip(["node 1", "node 2", "node 3"]) {
        for name in 0..1_000 {
            node.check(account(name)).await;
        }
        let began = Instant::now();
        for name in 0..100_000 {
            node.check(account(name % 1_000)).await;
        }
        println!("{what}: {} ns a check", began.elapsed().as_nanos() / 100_000);
    }
}
