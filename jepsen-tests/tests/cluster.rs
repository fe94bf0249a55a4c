//! The stories on real processes, small enough for every change. `proof` tells the same ones at full length.

use std::time::Duration;

use livedrop_jepsen::cluster::{Cluster, Options};
use livedrop_jepsen::gateway::Gateway;
use livedrop_jepsen::scenario::{
    blackout, catch_up, crash_matrix, failover, members, money, quorum, race, sell_out, told, waitlist, wiped,
};
use livedrop_jepsen::seed::Seed;

/// The seed of a test, with the line that repeats it.
fn seed(test: &str) -> Seed {
    Seed::for_run(&format!("cargo test --release -p livedrop-jepsen --test cluster {test}"))
}

/// A size from the environment, for longer runs of the same test.
fn size(variable: &str, usual: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number, not {text}")),
        Err(_) => usual,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_rivals_for_one_unit_exactly_one_gets_it() {
    let seed = seed("of_two_hundred_rivals_for_one_unit_exactly_one_gets_it");
    let rounds = size("LIVEDROP_ROUNDS", 25);
    let run = async |cluster: &mut Cluster| race::run(cluster, &seed, race::Kind::OneUnit, rounds, 200).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hundred_requests_of_one_buyer_exactly_as_many_succeed_as_the_limit_allows() {
    let seed = seed("of_two_hundred_requests_of_one_buyer_exactly_as_many_succeed_as_the_limit_allows");
    let rounds = size("LIVEDROP_ROUNDS", 25);
    let run = async |cluster: &mut Cluster| race::run(cluster, &seed, race::Kind::OneBuyer, rounds, 200).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sell_out_is_exact_while_the_leader_is_killed_three_times() {
    let seed = seed("a_sell_out_is_exact_while_the_leader_is_killed_three_times");
    let size = sell_out::Size { units: size("LIVEDROP_UNITS", 5_000), buyers: 200, at_once: 64, kills: 3 };
    let run = async |cluster: &mut Cluster| sell_out::run(cluster, &seed, size).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buyers_are_served_again_soon_after_the_leader_died() {
    served_again("buyers_are_served_again_soon_after_the_leader_died", failover::How::Kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buyers_are_served_by_others_while_the_leader_is_paused() {
    served_again("buyers_are_served_by_others_while_the_leader_is_paused", failover::How::Pause).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buyers_are_served_by_others_when_the_leader_is_stopped_in_order() {
    served_again("buyers_are_served_by_others_when_the_leader_is_stopped_in_order", failover::How::Stop).await;
}

async fn served_again(test: &str, how: failover::How) {
    let seed = seed(test);
    let times = size("LIVEDROP_LOSSES", 3);
    let run = async |cluster: &mut Cluster| failover::run(cluster, &seed, how, times).await;
    let felt = Cluster::with(Options::three(), run).await.unwrap();
    // The aim is a second; the bound is for a machine that does many other things at the same time.
    assert!(felt.outages.iter().all(|outage| outage.as_secs() < 20), "{:?}", felt.outages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_all_nodes_are_killed_at_once() {
    let seed = seed("nothing_acknowledged_is_lost_when_all_nodes_are_killed_at_once");
    let units = size("LIVEDROP_UNITS", 5_000);
    let run = async |cluster: &mut Cluster| blackout::run(cluster, &seed, units).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_without_a_quorum_sells_nothing_and_says_so_in_time() {
    let seed = seed("a_leader_without_a_quorum_sells_nothing_and_says_so_in_time");
    let case = quorum::Case { leader_stays: true, paused: false };
    let run = async |cluster: &mut Cluster| quorum::run(cluster, &seed, case, 5).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_without_a_quorum_sells_nothing_and_says_so_in_time() {
    let seed = seed("a_follower_without_a_quorum_sells_nothing_and_says_so_in_time");
    let case = quorum::Case { leader_stays: false, paused: true };
    let run = async |cluster: &mut Cluster| quorum::run(cluster, &seed, case, 5).await;
    Cluster::with(Options::three(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_for_longer_than_the_log_catches_up_by_a_snapshot() {
    let seed = seed("a_node_that_was_away_for_longer_than_the_log_catches_up_by_a_snapshot");
    let run = async |cluster: &mut Cluster| catch_up::run(cluster, &seed).await;
    Cluster::with(Options::three().with_a_short_log(), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_data_was_wiped_is_not_let_back_in_under_its_old_id() {
    let mut seed = seed("a_node_whose_data_was_wiped_is_not_let_back_in_under_its_old_id");
    let run = async |cluster: &mut Cluster| wiped::run(cluster, &mut seed).await;
    let said = Cluster::with(Options::three(), run).await.unwrap();
    assert!(said.contains("data directory"), "the refusal names the data directory: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_in_vain_while_nodes_come_and_go_and_the_leader_among_them() {
    let seed = seed("nobody_waits_in_vain_while_nodes_come_and_go_and_the_leader_among_them");
    let size = members::Size { killed: members::Killed::Nobody, transfers: 2 };
    let run = async |cluster: &mut Cluster| members::run(cluster, &seed, size).await;
    Cluster::with(Options::three().with_room_for(2), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_members_goes_on_though_the_leader_dies_in_the_middle_of_it() {
    let seed = seed("a_change_of_members_goes_on_though_the_leader_dies_in_the_middle_of_it");
    let size = members::Size { killed: members::Killed::Leader, transfers: 0 };
    let run = async |cluster: &mut Cluster| members::run(cluster, &seed, size).await;
    Cluster::with(Options::three().with_room_for(2), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_joined_and_was_wiped_is_not_let_back_in_with_its_token() {
    let run = async |cluster: &mut Cluster| members::wiped(cluster).await;
    let said = Cluster::with(Options::three().with_room_for(1), run).await.unwrap();
    assert!(said.contains("the token was used already"), "the refusal says why: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_comes_to_its_end_when_the_leader_dies_after_any_of_its_steps() {
    let seed = seed("a_payment_comes_to_its_end_when_the_leader_dies_after_any_of_its_steps");
    let times = size("LIVEDROP_LOSSES", 1);
    let (gateway, folder) = (Gateway::start().await.unwrap(), tempfile::tempdir().unwrap());
    let options = money::options(&gateway.url(), folder.path()).unwrap();
    let run = async |cluster: &mut Cluster| crash_matrix::run(cluster, &gateway, &seed, times).await;
    Cluster::with(options, run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cent_is_accounted_for_while_leaders_die_and_the_gateway_misbehaves() {
    let seed = seed("every_cent_is_accounted_for_while_leaders_die_and_the_gateway_misbehaves");
    let size =
        money::Size { orders: size("LIVEDROP_ORDERS", 300), at_once: 16, kills: 2, outage: Duration::from_secs(3) };
    let (gateway, folder) = (Gateway::start().await.unwrap(), tempfile::tempdir().unwrap());
    let options = money::options(&gateway.url(), folder.path()).unwrap();
    let run = async |cluster: &mut Cluster| money::run(cluster, &gateway, &seed, size).await;
    Cluster::with(options, run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creators_server_is_told_of_every_order_though_it_fails_and_the_leader_dies() {
    let seed = seed("a_creators_server_is_told_of_every_order_though_it_fails_and_the_leader_dies");
    let run = async |cluster: &mut Cluster| told::run(cluster, &seed, 40).await;
    Cluster::with(Options::three().set("webhooks", "allow_private", true), run).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_free_goes_to_those_who_wait_in_order_whoever_else_wants_it() {
    served_in_turn("what_comes_free_goes_to_those_who_wait_in_order_whoever_else_wants_it", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_are_served_in_order_though_the_leader_dies_as_it_comes_free() {
    served_in_turn("those_who_wait_are_served_in_order_though_the_leader_dies_as_it_comes_free", true).await;
}

async fn served_in_turn(test: &str, kill: bool) {
    let seed = seed(test);
    let rate = size("LIVEDROP_RATE", 1_000);
    let size = waitlist::Size { units: 10, line: 30, rate, hold_seconds: 8, kill };
    let run = async |cluster: &mut Cluster| waitlist::run(cluster, &seed, size).await;
    Cluster::with(Options::three(), run).await.unwrap();
}
