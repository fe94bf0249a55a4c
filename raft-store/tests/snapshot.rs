//! Snapshots: always of one moment, whole or refused, and installed without anyone noticing but by what they read.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use common::shop::{entry, log_id, opening, purchases};
use common::{apply, directory, entries, hash, identity, names, open, options, refused, send, snapshot};
use livedrop_domain::drops;
use livedrop_store::types::Snapshot;
use livedrop_store::{Identity, SnapshotHandle, Store};
use openraft::storage::{RaftSnapshotBuilder, RaftStateMachine};

/// Tables small enough that snapshots have several.
fn open_small(directory: &tempfile::TempDir) -> Store {
    let options = livedrop_store::Options { write_buffer_bytes: 256 << 10, ..options() };
    livedrop_store::open(directory.path(), &identity(), options).expect("the directory is fine")
}

async fn install(store: &mut Store, snapshot: Snapshot) {
    store.machine.install_snapshot(&snapshot.meta, snapshot.snapshot).await.expect("it is whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn label_and_rows_are_of_one_moment_whatever_apply_does() {
    const BUILDS: usize = 60;
    let (directory, restored) = (directory(), directory());
    let mut store = open_small(&directory);
    let mut builder = store.machine.try_create_snapshot_builder(true).await.expect("it is always there");
    let reader = store.reader.clone();
    let done = Arc::new(AtomicBool::new(false));
    let stop = done.clone();
    let applying = tokio::spawn(async move {
        let mut hashes = BTreeMap::new();
        for index in 0.. {
            let payload = if index == 0 { opening() } else { purchases(5 * index..5 * index + 5) };
            apply(&mut store.machine, &[entry(index, payload)]).await;
            hashes.insert(index, hash(&store).1);
            if stop.load(Ordering::Acquire) {
                break;
            }
        }
        (store, hashes)
    });
    let mut built = Vec::new();
    for _ in 0..BUILDS {
        let before = reader.applied();
        built.push(builder.build_snapshot().await.expect("there is space"));
        reader.wait_applied(before + 1).await;
    }
    done.store(true, Ordering::Release);
    let (_store, hashes) = applying.await.expect("no panic");
    let mut moments: Vec<_> = built.iter().filter_map(|built| Some(built.meta.last_log_id?.index)).collect();
    assert!(moments.is_sorted());
    moments.dedup();
    assert!(moments.len() > 10, "apply went on meanwhile: {moments:?}");
    let mut target = open_small(&restored);
    for (number, built) in built.iter().enumerate() {
        let Some(id) = built.meta.last_log_id else { continue };
        assert_eq!(built.snapshot.hash(), hashes[&id.index], "build {number}, entry {}", id.index);
        if number % 10 == 0 {
            let sent = send(&built.snapshot, &target).expect("it is whole");
            install(&mut target, sent).await;
            assert_eq!(hash(&target), (id.index, hashes[&id.index]));
        }
    }
}

#[tokio::test]
async fn a_snapshot_that_is_installed_gives_the_state_it_was_made_of() {
    let (from, to) = (directory(), directory());
    let (mut leader, mut follower) = (open_small(&from), open_small(&to));
    let all = entries(200, 10);
    apply(&mut leader.machine, &all[..150]).await;
    apply(&mut follower.machine, &all[..3]).await;
    let made = snapshot(&mut leader.machine).await;
    let mut facts = follower.reader.facts();
    let sent = send(&made.snapshot, &follower).expect("it is whole");
    assert_eq!(sent.meta, made.meta);

    // A reader that began before keeps its rows, and they stay what they were.
    let reader = follower.reader.clone();
    let (begun, may_end) = (std::sync::mpsc::channel(), std::sync::mpsc::channel::<()>());
    let old = std::thread::spawn(move || {
        reader
            .read(|view| {
                begun.0.send(()).expect("someone waits");
                may_end.1.recv().expect("someone says so");
                (view.index(), livedrop_domain::journal::meta(view).expect("no fault").index)
            })
            .expect("no fault")
    });
    begun.1.recv().expect("it begins");
    install(&mut follower, sent).await;
    assert_eq!(hash(&follower), hash(&leader));
    assert_eq!(follower.reader.applied(), 149);
    may_end.0.send(()).expect("it waits");
    assert_eq!(old.join().expect("no panic"), (2, 2));
    assert_eq!(names(to.path()), ["CURRENT", "IDENTITY", "LOCK", "log", "snapshots", "state-2"]);

    let fact = facts.recv().await.expect("it was told");
    assert!(fact.resync && fact.index == 149);
    assert_eq!(follower.machine.applied_state().await.expect("no fault").0, Some(log_id(1, 149)));
    assert_eq!(follower.snapshots.newest().expect("it is published").meta, made.meta);

    // The old rows that were read often must not shine through.
    apply(&mut leader.machine, &all[150..]).await;
    apply(&mut follower.machine, &all[150..]).await;
    assert_eq!(hash(&follower), hash(&leader));
    let sold = |store: &Store| store.reader.read(|view| drops::stock(view, common::shop::DROP)).expect("no fault");
    assert_eq!(sold(&follower).expect("it is there"), sold(&leader).expect("it is there"));
    drop(follower);
    let follower = open_small(&to);
    assert_eq!(hash(&follower), hash(&leader), "and after a restart");
}

#[tokio::test]
async fn an_older_snapshot_never_replaces_a_newer_one() {
    let directory = directory();
    let mut store = open(&directory);
    let all = entries(30, 2);
    apply(&mut store.machine, &all[..10]).await;
    let older = snapshot(&mut store.machine).await;
    apply(&mut store.machine, &all[10..]).await;
    let again = send(&older.snapshot, &store).expect("it is whole");
    let newer = snapshot(&mut store.machine).await;
    assert_eq!(snapshot(&mut store.machine).await.meta, newer.meta, "nothing was applied since");
    let snapshots = directory.path().join("snapshots");
    assert_eq!(names(&snapshots).len(), 3, "the older one is still held, and one is staged");
    drop(again);
    drop(older);
    assert_eq!(names(&snapshots), ["T1-N1.00000000000000000029"]);
    drop(store);
    assert_eq!(open(&directory).snapshots.newest().expect("it is found again").meta, newer.meta);
}

#[tokio::test]
async fn a_stream_that_is_not_exactly_the_snapshot_is_refused() {
    let (from, to) = (directory(), directory());
    let (mut leader, follower) = (open_small(&from), open(&to));
    apply(&mut leader.machine, &entries(100, 20)).await;
    let made = snapshot(&mut leader.machine).await;
    let good: Vec<Bytes> = made.snapshot.stream().map(|frame| frame.expect("the disk reads")).collect();
    assert!(good.len() > 5 && good.iter().all(|frame| frame.len() <= 257 << 10));
    let takes = |frames: &[Bytes]| {
        let mut receiver = follower.snapshots.receive()?;
        frames.iter().try_for_each(|frame| receiver.push(frame))?;
        receiver.finish().map(drop)
    };
    takes(&good).expect("it is whole");
    for at in 0..good.len() {
        let mut without = good.clone();
        without.remove(at);
        assert!(takes(&without).is_err(), "without frame {at}");
        assert!(takes(&good[..at]).is_err(), "cut before frame {at}");
        let mut twice = good.clone();
        twice.insert(at, good[at].clone());
        assert!(takes(&twice).is_err(), "frame {at} twice");
        for byte in [0, 4, 5, good[at].len() / 2, good[at].len() - 1] {
            let mut broken = good.clone();
            let mut frame = good[at].to_vec();
            frame[byte] ^= 0x10;
            broken[at] = frame.into();
            assert!(takes(&broken).is_err(), "byte {byte} of frame {at}");
        }
    }
    for at in 1..good.len() {
        let mut swapped = good.clone();
        swapped.swap(at - 1, at);
        assert!(takes(&swapped).is_err(), "frames {} and {at} swapped", at - 1);
    }
    assert_eq!(names(&to.path().join("snapshots")), [""; 0], "nothing is left of them");
}

#[tokio::test]
async fn the_snapshot_of_another_cluster_is_refused() {
    let (from, to) = (directory(), directory());
    let other = Identity { cluster_id: "another".to_owned(), ..identity() };
    let mut theirs = livedrop_store::open(from.path(), &other, options()).expect("it is empty");
    apply(&mut theirs.machine, &entries(3, 2)).await;
    let made = snapshot(&mut theirs.machine).await;
    let refused = send(&made.snapshot, &open(&to)).expect_err("it is not ours").to_string();
    assert!(refused.contains("of cluster \"another\""), "{refused}");
}

#[tokio::test]
async fn a_table_that_changed_on_the_disk_is_not_sent() {
    let directory = directory();
    let mut store = open(&directory);
    apply(&mut store.machine, &entries(20, 5)).await;
    let made = snapshot(&mut store.machine).await;
    let table = table_of(&made.snapshot, &directory);
    let mut bytes = fs::read(&table).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&table, bytes).expect("it is ours");
    let error = made.snapshot.stream().find_map(Result::err).expect("it is noticed").to_string();
    assert!(error.contains("does not match the snapshot's manifest"), "{error}");
}

#[tokio::test]
async fn a_published_snapshot_that_is_not_whole_is_refused_at_start() {
    let directory = directory();
    let mut store = open(&directory);
    apply(&mut store.machine, &entries(20, 5)).await;
    let made = snapshot(&mut store.machine).await;
    let table = table_of(&made.snapshot, &directory);
    drop((store, made));
    let manifest = table.parent().and_then(|state| state.parent()).expect("it is in a directory").join("MANIFEST");
    for (path, expected) in [(manifest, "does not match its hash"), (table, "bytes")] {
        let good = fs::read(&path).expect("it is there");
        // A new file: the table may be one with the state's.
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, &good[..good.len() - 1]).expect("it is ours");
        let refused = refused(&directory);
        assert!(refused.contains(expected) && refused.contains("remove this directory"), "{refused}");
        fs::write(&path, good).expect("it is ours");
    }
    drop(open(&directory));
    fs::remove_dir_all(directory.path().join("snapshots")).expect("it is there");
    fs::create_dir(directory.path().join("snapshots")).expect("it is ours");
    assert_eq!(hash(&open(&directory)).0, 19, "the state does not need it");
}

#[tokio::test]
async fn a_snapshot_under_a_wrong_announcement_is_not_installed() {
    let (from, to) = (directory(), directory());
    let mut leader = open(&from);
    apply(&mut leader.machine, &entries(20, 5)).await;
    let made = snapshot(&mut leader.machine).await;
    let hooks = livedrop_store::Hooks::default().stopping_with(|_| {});
    let mut follower = common::open_with(&to, hooks);
    let sent = send(&made.snapshot, &follower).expect("it is whole");
    let mut meta = sent.meta.clone();
    meta.last_log_id = Some(log_id(1, 20));
    assert!(follower.machine.install_snapshot(&meta, sent.snapshot).await.is_err());
    assert_eq!(names(to.path()), ["CURRENT", "IDENTITY", "LOCK", "log", "snapshots", "state-1"]);
}

/// Some table of a published snapshot.
fn table_of(snapshot: &SnapshotHandle, directory: &tempfile::TempDir) -> std::path::PathBuf {
    let id = snapshot.meta().last_log_id.expect("something was applied");
    let state = directory.path().join(format!("snapshots/T1-N1.{:020}/state", id.index));
    let name = names(&state).into_iter().find(|name| name.ends_with(".sst")).expect("it has a table");
    state.join(name)
}
