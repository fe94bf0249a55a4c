//! The process dies at every step that changes the disk, one run for each; then everything acknowledged is there.
//!
//! A run is this test program once more, as a child that aborts at the step whose number it was given. Before it goes
//! on after each acknowledgement, it writes it down in a file beside the data directory. What a crash of the machine
//! takes in addition, writes that were not synced, is not shown here.

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use common::shop::{blank, entry, log_id, purchases};
use common::{
    append, apply, directory, entries, hash, indices, log_ends, names, open, open_with, send, snapshot, vote,
};
use livedrop_store::types::{Entry, EntryPayload};
use livedrop_store::{Hooks, Step, Store};
use openraft::storage::{RaftLogReader, RaftLogStorage, RaftStateMachine};

const PLACE: &str = "LIVEDROP_CRASH_PLACE";
const STEP: &str = "LIVEDROP_CRASH_STEP";

/// What a child says was acknowledged before it died.
#[derive(Debug, Default)]
struct Acknowledged {
    vote: u64,
    /// The newest entry.
    entry: u64,
    /// Which text the entries that were replaced once carry.
    replaced: bool,
    installed: bool,
}

/// Aborts at the step with the number that the parent gave; counts them when it is never reached.
fn hooks() -> Hooks {
    let at: u64 = std::env::var(STEP).expect("the parent says so").parse().expect("a number");
    let steps = AtomicU64::new(0);
    Hooks::default().probing_with(move |_: Step| match steps.fetch_add(1, Ordering::AcqRel) {
        step if step == at => std::process::abort(),
        _ => Ok(()),
    })
}

struct Notes(File);

impl Notes {
    fn say(&mut self, note: impl std::fmt::Display) {
        writeln!(self.0, "{note}").expect("there is space");
    }
}

/// Runs `test` of this program in a child for each step until one run reaches its end, and looks at what each leaves.
fn crash_at_every_step(test: &str, mut look: impl FnMut(&Path, Acknowledged, u64)) -> u64 {
    for step in 0.. {
        let place = directory();
        let child = Command::new(std::env::current_exe().expect("it runs"))
            .args([test, "--exact", "--ignored"])
            .env(PLACE, place.path())
            .env(STEP, step.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("it starts");
        let notes = fs::read_to_string(place.path().join("notes")).unwrap_or_default();
        let mut said = Acknowledged::default();
        for note in notes.lines() {
            match note.split_once(' ') {
                Some(("vote", term)) => said.vote = term.parse().expect("a number"),
                Some(("entry", index)) => said.entry = index.parse().expect("a number"),
                _ if note == "replaced" => said.replaced = true,
                _ if note == "installed" => said.installed = true,
                _ => assert_eq!(note, "end"),
            }
        }
        look(place.path(), said, step);
        if notes.ends_with("end\n") {
            assert!(child.success());
            return step;
        }
        assert!(!child.success(), "step {step} was not reached, and the run did not end");
    }
    unreachable!("a run has an end")
}

fn place() -> (std::path::PathBuf, Notes) {
    let place = std::path::PathBuf::from(std::env::var(PLACE).expect("the parent says so"));
    let notes = File::create(place.join("notes")).expect("it is there");
    (place, Notes(notes))
}

/// The shop's opening and its purchases; entries 8 and 9 are replaced by others once.
fn history(replaced: bool) -> Vec<Entry> {
    let mut all = entries(24, 2);
    if replaced {
        all[8] = entry(8, purchases(500..503));
        all[9] = blank(9);
    }
    all
}

#[tokio::test]
#[ignore = "the child of another test"]
async fn child_that_writes() {
    let (place, mut notes) = place();
    let mut store = open_with(place.join("data"), hooks());
    let first = history(false);
    for (term, range) in (1..).zip([0..4, 4..8, 8..10]) {
        store.log.save_vote(&vote(term)).await.expect("no fault");
        notes.say(format_args!("vote {term}"));
        append(&mut store.log, first[range.clone()].to_vec()).await;
        notes.say(format_args!("entry {}", range.end - 1));
    }
    // Another leader takes back what was not committed.
    notes.say("entry 7");
    store.log.truncate_after(Some(log_id(1, 7))).await.expect("no fault");
    let all = history(true);
    append(&mut store.log, all[8..10].to_vec()).await;
    notes.say("replaced");
    notes.say("entry 9");
    let mut applied = 0;
    for range in [10..12, 12..16, 16..20, 20..24] {
        let last = range.end as u64 - 1;
        append(&mut store.log, all[range.clone()].to_vec()).await;
        notes.say(format_args!("entry {last}"));
        store.log.save_committed(Some(log_id(1, last))).await.expect("no fault");
        apply(&mut store.machine, &all[applied..range.end]).await;
        applied = range.end;
        if last % 8 == 7 {
            snapshot(&mut store.machine).await;
            store.log.purge(log_id(1, last - 2)).await.expect("no fault");
            store.log.save_vote(&vote(last)).await.expect("no fault");
            notes.say(format_args!("vote {last}"));
        }
    }
    notes.say("end");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_wherever_the_process_dies() {
    let runtime = tokio::runtime::Handle::current();
    let steps = tokio::task::spawn_blocking(move || {
        crash_at_every_step("child_that_writes", |place, said, step| {
            runtime.block_on(look_at_log(&mut open(place.join("data")), &said, step));
        })
    });
    assert!(steps.await.expect("no panic") > 30);
}

async fn look_at_log(store: &mut Store, said: &Acknowledged, step: u64) {
    let found = store.log.read_vote().await.expect("no fault").map_or(0, |vote| vote.leader_id.term);
    assert!(found >= said.vote, "step {step}: vote {found}, {said:?}");
    let (purged, last) = log_ends(&mut store.log).await;
    assert!(last.map_or(0, |last| last.index) >= said.entry, "step {step}: {last:?}, {said:?}");
    let (applied, _) = store.machine.applied_state().await.expect("no fault");
    let next = applied.map_or(0, |applied| applied.index + 1);
    assert!(purged.is_none_or(|purged| purged.index < next), "step {step}: purged to {purged:?}, applied {applied:?}");

    let first = purged.map_or(0, |purged| purged.index + 1);
    let end = last.map_or(0, |last| last.index + 1);
    let entries = store.log.try_get_log_entries(0..99).await.expect("no fault");
    assert_eq!(indices(&mut store.log, 0..99).await, (first..end).collect::<Vec<_>>(), "step {step}");
    let replaced = said.replaced || entries.iter().any(|entry| matches!(entry.payload, EntryPayload::Blank));
    let all = history(replaced);
    assert_eq!(entries, all[first as usize..end as usize], "step {step}");

    // What was committed is applied again, and the state is that of a node that never died.
    apply(&mut store.machine, &all[next as usize..end as usize]).await;
    if end > 0 {
        let unharmed = directory();
        let mut unharmed = open(&unharmed);
        apply(&mut unharmed.machine, &all[..end as usize]).await;
        assert_eq!(hash(store), hash(&unharmed), "step {step}");
    }
}

#[tokio::test]
#[ignore = "the child of another test"]
async fn child_that_installs() {
    let (place, mut notes) = place();
    let mut leader = open(place.join("leader"));
    apply(&mut leader.machine, &history(false)).await;
    let made = snapshot(&mut leader.machine).await;
    // What comes before the install is not what this is about.
    let mut follower = open(place.join("data"));
    append(&mut follower.log, history(false)[..5].to_vec()).await;
    apply(&mut follower.machine, &history(false)[..5]).await;
    drop(follower);
    let mut follower = open_with(place.join("data"), hooks());
    let sent = send(&made.snapshot, &follower).expect("it is whole");
    follower.machine.install_snapshot(&sent.meta, sent.snapshot).await.expect("it is whole");
    notes.say("installed");
    follower.log.purge(log_id(1, 23)).await.expect("no fault");
    follower.log.save_vote(&vote(7)).await.expect("no fault");
    notes.say("vote 7");
    append(&mut follower.log, vec![blank(24)]).await;
    notes.say("entry 24");
    notes.say("end");
}

#[tokio::test]
async fn a_crash_while_installing_leaves_the_old_state_or_the_new() {
    let runtime = tokio::runtime::Handle::current();
    let (mut old, mut new) = (0, 0);
    let steps = tokio::task::spawn_blocking(move || {
        let steps = crash_at_every_step("child_that_installs", |place, said, step| {
            runtime.block_on(async {
                let mut leader = open(place.join("leader"));
                let mut follower = open(place.join("data"));
                match hash(&follower) {
                    found if found == hash(&leader) => new += 1,
                    (4, _) if !said.installed => old += 1,
                    (other, _) => panic!("step {step}: the state is that of entry {other}, {said:?}"),
                }
                let (purged, last) = log_ends(&mut follower.log).await;
                assert!(purged.is_none() || purged == Some(log_id(1, 23)), "step {step}");
                assert!(last.map_or(0, |last| last.index) >= said.entry, "step {step}: {last:?}, {said:?}");
                let left = names(&place.join("data"));
                assert_eq!(left.iter().filter(|name| name.starts_with("state-")).count(), 1, "step {step}: {left:?}");
                let left = names(&place.join("data/snapshots"));
                assert!(left.iter().all(|name| name.starts_with("T1-N1")), "step {step}: {left:?}");
                // The leader sends it again, as it does.
                let made = snapshot(&mut leader.machine).await;
                let sent = send(&made.snapshot, &follower).expect("it is whole");
                follower.machine.install_snapshot(&sent.meta, sent.snapshot).await.expect("it is whole");
                assert_eq!(hash(&follower), hash(&leader), "step {step}");
            });
        });
        (steps, old, new)
    });
    let (steps, old, new) = steps.await.expect("no panic");
    assert!(steps > 10 && old > 3 && new > 3, "{steps} steps: the old state {old} times, the new one {new} times");
}
