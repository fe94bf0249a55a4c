//! The log while no node works in it: begun after a state that was restored, or made longer by a recovery.

use std::path::Path;

use super::disk::{Found, LogDisk, create};
use crate::types::{Entry, EntryPayload, LogId, Membership, Vote};
use crate::{Options, StoreError};

/// Entries that are looked through at a time.
const STRETCH: u64 = 256;

/// Makes a log that begins after an entry which a state reflects.
pub(crate) fn create_after(path: &Path, last: &LogId, vote: &Vote) -> Result<(), StoreError> {
    create(path)?;
    let (disk, _) = LogDisk::open(path, &Options::default())?;
    let mut batch = disk.batch();
    batch.vote(vote);
    batch.committed(Some(last));
    batch.purge(last.index + 1, last);
    disk.write(batch, true).map_err(StoreError::database("beginning the log"))
}

pub(crate) fn open_offline(path: &Path, options: &Options) -> Result<OfflineLog, StoreError> {
    let (disk, found) = LogDisk::open(path, options)?;
    Ok(OfflineLog { disk, found })
}

#[derive(Debug)]
pub(crate) struct OfflineLog {
    disk: LogDisk,
    found: Found,
}

impl OfflineLog {
    pub(crate) fn found(&self) -> &Found {
        &self.found
    }

    /// The membership that the newest entry about one says, if there is one after the entry at `applied`.
    pub(crate) fn last_membership(&self, applied: Option<u64>) -> Result<Option<Membership>, StoreError> {
        let (Some(first), Some(last)) = (self.found.first, self.found.last) else { return Ok(None) };
        let first = applied.map_or(first, |applied| first.max(applied + 1));
        let snapshot = self.disk.snapshot();
        let mut end = last.index + 1;
        while end > first {
            let from = end.saturating_sub(STRETCH).max(first);
            let entries = self.disk.read(&snapshot, from, end)?;
            let newest = entries.into_iter().rev().find_map(|entry| match entry.payload {
                EntryPayload::Membership(membership) => Some(membership),
                EntryPayload::Blank | EntryPayload::Normal(_) => None,
            });
            if newest.is_some() {
                return Ok(newest);
            }
            end = from;
        }
        Ok(None)
    }

    /// Writes a vote and the entries after `last`, the end of the log or, where the state is newer than it, the last one
    /// that the state reflects. All of it is there after any crash, or nothing.
    pub(crate) fn append_as_one(&self, vote: &Vote, last: Option<&LogId>, entries: &[Entry]) -> Result<(), StoreError> {
        let mut batch = self.disk.batch();
        if let Some(last) = last.filter(|last| self.found.last.as_ref() != Some(last)) {
            batch.purge(self.found.first.unwrap_or(last.index + 1), last);
        }
        batch.vote(vote);
        entries.iter().for_each(|entry| batch.append(entry));
        self.disk.write(batch, true).map_err(StoreError::database("writing the log"))
    }
}
