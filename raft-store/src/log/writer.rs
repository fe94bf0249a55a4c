//! The thread that writes the log: takes what has gathered, writes and syncs it as one, then tells everyone in order.

use std::sync::Arc;
use std::time::Instant;

use super::Shared;
use super::disk::{Batch, Found};
use super::queue::{Group, Operation};
use super::tail;
use crate::StoreError;
use crate::fail_stop::Step;
use crate::types::LogId;

/// Purged entries after which whole files are given back: each time costs a synced write of RocksDB's own.
const FREE_EVERY: u64 = 4096;

/// What the disk holds once everything that was taken from the queue is written.
pub(super) struct Writer {
    shared: Arc<Shared>,
    first: Option<u64>,
    last: Option<u64>,
    purged: Option<LogId>,
    /// What may only be deleted when the state has flushed that far.
    purge_later: Option<LogId>,
    freed: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, found: &Found) -> Self {
        let last = found.first.and(found.last).map(|last| last.index);
        Writer { shared, first: found.first, last, purged: found.purged, purge_later: None, freed: 0 }
    }

    /// Runs until the queue is closed and empty, or a write fails.
    pub(super) fn run(mut self) {
        while let Some(group) = self.shared.queue.take() {
            let started = Instant::now();
            let (purged, synced) = (self.purged, group.urgent);
            if synced {
                self.shared.meter.begins(started);
            }
            let written = self.write(&group);
            self.shared.meter.ends();
            match written {
                Ok(bytes) => {
                    self.complete(group);
                    if synced {
                        self.shared.meter.wrote(started.elapsed(), bytes);
                    }
                    if self.purged != purged {
                        self.free_files();
                    }
                }
                Err(error) => return self.give_up(group, error),
            }
        }
    }

    fn write(&mut self, group: &Group) -> Result<usize, StoreError> {
        let shared = self.shared.clone();
        shared.stop.at(Step::LogWrite).map_err(StoreError::file("writing", &shared.path))?;
        let mut batch = shared.disk.batch();
        for operation in &group.operations {
            match operation {
                Operation::Vote(vote, _) => batch.vote(vote),
                Operation::Committed(committed) => batch.committed(committed.as_ref()),
                Operation::Append(entries, _) => {
                    for entry in entries {
                        self.expect(&mut batch, entry.log_id.index)?;
                        batch.append(entry);
                        self.first = self.first.or(Some(entry.log_id.index));
                        self.last = Some(entry.log_id.index);
                    }
                }
                Operation::Truncate(index, _) => {
                    batch.truncate(*index);
                    self.first = self.first.filter(|first| first < index);
                    self.last = self.first.and(self.last).map(|last| last.min(index - 1));
                }
                Operation::Purge(upto) => {
                    self.purge_later = Some(*upto);
                    // The snapshot that made consensus purge has flushed the state already, nearly always.
                    if shared.state.flushed()? < Some(upto.index) {
                        shared.state.flush_soon();
                    }
                }
            }
        }
        self.purge(&mut batch)?;
        let bytes = batch.bytes();
        shared.disk.write(batch, group.urgent).map_err(StoreError::database("writing the log"))?;
        shared.stop.at(Step::LogWritten).map_err(StoreError::file("writing", &shared.path))?;
        Ok(bytes)
    }

    /// Deletes what waits for it and what the state will not need any more after a crash.
    fn purge(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        let Some(upto) = self.purge_later else { return Ok(()) };
        if self.shared.state.flushed()? < Some(upto.index) {
            return Ok(());
        }
        self.purge_later = None;
        batch.purge(self.first.unwrap_or(upto.index), &upto);
        self.purged = Some(upto);
        self.first = self.last.filter(|last| *last > upto.index).map(|_| upto.index + 1);
        self.last = self.last.filter(|last| *last > upto.index);
        Ok(())
    }

    /// Makes sure that the entry at `index` comes right after what is there.
    fn expect(&mut self, batch: &mut Batch<'_>, index: u64) -> Result<(), StoreError> {
        let next = |writer: &Self| writer.last.or(writer.purged.map(|purged| purged.index)).map(|last| last + 1);
        if next(self).is_some_and(|next| next == index) {
            return Ok(());
        }
        // A snapshot was installed beyond the end of the log: the deletion that closes the gap goes first.
        if self.purge_later.is_some_and(|upto| upto.index + 1 == index) {
            self.shared.state.flush()?;
            self.purge(batch)?;
        }
        match next(self) {
            Some(next) if next != index => {
                Err(StoreError::corrupt("the log", format!("entry {index} would come after entry {}", next - 1)))
            }
            None if self.purge_later.is_some() => {
                Err(StoreError::corrupt("the log", format!("entry {index} would come first, and the state is older")))
            }
            _ => Ok(()),
        }
    }

    fn complete(&self, group: Group) {
        for operation in group.operations {
            match operation {
                // Whoever waited may have gone.
                Operation::Vote(_, done) | Operation::Truncate(_, done) => drop(done.send(Ok(()))),
                Operation::Append(entries, callback) => {
                    callback.io_completed(Ok(()));
                    self.shared.leave(entries.iter().map(tail::size).sum());
                }
                Operation::Purge(_) | Operation::Committed(_) => {}
            }
        }
        self.shared.queue.lock().memory.tail.shrink(self.shared.tail_bytes, group.last);
    }

    /// The first failure is the last: nothing after it is written, and everyone who waits is told so.
    fn give_up(self, group: Group, error: StoreError) {
        self.shared.stop.fail_stop(format_args!("the log: {error}"));
        let mut operations = group.operations;
        loop {
            for operation in operations {
                let stopped = || self.shared.stop.check();
                match operation {
                    Operation::Vote(_, done) | Operation::Truncate(_, done) => drop(done.send(stopped())),
                    Operation::Append(entries, callback) => {
                        callback.io_completed(stopped().map_err(Into::into));
                        self.shared.leave(entries.iter().map(tail::size).sum());
                    }
                    Operation::Purge(_) | Operation::Committed(_) => {}
                }
            }
            match self.shared.queue.take() {
                Some(group) => operations = group.operations,
                None => return,
            }
        }
    }

    fn free_files(&mut self) {
        let Some(purged) = self.purged.map(|purged| purged.index) else { return };
        if purged >= self.freed + FREE_EVERY {
            self.freed = purged;
            if let Err(error) = self.shared.disk.free_files(purged) {
                // The space comes back with a later compaction.
                tracing::warn!(%error, "cannot give back the files of purged log entries yet");
            }
        }
    }
}
