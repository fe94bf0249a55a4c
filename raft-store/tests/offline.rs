//! Restoring from a backup and recovering a lone survivor, and the process dying at every step of both.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use common::shop::log_id;
use common::{append, apply, directory, entries, hash, indices, log_ends, names, open, options, snapshot, vote};
use livedrop_domain::{Timestamp, drops, members, restored};
use livedrop_store::types::{EntryPayload, LeaderId, LogId, Member};
use livedrop_store::{
    Hooks, INDEX_JUMP, Identity, Options, Restore, Restored, Step, StoreError, Survivor, TERM_JUMP, restore,
};
use openraft::storage::{RaftLogReader, RaftLogStorage, RaftStateMachine};

const STEP: &str = "LIVEDROP_CRASH_STEP";
const PLACE: &str = "LIVEDROP_CRASH_PLACE";

fn member(id: u64) -> Member {
    Member { peer: format!("127.0.0.1:{}", 9_090 + id), http: format!("http://127.0.0.1:{}", 8_080 + id) }
}

fn new_node(node_id: u64) -> Identity {
    Identity { cluster_id: "new".to_owned(), node_id }
}

fn wanted(node_id: u64, (index, hash): (u64, [u8; 32])) -> Restore {
    let members = BTreeMap::from([(1, member(1)), (2, member(2)), (3, member(3))]);
    Restore { identity: new_node(node_id), members, cluster_of_backup: "test".to_owned(), index, hash }
}

/// The frames of a snapshot of a shop after so many entries, with what it is of.
async fn backup(count: u64) -> (Vec<Bytes>, (u64, [u8; 32])) {
    let place = directory();
    let mut store = open(&place);
    apply(&mut store.machine, &entries(count, 3)).await;
    let made = snapshot(&mut store.machine).await;
    let frames = made.snapshot.stream().map(|frame| frame.expect("the disk reads")).collect();
    (frames, hash(&store))
}

fn restore_into(place: &Path, wanted: &Restore, frames: &[Bytes], hooks: Hooks) -> Result<Restored, StoreError> {
    let options = Options { hooks, ..options() };
    restore(place, wanted, &options, frames.iter().cloned().map(Ok))
}

fn open_new(place: &Path, node_id: u64) -> livedrop_store::Store {
    livedrop_store::open(place, &new_node(node_id), options()).expect("it was restored")
}

#[tokio::test]
async fn three_directories_restored_from_one_backup_hold_one_state_further_on() {
    let (frames, of) = backup(40).await;
    let mut incarnations = Vec::new();
    for node_id in 1..=3 {
        let place = directory();
        let made = restore_into(place.path(), &wanted(node_id, of), &frames, Hooks::default()).expect("it is whole");
        assert_eq!((made.from, made.hash), (log_id(1, 39), of.1));
        assert_eq!((made.to.index, made.to.leader_id.term), (39 + INDEX_JUMP, 1 + TERM_JUMP));
        let mut store = open_new(place.path(), node_id);
        assert!(!store.fresh);
        incarnations.push(store.incarnation);
        assert_eq!(hash(&store), (made.to.index, of.1), "the rows are those of the backup");
        let (applied, membership) = store.machine.applied_state().await.expect("no fault");
        assert_eq!((applied, *membership.log_id()), (Some(made.to), Some(made.to)));
        assert_eq!(membership.voter_ids().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(log_ends(&mut store.log).await, (Some(made.to), Some(made.to)));
        assert!(store.log.read_vote().await.expect("no fault").expect("there is one").leader_id >= made.to.leader_id);
        let moved = store.reader.read(|view| restored::get(view)).expect("no fault").expect("no fault");
        assert_eq!(moved, Some(restored::Restored { from: 39, to: made.to.index }));
        let stock = store.reader.read(|view| drops::stock(view, common::shop::DROP)).expect("no fault");
        assert_eq!(stock.expect("it is there").0[0].held, 39 * 3);
        // It goes on as any node does.
        let next =
            LogId { leader_id: LeaderId { term: made.to.leader_id.term + 1, node_id }, index: made.to.index + 1 };
        let mut entry = common::shop::entry(next.index, common::shop::purchases(900..903));
        entry.log_id = next;
        append(&mut store.log, vec![entry.clone()]).await;
        apply(&mut store.machine, &[entry]).await;
        drop(store);
        assert_eq!(hash(&open_new(place.path(), node_id)).0, next.index);
    }
    assert_ne!(incarnations[0], incarnations[1]);
}

#[tokio::test]
async fn a_restore_never_writes_over_anything() {
    let (frames, of) = backup(5).await;
    let place = directory();
    drop(open(&place));
    let said = |place: &Path| {
        let refused = restore_into(place, &wanted(1, of), &frames, Hooks::default());
        refused.expect_err("something is there").to_string()
    };
    assert!(said(place.path()).contains("is the data directory of a node already"));
    drop(open(&place));
    let other = directory();
    std::fs::write(other.path().join("thesis.txt"), "the only copy").expect("it is ours");
    assert!(said(other.path()).contains("thesis.txt"));
    assert_eq!(names(other.path()), ["LOCK", "thesis.txt"]);
}

#[tokio::test]
async fn what_is_not_the_backup_that_was_announced_is_refused_and_no_node_starts_in_what_is_left() {
    let (frames, of) = backup(30).await;
    let others = [
        (wanted(1, (of.0 + 1, of.1)), "another hash was said"),
        (wanted(1, (of.0, [9; 32])), "another hash was said"),
        (Restore { cluster_of_backup: "else".to_owned(), ..wanted(1, of) }, "of cluster \"test\""),
    ];
    for (wanted, expected) in others {
        let place = directory();
        let refused = restore_into(place.path(), &wanted, &frames, Hooks::default());
        let refused = refused.expect_err("it is another").to_string();
        assert!(refused.contains(expected), "{refused}");
        let start = livedrop_store::open(place.path(), &new_node(1), options()).err().expect("it is half restored");
        assert!(start.to_string().contains("half restored"), "{start}");
        restore_into(place.path(), &self::wanted(1, of), &frames, Hooks::default())
            .expect("again, with the right file");
        assert_eq!(hash(&open_new(place.path(), 1)).1, of.1);
    }
    let place = directory();
    assert!(restore_into(place.path(), &wanted(1, of), &frames[..2], Hooks::default()).is_err(), "cut short");
}

/// A survivor's directory: 20 entries of two purchases, 16 of them known to be committed and applied.
async fn survivor(place: &Path) {
    let mut store = livedrop_store::open(place, &common::identity(), options()).expect("it is empty");
    let mut all = entries(20, 2);
    let three = livedrop_store::types::Membership::new(
        vec![[1, 2, 3].into()],
        BTreeMap::from([(1, member(1)), (2, member(2)), (3, member(3))]),
    );
    all[3].payload = EntryPayload::Membership(three.expect("all have addresses"));
    store.log.save_vote(&vote(4)).await.expect("no fault");
    append(&mut store.log, all.clone()).await;
    apply(&mut store.machine, &all[..16]).await;
    store.log.save_committed(Some(log_id(1, 15))).await.expect("no fault");
    store.log.save_vote(&vote(5)).await.expect("no fault");
}

fn open_survivor(place: &Path, hooks: Hooks) -> Survivor {
    let options = Options { hooks, ..options() };
    Survivor::open(place, &common::identity(), &options).expect("it is a node's")
}

#[tokio::test]
async fn a_survivor_goes_on_alone_with_all_that_its_log_has() {
    let place = directory();
    survivor(place.path()).await;
    let survivor = open_survivor(place.path(), Hooks::default());
    let standing = survivor.standing().clone();
    assert_eq!((standing.term, standing.last, standing.committed), (5, Some(log_id(1, 19)), Some(log_id(1, 15))));
    assert_eq!((standing.voters, standing.members.len()), (vec![1, 2, 3], 3));
    let refused = livedrop_store::open(place.path(), &common::identity(), options()).err().expect("it is locked");
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    let last = survivor.recover(Timestamp(1_790_000_100_000)).expect("there is space");
    assert_eq!((last.index, last.leader_id), (21, LeaderId { term: 6, node_id: 1 }));

    let mut store = open(&place);
    assert_eq!(indices(&mut store.log, 0..99).await, (0..=21).collect::<Vec<_>>());
    assert_eq!(store.log.read_vote().await.expect("no fault").expect("there is one").leader_id, last.leader_id);
    let entries = store.log.try_get_log_entries(16..22).await.expect("no fault");
    let EntryPayload::Membership(alone) = &entries[4].payload else { panic!("{:?}", entries[4]) };
    assert_eq!(alone.nodes().map(|(id, _)| *id).collect::<Vec<_>>(), [1]);
    apply(&mut store.machine, &entries).await;
    let of = |node| store.reader.read(|view| members::get(view, node)).expect("no fault").expect("no fault");
    for node in [2, 3] {
        assert_eq!(of(node).expect("it is given up").incarnation, members::LEFT_BEHIND, "node {node}");
    }
    assert_eq!(of(1), None, "the survivor registers as it always does");
}

#[tokio::test]
async fn a_directory_without_a_node_or_of_another_cannot_go_on() {
    let place = directory();
    let said = |place: &Path, identity| Survivor::open(place, &identity, &options()).err().expect("no").to_string();
    assert!(said(place.path(), common::identity()).contains("nothing to go on with"));
    drop(open(&place));
    assert!(said(place.path(), new_node(1)).contains("belongs to node 1 of cluster \"test\""));
    assert!(said(place.path(), common::identity()).contains("is not a member of its cluster"));
}

/// Aborts at the step with the number that the parent gave.
fn dying() -> Hooks {
    let at: u64 = std::env::var(STEP).expect("the parent says so").parse().expect("a number");
    let steps = AtomicU64::new(0);
    Hooks::default().probing_with(move |_: Step| match steps.fetch_add(1, Ordering::AcqRel) {
        step if step == at => std::process::abort(),
        _ => Ok(()),
    })
}

/// Runs `test` of this program in a child that dies at `step`. Whether it came to its end instead.
fn dies_at(test: &str, step: u64, place: &Path) -> bool {
    std::process::Command::new(std::env::current_exe().expect("it runs"))
        .args([test, "--exact", "--ignored"])
        .envs([(PLACE, place.as_os_str()), (STEP, step.to_string().as_ref())])
        .output()
        .expect("it starts")
        .status
        .success()
}

fn place_of_child() -> std::path::PathBuf {
    std::env::var_os(PLACE).expect("the parent says so").into()
}

#[tokio::test]
#[ignore = "the child of another test"]
async fn child_that_restores() {
    let (frames, of) = backup(12).await;
    restore_into(&place_of_child(), &wanted(2, of), &frames, dying()).expect("nothing fails");
}

#[tokio::test]
async fn a_restore_that_dies_leaves_no_node_or_a_whole_one_and_can_be_done_again() {
    let (frames, of) = backup(12).await;
    let (mut step, mut refused) = (0, 0);
    loop {
        let place = directory();
        let ended = dies_at("child_that_restores", step, place.path());
        match livedrop_store::open(place.path(), &new_node(2), options()) {
            Ok(store) => assert_eq!(hash(&store), (of.0 + INDEX_JUMP, of.1), "step {step}"),
            Err(error) => {
                assert!(error.to_string().contains("half restored"), "step {step}: {error}");
                refused += 1;
                let again = restore_into(place.path(), &wanted(2, of), &frames, Hooks::default());
                again.unwrap_or_else(|error| panic!("step {step}: {error}"));
                assert_eq!(hash(&open_new(place.path(), 2)), (of.0 + INDEX_JUMP, of.1), "step {step}");
            }
        }
        if ended {
            break;
        }
        step += 1;
    }
    assert!(refused > 4 && step > refused, "{refused} of {step} steps left half of it");
}

#[tokio::test]
#[ignore = "the child of another test"]
async fn child_that_recovers() {
    open_survivor(&place_of_child(), dying()).recover(Timestamp(1)).expect("nothing fails");
}

#[tokio::test]
async fn a_recovery_that_dies_has_done_all_or_nothing() {
    let mut lasts = Vec::new();
    loop {
        let place = directory();
        survivor(place.path()).await;
        let ended = dies_at("child_that_recovers", lasts.len() as u64, place.path());
        let mut store = open(&place);
        let (vote, (_, last)) = (store.log.read_vote().await.expect("no fault"), log_ends(&mut store.log).await);
        let (term, last) = (vote.expect("there is one").leader_id.term, last.expect("there is one").index);
        assert!((term, last) == (5, 19) || (term, last) == (6, 21), "{term} {last}");
        lasts.push(last);
        if ended {
            break;
        }
    }
    assert_eq!(lasts, [19, 21, 21]);
}
