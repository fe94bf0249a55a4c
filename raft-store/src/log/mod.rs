//! The log: votes and entries, in one order, synced before anyone is told.
//!
//! ```text
//!  consensus ── append ──► memory ──► queue ──► log-writer thread: one batch, one sync ──► callbacks, in order
//!                            │
//!  followers, apply ◄── read ┘ (older entries: from the disk)
//! ```
//!
//! An entry can be read when `append` returns, and is durable when its callback is called.

mod disk;
mod memory;
mod meter;
mod offline;
mod queue;
mod tail;
mod writer;

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use futures_util::{Stream, stream};
use openraft::OptionalSend;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use tokio::sync::{Notify, oneshot};

use self::disk::LogDisk;
pub(crate) use self::disk::create;
use self::memory::Memory;
pub use self::meter::LogMetrics;
use self::meter::Meter;
pub(crate) use self::offline::{OfflineLog, create_after, open_offline};
use self::queue::{Operation, Queue};
use self::writer::Writer;
use crate::directory::Directory;
use crate::fail_stop::FailStop;
use crate::state::CurrentState;
use crate::types::{Entry, LogId, TypeConfig, Vote};
use crate::{Options, StoreError};

/// The log of this node. Clones are the same log; the last one that is dropped ends the writer.
#[derive(Clone)]
pub struct LogStore {
    handle: Arc<Handle>,
}

/// Reads the log; as many as wanted.
pub type LogReader = LogStore;

struct Shared {
    disk: LogDisk,
    queue: Queue,
    /// Decides how much of the log may go.
    state: Arc<CurrentState>,
    stop: FailStop,
    meter: Meter,
    path: PathBuf,
    tail_bytes: usize,
    read_bytes: usize,
    /// Bytes that wait for the disk, and who waits for them to get fewer.
    unwritten: AtomicUsize,
    room: Notify,
    /// Keeps the lock while a database of the directory is open.
    _directory: Arc<Directory>,
}

struct Handle {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(Err(_)) = self.writer.take().map(JoinHandle::join) {
            tracing::error!("the log writer panicked");
        }
    }
}

impl LogStore {
    pub(crate) fn open(
        directory: Arc<Directory>,
        state: Arc<CurrentState>,
        stop: FailStop,
        options: &Options,
    ) -> Result<Self, StoreError> {
        let path = directory.log();
        let (disk, found) = LogDisk::open(&path, options)?;
        let shared = Arc::new(Shared {
            disk,
            queue: Queue::new(Memory::new(&found)),
            state,
            stop,
            meter: Meter::default(),
            path,
            tail_bytes: options.log_cache_bytes,
            read_bytes: options.log_read_bytes,
            unwritten: AtomicUsize::new(0),
            room: Notify::new(),
            _directory: directory,
        });
        let writer = Writer::new(shared.clone(), &found);
        let writer = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(StoreError::file("starting the writer of", &shared.path))?;
        Ok(LogStore { handle: Arc::new(Handle { shared, writer: Some(writer) }) })
    }

    /// Numbers for the metrics.
    pub(crate) fn metrics(&self) -> LogMetrics {
        let shared = &self.handle.shared;
        let waiting = shared.queue.lock();
        let (first, last) = (waiting.memory.first, waiting.memory.last.map(|last| last.index));
        drop(waiting);
        shared.meter.read(first, last, shared.disk.bytes())
    }

    /// The part of `from..to` that the log holds, every entry of it, at most about `bytes_max` of payload.
    fn read(&self, from: u64, to: u64, bytes_max: usize) -> Result<Vec<Entry>, StoreError> {
        let shared = &self.handle.shared;
        shared.stop.check()?;
        let waiting = shared.queue.lock();
        let range = waiting.memory.clip(from, to);
        let tail_start = waiting.memory.tail_start();
        let mut bytes = 0;
        let mut fits = |entry: &&Entry| {
            let fits = bytes == 0 || bytes < bytes_max;
            bytes += tail::size(entry);
            fits
        };
        if range.start >= tail_start {
            return Ok(waiting.memory.tail.range(range.start, range.end).take_while(&mut fits).cloned().collect());
        }
        // Both parts are of one moment: what is deleted from here on is still in this snapshot of the disk.
        let snapshot = shared.disk.snapshot();
        let newer: Vec<Entry> = waiting.memory.tail.range(tail_start, range.end).cloned().collect();
        drop(waiting);
        let mut entries = Vec::new();
        let mut next = range.start;
        let disk_end = range.end.min(tail_start);
        while next < disk_end {
            // In pieces, so that a limited read of a long range does not load all of it.
            let end = disk_end.min(next + 64);
            for entry in shared.disk.read(&snapshot, next, end)? {
                if !fits(&&entry) {
                    return Ok(entries);
                }
                entries.push(entry);
            }
            next = end;
        }
        entries.extend(newer.into_iter().take_while(|entry| fits(&entry)));
        Ok(entries)
    }
}

impl Shared {
    /// Takes `bytes` out of what waits for the disk.
    fn leave(&self, bytes: usize) {
        self.unwritten.fetch_sub(bytes, Ordering::AcqRel);
        self.room.notify_waiters();
    }

    /// Waits until not more than the cache is on its way to the disk, then adds `bytes` to it.
    async fn enter(&self, bytes: usize) {
        loop {
            let room = self.room.notified();
            if self.unwritten.load(Ordering::Acquire) <= self.tail_bytes {
                self.unwritten.fetch_add(bytes, Ordering::AcqRel);
                return;
            }
            room.await;
        }
    }
}

impl RaftLogReader<TypeConfig> for LogStore {
    /// Every entry of the range that the log holds. Entries may be absent only before the oldest one (they are purged)
    /// and after the newest one (they never came); anything else is an error.
    async fn try_get_log_entries<RB>(&mut self, range: RB) -> Result<Vec<Entry>, io::Error>
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (from, to) = bounds(&range);
        Ok(self.read(from, to, usize::MAX)?)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.handle.shared.queue.lock().memory.vote)
    }

    /// What one message to a follower carries. It begins with `start` or is empty: entries after a gap would be
    /// taken for those that follow what the follower has. Empty when the entries were truncated meanwhile, which
    /// only a leader sees that is none any more; an error when they are purged, which never happens while they are
    /// being sent.
    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        let entries = self.read(start, end, self.handle.shared.read_bytes)?;
        let purged = self.handle.shared.queue.lock().memory.purged.map(|purged| purged.index);
        match entries.first().map(|entry| entry.log_id.index) {
            Some(first) if first == start => Ok(entries),
            None if start >= end || purged < Some(start) => Ok(entries),
            _ => Err(io::Error::other(format!("log entry {start} is purged"))),
        }
    }

    /// What apply reads: every entry from the first one wanted, up to the newest one wanted or there; else an error.
    /// A committed entry that was left out would be missing in this state only.
    async fn entries_stream<RB>(&mut self, range: RB) -> impl Stream<Item = Result<Entry, io::Error>> + OptionalSend
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (next, to) = bounds(&range);
        let end = self.handle.shared.queue.lock().memory.last.map_or(0, |last| last.index + 1);
        let to = to.min(end);
        stream::iter(Run { log: self.clone(), next, to, ready: Vec::new().into_iter() })
    }
}

impl RaftLogStorage<TypeConfig> for LogStore {
    type LogReader = LogReader;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, io::Error> {
        let waiting = self.handle.shared.queue.lock();
        Ok(LogState { last_purged_log_id: waiting.memory.purged, last_log_id: waiting.memory.last })
    }

    async fn get_log_reader(&mut self) -> LogReader {
        self.clone()
    }

    /// Returns when the vote, and every entry before it, is on the disk.
    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let shared = &self.handle.shared;
        shared.stop.check()?;
        let (sender, done) = oneshot::channel();
        {
            let mut waiting = shared.queue.lock();
            waiting.memory.vote = Some(*vote);
            shared.queue.push(waiting, Operation::Vote(*vote, sender));
        }
        wait_for(done).await
    }

    /// Rides along with the next group: losing it costs a restart some work, never an answer.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        let shared = &self.handle.shared;
        shared.stop.check()?;
        let mut waiting = shared.queue.lock();
        waiting.memory.committed = committed;
        shared.queue.push(waiting, Operation::Committed(committed));
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(self.handle.shared.queue.lock().memory.committed)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<TypeConfig>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let shared = &self.handle.shared;
        shared.stop.check()?;
        let entries: Vec<Entry> = entries.into_iter().collect();
        shared.enter(entries.iter().map(tail::size).sum()).await;
        let mut waiting = shared.queue.lock();
        let write = waiting.next_write();
        for entry in &entries {
            let memory = &mut waiting.memory;
            memory.first = memory.first.or(Some(entry.log_id.index));
            memory.last = Some(entry.log_id);
            memory.tail.push(entry.clone(), write);
        }
        shared.queue.push(waiting, Operation::Append(entries, callback));
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let shared = &self.handle.shared;
        shared.stop.check()?;
        let (sender, done) = oneshot::channel();
        let index = last.map_or(0, |last| last.index + 1);
        {
            let mut waiting = shared.queue.lock();
            waiting.memory.truncate(index, last);
            shared.queue.push(waiting, Operation::Truncate(index, sender));
        }
        wait_for(done).await
    }

    /// The entries are gone for every reader at once; on the disk when the state has flushed what they did.
    async fn purge(&mut self, upto: LogId) -> Result<(), io::Error> {
        let shared = &self.handle.shared;
        shared.stop.check()?;
        let mut waiting = shared.queue.lock();
        waiting.memory.purge(upto);
        shared.queue.push(waiting, Operation::Purge(upto));
        Ok(())
    }
}

/// The entries with `next <= index < to`, read in pieces; ends with an error where one is missing.
struct Run {
    log: LogReader,
    next: u64,
    to: u64,
    ready: std::vec::IntoIter<Entry>,
}

impl Iterator for Run {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.as_slice().is_empty() && self.next < self.to {
            match self.log.read(self.next, self.to, self.log.handle.shared.read_bytes) {
                Ok(entries) => self.ready = entries.into_iter(),
                Err(error) => {
                    self.to = self.next;
                    return Some(Err(error.into()));
                }
            }
        }
        match self.ready.next() {
            Some(entry) if entry.log_id.index == self.next => {
                self.next += 1;
                Some(Ok(entry))
            }
            Some(_) | None if self.next < self.to => {
                let missing = std::mem::replace(&mut self.to, self.next);
                self.ready = Vec::new().into_iter();
                Some(Err(io::Error::other(format!(
                    "log entry {} is not there, up to {missing} were wanted",
                    self.next
                ))))
            }
            _ => None,
        }
    }
}

async fn wait_for(done: oneshot::Receiver<Result<(), StoreError>>) -> io::Result<()> {
    match done.await {
        Ok(result) => Ok(result?),
        // The writer has ended.
        Err(_) => Err(StoreError::Stopped("the log is closed".to_owned()).into()),
    }
}

fn bounds(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let from = match range.start_bound() {
        Bound::Included(from) => *from,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let to = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(to) => *to,
        Bound::Unbounded => u64::MAX,
    };
    (from, to)
}
