//! Rows on their way from memory to the disk: seen all the while, never lost without a word, and never without bound.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use common::{apply, directory, entries, hash, identity, open, open_with, options};
use livedrop_domain::{View, invariants, keys};
use livedrop_store::{Hooks, Options, Step, Store};

/// Holds up whoever writes a table until it is opened.
#[derive(Default)]
struct Barrier {
    open: Mutex<bool>,
    changed: Condvar,
    arrived: AtomicUsize,
}

impl Barrier {
    fn hooks(self: &Arc<Self>) -> Hooks {
        let barrier = self.clone();
        Hooks::default().probing_with(move |step| {
            if step == Step::TableWritten {
                barrier.arrived.fetch_add(1, Ordering::AcqRel);
                let open = barrier.open.lock().expect("no panic");
                drop(barrier.changed.wait_while(open, |open| !*open).expect("no panic"));
            }
            Ok(())
        })
    }

    fn lift(&self) {
        *self.open.lock().expect("no panic") = true;
        self.changed.notify_all();
    }

    fn wait_until_someone_arrives(&self) {
        while self.arrived.load(Ordering::Acquire) == 0 {
            std::thread::yield_now();
        }
    }
}

/// A store that writes a table for every few entries.
fn open_small(directory: &tempfile::TempDir, hooks: Hooks) -> Store {
    let options = Options { write_buffer_bytes: 16 << 10, hooks, ..options() };
    livedrop_store::open(directory.path(), &identity(), options).expect("the directory is fine")
}

/// Every row of the shop.
fn rows(store: &Store) -> Vec<(Vec<u8>, Vec<u8>)> {
    let all = store.reader.read(|view| {
        invariants::check(view).expect("the books are right");
        view.scan(&[keys::JOURNAL], &[0xff], livedrop_domain::view::Order::Forward, usize::MAX)
    });
    all.expect("no fault").expect("no fault")
}

#[tokio::test]
async fn every_row_is_seen_wherever_it_is_on_its_way() {
    let (direct, slow) = (directory(), directory());
    let barrier = Arc::new(Barrier::default());
    let (mut direct, mut slow) = (open(&direct), open_with(&slow, barrier.hooks()));
    let all = entries(30, 4);
    apply(&mut slow.machine, &all[..10]).await;
    let reader = slow.reader.clone();
    let flushing = std::thread::spawn(move || reader.flush().expect("no fault"));
    barrier.wait_until_someone_arrives();

    // A part is in the table that is being written, a part in the newest one.
    apply(&mut slow.machine, &all[10..]).await;
    apply(&mut direct.machine, &all).await;
    assert_eq!(rows(&slow), rows(&direct));
    barrier.lift();
    flushing.join().expect("no panic");
    assert_eq!(rows(&slow), rows(&direct), "a part is in the database now");
    slow.reader.flush().expect("no fault");
    assert_eq!(rows(&slow), rows(&direct), "and all of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apply_waits_for_a_disk_that_cannot_follow() {
    let directory = directory();
    let barrier = Arc::new(Barrier::default());
    let mut store = open_small(&directory, barrier.hooks());
    let reader = store.reader.clone();
    let all = entries(400, 4);
    let last = all.len() as u64 - 1;
    let applying = tokio::spawn(async move {
        for entry in &all {
            apply(&mut store.machine, std::slice::from_ref(entry)).await;
        }
        store
    });
    barrier.wait_until_someone_arrives();
    // What is in memory stops growing: one table on its way, and one that is twice full.
    let mut held = 0;
    while reader.metrics().state_bytes > held {
        held = reader.metrics().state_bytes;
        std::thread::yield_now();
    }
    assert!(reader.applied() < last, "all 400 entries are in memory, {held} bytes");
    barrier.lift();
    let store = applying.await.expect("no panic");
    assert_eq!(store.reader.applied(), last);
    store.reader.flush().expect("no fault");
}

#[tokio::test]
async fn a_table_that_cannot_be_written_stops_the_node_and_the_rows_stay_in_the_log() {
    for failing in [Step::TableWrite, Step::TableWritten, Step::StateFlushed] {
        let directory = directory();
        let stopped = Arc::new(AtomicUsize::new(0));
        let count = stopped.clone();
        let hooks = Hooks::default()
            .stopping_with(move |_| {
                count.fetch_add(1, Ordering::AcqRel);
            })
            .probing_with(move |step| match step == failing {
                true => Err(std::io::Error::other("no space")),
                false => Ok(()),
            });
        let mut store = open_with(&directory, hooks);
        let all = entries(10, 2);
        apply(&mut store.machine, &all).await;
        let before = hash(&store);
        store.reader.flush().expect_err("the disk took nothing");
        assert_eq!(stopped.load(Ordering::Acquire), 1, "{failing:?}");
        drop(store);

        // A restart finds the state as it was before, or after: never a part of it.
        let mut store = open(&directory);
        let found = store.reader.applied();
        assert_eq!(found, if failing == Step::StateFlushed { 9 } else { 0 }, "{failing:?}");
        let next = if failing == Step::StateFlushed { 10 } else { 0 };
        apply(&mut store.machine, &all[next..]).await;
        assert_eq!(hash(&store), before, "{failing:?}");
    }
}

#[tokio::test]
async fn closing_a_store_whose_directory_is_gone_stops_nothing() {
    let directory = directory();
    let hooks = Hooks::default().stopping_with(|reason| panic!("{reason}"));
    let mut store = open_with(&directory, hooks);
    apply(&mut store.machine, &entries(10, 2)).await;
    drop(directory);
    drop(store);
}

#[tokio::test]
async fn closing_a_store_writes_what_is_in_memory() {
    let directory = directory();
    let mut store = open(&directory);
    apply(&mut store.machine, &entries(10, 2)).await;
    let before = hash(&store);
    drop(store);
    assert_eq!(hash(&open(&directory)), before);
}
