//! The log: order, reading while it changes at both ends, what a restart finds, and what stops it.

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::shop::{blank, entry, log_id, scattered};
use common::{append, apply, begin_append, directory, entries, indices, log_ends, open, open_with, refused, vote};
use livedrop_store::{Hooks, Step};
use openraft::storage::{RaftLogReader, RaftLogStorage};
use rocksdb::{ColumnFamilyDescriptor, DB, Options};

#[tokio::test]
async fn a_restart_finds_votes_entries_and_both_ends() {
    let directory = directory();
    let mut store = open(&directory);
    store.log.save_vote(&vote(3)).await.expect("no fault");
    append(&mut store.log, (0..10).map(blank).collect()).await;
    store.log.truncate_after(Some(log_id(1, 6))).await.expect("no fault");
    append(&mut store.log, vec![entry(7, b"another".to_vec())]).await;
    store.log.save_committed(Some(log_id(1, 5))).await.expect("no fault");
    drop(store);

    let mut store = open(&directory);
    assert_eq!(store.log.read_vote().await.expect("no fault"), Some(vote(3)));
    assert_eq!(log_ends(&mut store.log).await, (None, Some(log_id(1, 7))));
    let found = store.log.try_get_log_entries(6..100).await.expect("no fault");
    assert_eq!(found, [blank(6), entry(7, b"another".to_vec())]);
    assert_eq!(store.log.read_committed().await.expect("no fault"), Some(log_id(1, 5)), "written when it closed");
}

#[tokio::test]
async fn callbacks_come_in_the_order_of_the_calls() {
    let directory = directory();
    let store = open(&directory);
    let told = Arc::new(Mutex::new(Vec::new()));
    let (mut next, mut calls, mut waiting) = (0, 0u64, Vec::new());
    for random in (0..10_000).map(scattered) {
        let mut log = store.log.clone();
        let (told, number) = (told.clone(), calls);
        calls += 1;
        if random % 8 == 0 {
            // The call enters the queue when it is first polled: so does the next one after it, in this one thread.
            let vote = vote(calls);
            let mut save = Box::pin(async move {
                log.save_vote(&vote).await.expect("no fault");
                told.lock().expect("no panic").push(number);
            });
            assert!(futures_util::poll!(&mut save).is_pending());
            waiting.push(tokio::spawn(save));
        } else {
            let count = random as u64 % 3 + 1;
            let flushed = begin_append(&mut log, (next..next + count).map(blank).collect()).await;
            next += count;
            waiting.push(tokio::spawn(async move {
                flushed.await.expect("the writer answers").expect("the disk takes it");
                told.lock().expect("no panic").push(number);
            }));
        }
    }
    for task in waiting {
        task.await.expect("no panic");
    }
    let told = told.lock().expect("no panic");
    assert_eq!(*told, (0..calls).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_entry_can_be_read_before_it_is_durable() {
    let directory = directory();
    let gate = Arc::new(AtomicBool::new(true));
    let held = gate.clone();
    let hooks = Hooks::default().probing_with(move |step| {
        while step == Step::LogWrite && held.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        Ok(())
    });
    let mut store = open_with(&directory, hooks);
    let mut flushed = begin_append(&mut store.log, (0..3).map(blank).collect()).await;
    assert_eq!(indices(&mut store.log, 0..9).await, [0, 1, 2]);
    assert!(futures_util::poll!(&mut flushed).is_pending(), "nobody was told yet");
    gate.store(false, Ordering::Release);
    flushed.await.expect("the writer answers").expect("the disk takes it");
}

#[tokio::test]
async fn one_read_carries_a_bounded_number_of_bytes_and_at_least_one_entry() {
    let directory = directory();
    let options = livedrop_store::Options { log_read_bytes: 10_000, log_cache_bytes: 20_000, ..common::options() };
    let mut store = livedrop_store::open(directory.path(), &common::identity(), options).expect("it is empty");
    let all: Vec<_> = (0..100).map(|index| entry(index, vec![7; 3_000])).collect();
    for part in all.chunks(10) {
        append(&mut store.log, part.to_vec()).await;
    }
    // From the disk, from memory, and across the two.
    for start in [0, 50, 90, 95, 99] {
        let found = store.log.limited_get_log_entries(start, 100).await.expect("no fault");
        assert!((1..=4).contains(&found.len()), "{} from {start}", found.len());
        assert_eq!(found, all[start as usize..start as usize + found.len()]);
    }
    assert_eq!(store.log.try_get_log_entries(0..100).await.expect("no fault"), all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_races_the_purge_sees_no_hole() {
    let directory = directory();
    let options = livedrop_store::Options { log_cache_bytes: 4_000, ..common::options() };
    let mut store = livedrop_store::open(directory.path(), &common::identity(), options).expect("it is empty");
    let last = 3_000;
    let all: Vec<_> = (0..=last).map(blank).collect();
    for part in all.chunks(100) {
        append(&mut store.log, part.to_vec()).await;
    }
    apply(&mut store.machine, &all).await;
    store.reader.flush().expect("no fault");
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2u64)
        .map(|reader| {
            let (mut log, done) = (store.log.clone(), done.clone());
            tokio::spawn(async move {
                let mut reads = 0u64;
                while !done.load(Ordering::Acquire) {
                    let from = scattered(u128::from(reads * 2 + reader)) as u64 % last;
                    let found = indices(&mut log, from..from + 200).await;
                    let first = found.first().copied().unwrap_or(last + 1);
                    assert!(first >= from);
                    assert_eq!(found, (first..(from + 200).min(last + 1).max(first)).collect::<Vec<_>>());
                    if let Ok(limited) = log.limited_get_log_entries(from, from + 200).await {
                        assert_eq!(limited.first().map(|entry| entry.log_id.index), Some(from));
                    }
                    reads += 1;
                    tokio::task::yield_now().await;
                }
                reads
            })
        })
        .collect();
    for upto in (0..last).step_by(7) {
        store.log.purge(log_id(1, upto)).await.expect("no fault");
        assert_eq!(indices(&mut store.log, 0..upto + 2).await, [upto + 1]);
        if upto % 5 == 0 {
            store.log.save_vote(&vote(upto)).await.expect("no fault");
        }
    }
    done.store(true, Ordering::Release);
    for reader in readers {
        assert!(reader.await.expect("no panic") > 0);
    }
}

#[tokio::test]
async fn nothing_is_deleted_that_the_state_has_not_flushed() {
    let directory = directory();
    // A group has gone through the disk when this vote is saved.
    let mut store = open(&directory);
    let all = entries(20, 2);
    append(&mut store.log, all.clone()).await;
    apply(&mut store.machine, &all[..10]).await;
    store.reader.flush().expect("no fault");
    apply(&mut store.machine, &all[10..]).await;
    store.log.purge(log_id(1, 4)).await.expect("no fault");
    store.log.save_vote(&vote(1)).await.expect("no fault");
    assert_eq!(store.reader.metrics().log.first_index, Some(5));
    assert_eq!(on_disk(&directory, "flushed").first(), Some(&5), "entry 9 was flushed");

    store.log.purge(log_id(1, 19)).await.expect("no fault");
    assert_eq!(log_ends(&mut store.log).await, (Some(log_id(1, 19)), Some(log_id(1, 19))), "gone for readers");
    // The purge asked for a flush itself; until it is done, every group finds it not done.
    while !on_disk(&directory, "asked").is_empty() {
        store.log.save_vote(&vote(1)).await.expect("no fault");
    }
    drop(store);
    let mut store = open(&directory);
    assert_eq!(log_ends(&mut store.log).await, (Some(log_id(1, 19)), Some(log_id(1, 19))));
    assert_eq!(common::hash(&store).0, 19, "what the entries did is there");
}

#[tokio::test]
async fn an_entry_that_comes_after_a_gap_in_the_log_stops_the_node() {
    let directory = directory();
    let stopped = Arc::new(AtomicUsize::new(0));
    let count = stopped.clone();
    let hooks = Hooks::default().stopping_with(move |_| {
        count.fetch_add(1, Ordering::AcqRel);
    });
    let mut store = open_with(&directory, hooks);
    append(&mut store.log, (0..3).map(blank).collect()).await;
    // The state has applied nothing, so what is purged here cannot be deleted.
    store.log.purge(log_id(1, 9)).await.expect("no fault");
    let told = begin_append(&mut store.log, vec![blank(10)]).await.await.expect("the writer answers");
    assert!(told.is_err());
    assert_eq!(stopped.load(Ordering::Acquire), 1);
    drop(store);
    let mut store = open(&directory);
    assert_eq!(indices(&mut store.log, 0..99).await, [0, 1, 2]);
}

#[tokio::test]
async fn the_first_failed_write_is_the_last() {
    let directory = directory();
    let (stopped, failing) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let (reasons, fails) = (stopped.clone(), failing.clone());
    let hooks = Hooks::default()
        .stopping_with(move |reason| reasons.lock().expect("no panic").push(reason.to_owned()))
        .probing_with(move |step| match step == Step::LogWrite && fails.swap(false, Ordering::AcqRel) {
            true => Err(std::io::Error::other("no space left")),
            false => Ok(()),
        });
    let mut store = open_with(&directory, hooks);
    append(&mut store.log, vec![blank(0)]).await;
    failing.store(true, Ordering::Release);
    assert!(begin_append(&mut store.log, vec![blank(1)]).await.await.expect("the writer answers").is_err());
    // The disk would take it now, and must not be asked.
    assert!(store.log.save_vote(&vote(9)).await.is_err());
    assert!(store.log.try_get_log_entries(0..9).await.is_err());
    let entry = futures_util::stream::iter([Ok((blank(0), None))]);
    assert!(openraft::storage::RaftStateMachine::apply(&mut store.machine, entry).await.is_err());
    let reasons = stopped.lock().expect("no panic").clone();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    assert!(reasons[0].contains("no space left"), "{reasons:?}");
    drop(store);
    let mut store = open(&directory);
    assert_eq!(indices(&mut store.log, 0..9).await, [0]);
    assert_eq!(store.log.read_vote().await.expect("no fault"), None);
}

#[tokio::test]
async fn a_flipped_bit_in_an_entry_is_refused() {
    let directory = directory();
    let mut store = open(&directory);
    append(&mut store.log, (0..9).map(|index| entry(index, vec![index as u8; 100])).collect()).await;
    drop(store);
    for (index, refused_at_start) in [(8u64, true), (4, false)] {
        let value = edit(&directory, |db| {
            let entries = db.cf_handle("entries").expect("it is there");
            let value = db.get_cf(&entries, index.to_be_bytes()).expect("no fault").expect("it is there");
            let mut broken = value.clone();
            broken[60] ^= 1;
            db.put_cf(&entries, index.to_be_bytes(), broken).expect("no fault");
            value
        });
        if refused_at_start {
            assert!(refused(&directory).contains(&format!("log entry {index} is corrupt")));
        } else {
            let mut store = open(&directory);
            assert!(store.log.try_get_log_entries(0..9).await.is_err());
            assert_eq!(indices(&mut store.log, 5..9).await, [5, 6, 7, 8], "nothing was cut off");
        }
        edit(&directory, |db| {
            db.put_cf(&db.cf_handle("entries").expect("it is there"), index.to_be_bytes(), value).expect("no fault");
        });
    }
}

#[tokio::test]
async fn an_entry_under_the_index_of_another_or_a_hole_is_refused() {
    let directory = directory();
    let mut store = open(&directory);
    append(&mut store.log, (0..9).map(blank).collect()).await;
    drop(store);
    edit(&directory, |db| {
        let entries = db.cf_handle("entries").expect("it is there");
        let value = db.get_cf(&entries, 3u64.to_be_bytes()).expect("no fault").expect("it is there");
        db.put_cf(&entries, 4u64.to_be_bytes(), value).expect("no fault");
    });
    let mut store = open(&directory);
    assert!(store.log.try_get_log_entries(0..9).await.is_err());
    drop(store);
    edit(&directory, |db| {
        db.delete_cf(&db.cf_handle("entries").expect("it is there"), 4u64.to_be_bytes()).expect("no fault");
    });
    let mut store = open(&directory);
    assert!(store.log.try_get_log_entries(0..9).await.is_err());
    drop(store);
    edit(&directory, |db| {
        db.delete_cf(&db.cf_handle("entries").expect("it is there"), 0u64.to_be_bytes()).expect("no fault");
    });
    assert!(refused(&directory).contains("entry 0 is missing"));
}

fn families() -> [ColumnFamilyDescriptor; 3] {
    ["default", "entries", "meta"].map(|name| ColumnFamilyDescriptor::new(name, Options::default()))
}

/// Changes the log behind the store's back.
fn edit<T>(directory: &tempfile::TempDir, change: impl FnOnce(&DB) -> T) -> T {
    let db = DB::open_cf_descriptors(&Options::default(), directory.path().join("log"), families());
    change(&db.expect("the log opens"))
}

/// The indices that a second look at the disk finds, while the store is open. `name` is for the look's own files.
fn on_disk(directory: &tempfile::TempDir, name: &str) -> Vec<u64> {
    let own = directory.path().join(format!("look-{name}.tmp"));
    let mut options = Options::default();
    options.set_max_open_files(-1);
    let db = DB::open_cf_descriptors_as_secondary(&options, &directory.path().join("log"), &own, families());
    let db = db.expect("the log opens");
    let entries = db.cf_handle("entries").expect("it is there");
    let rows = db.iterator_cf(&entries, rocksdb::IteratorMode::Start);
    let found =
        rows.map(|row| u64::from_be_bytes((*row.expect("no fault").0).try_into().expect("eight bytes"))).collect();
    drop(db);
    std::fs::remove_dir_all(own).expect("it was made here");
    found
}
