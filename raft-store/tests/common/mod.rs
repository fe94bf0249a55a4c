//! What the tests share: directories, stores without ballast, entries.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod shop;

use std::path::Path;

use futures_util::stream;
use livedrop_store::types::{Entry, LogId, TypeConfig, Vote};
use livedrop_store::{Hooks, Identity, LogStore, Options, StateMachine, Store};
use openraft::storage::{IOFlushed, RaftLogReader, RaftLogStorage, RaftSnapshotBuilder, RaftStateMachine};
use openraft::type_config::TypeConfigExt;
use openraft::type_config::alias::OneshotReceiverOf;
use tempfile::TempDir;

pub fn directory() -> TempDir {
    tempfile::tempdir().expect("there is a place for temporary files")
}

pub fn identity() -> Identity {
    Identity { cluster_id: "test".to_owned(), node_id: 1 }
}

pub fn options() -> Options {
    Options { ballast_bytes: 0, write_buffer_bytes: 4 << 20, log_buffer_bytes: 4 << 20, ..Options::default() }
}

pub fn open(directory: impl AsRef<Path>) -> Store {
    open_with(directory, Hooks::default())
}

pub fn open_with(directory: impl AsRef<Path>, hooks: Hooks) -> Store {
    let options = Options { hooks, ..options() };
    livedrop_store::open(directory.as_ref(), &identity(), options).expect("the directory is fine")
}

/// Why the directory is refused.
pub fn refused(directory: impl AsRef<Path>) -> String {
    match livedrop_store::open(directory.as_ref(), &identity(), options()) {
        Ok(_) => panic!("the directory was taken"),
        Err(error) => error.to_string(),
    }
}

/// A shop with one drop, then as many entries of `each` purchases, from log index 0 on.
pub fn entries(count: u64, each: u64) -> Vec<Entry> {
    std::iter::once(shop::opening())
        .chain((1..count).map(|n| shop::purchases(n * each..(n + 1) * each)))
        .zip(0..)
        .map(|(payload, index)| shop::entry(index, payload))
        .collect()
}

pub fn vote(term: u64) -> Vote {
    Vote { leader_id: shop::log_id(term, 0).leader_id, committed: true }
}

/// Appends and waits until it is durable.
pub async fn append(log: &mut LogStore, entries: Vec<Entry>) {
    begin_append(log, entries).await.await.expect("the writer answers").expect("the disk takes it");
}

/// Tells when an append is durable.
pub type Flushed = OneshotReceiverOf<TypeConfig, Result<(), std::io::Error>>;

/// Appends and hands out what is told when it is durable.
pub async fn begin_append(log: &mut LogStore, entries: Vec<Entry>) -> Flushed {
    let (sender, flushed) = TypeConfig::oneshot();
    log.append(entries, IOFlushed::signal(sender)).await.expect("the log takes it");
    flushed
}

pub async fn apply(machine: &mut StateMachine, entries: &[Entry]) {
    let stream = stream::iter(entries.iter().map(|entry| Ok((entry.clone(), None))).collect::<Vec<_>>());
    machine.apply(stream).await.expect("no fault");
}

pub async fn indices(log: &mut LogStore, range: std::ops::Range<u64>) -> Vec<u64> {
    let entries = log.try_get_log_entries(range).await.expect("no fault");
    entries.iter().map(|entry| entry.log_id.index).collect()
}

pub async fn log_ends(log: &mut LogStore) -> (Option<LogId>, Option<LogId>) {
    let state = log.get_log_state().await.expect("no fault");
    (state.last_purged_log_id, state.last_log_id)
}

/// Makes and publishes a snapshot of the state as it is.
pub async fn snapshot(machine: &mut StateMachine) -> livedrop_store::types::Snapshot {
    let mut builder = machine.try_create_snapshot_builder(true).await.expect("it is always there");
    builder.build_snapshot().await.expect("there is space")
}

/// Sends a snapshot from one store to another, frame by frame.
pub fn send(
    snapshot: &livedrop_store::SnapshotHandle,
    to: &Store,
) -> Result<livedrop_store::types::Snapshot, livedrop_store::StoreError> {
    let mut receiver = to.snapshots.receive()?;
    for frame in snapshot.stream() {
        receiver.push(&frame?)?;
    }
    receiver.finish()
}

/// The rolling hash of the rows as they are, and their index.
pub fn hash(store: &Store) -> (u64, [u8; 32]) {
    let read = store.reader.read(|view| (view.index(), livedrop_domain::journal::meta(view).expect("no fault").hash));
    read.expect("no fault")
}

/// The names in a directory, in order.
pub fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .expect("it is there")
        .map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
