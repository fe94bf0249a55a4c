//! The log database as it is on the disk.
//!
//! ```text
//!  entries   index (8)      → sealed entry     (codec.rs)
//!  meta      "vote"         → sealed vote
//!            "purged"       → sealed log id: the last entry that is gone
//!            "committed"    → sealed optional log id: up to where apply may start again without asking anyone
//! ```

use std::path::Path;

use bytes::Bytes;
use rocksdb::{AsColumnFamilyRef, ColumnFamilyDescriptor, DB, IteratorMode, ReadOptions, WriteBatch};

use crate::codec::{self, seal, unseal};
use crate::types::{Entry, LogId, Vote};
use crate::{Options, StoreError, tuning};

const ENTRIES: &str = "entries";
const META: &str = "meta";
const VOTE: &[u8] = b"vote";
const PURGED: &[u8] = b"purged";
const COMMITTED: &[u8] = b"committed";

/// What the log held when it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub vote: Option<Vote>,
    pub purged: Option<LogId>,
    pub committed: Option<LogId>,
    /// The index of the oldest entry that is there.
    pub first: Option<u64>,
    /// The newest entry that is there.
    pub last: Option<LogId>,
}

#[derive(Debug)]
pub(super) struct LogDisk {
    db: DB,
}

/// Makes an empty log.
pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    let options = Options::default();
    let mut db = tuning::log(&options);
    db.create_if_missing(true);
    db.create_missing_column_families(true);
    open(path, &db, &options).map(drop)
}

impl LogDisk {
    pub(super) fn open(path: &Path, options: &Options) -> Result<(Self, Found), StoreError> {
        let disk = LogDisk { db: open(path, &tuning::log(options), options)? };
        let found = disk.look()?;
        Ok((disk, found))
    }

    /// A view of the entries as they are now, for [`LogDisk::read`].
    pub(super) fn snapshot(&self) -> rocksdb::Snapshot<'_> {
        self.db.snapshot()
    }

    /// The entries with `from <= index < to`, every one of them.
    pub(super) fn read(&self, snapshot: &rocksdb::Snapshot<'_>, from: u64, to: u64) -> Result<Vec<Entry>, StoreError> {
        let mut range = tuning::range(&from.to_be_bytes(), &to.to_be_bytes());
        range.set_snapshot(snapshot);
        let mut entries = Vec::with_capacity((to - from) as usize);
        for row in self.db.iterator_cf_opt(&self.entries(), range, IteratorMode::Start) {
            let (key, value) = row.map_err(StoreError::database("reading the log"))?;
            let entry = decode(&key, Bytes::from(value))?;
            let expected = from + entries.len() as u64;
            if entry.log_id.index != expected {
                return Err(hole(expected, entry.log_id.index));
            }
            entries.push(entry);
        }
        match from + entries.len() as u64 {
            end if end == to => Ok(entries),
            end => Err(hole(end, to)),
        }
    }

    pub(super) fn write(&self, batch: Batch<'_>, synced: bool) -> Result<(), rocksdb::Error> {
        let how = if synced { tuning::synced() } else { tuning::riding_along() };
        self.db.write_opt(batch.rows, &how)
    }

    pub(super) fn batch(&self) -> Batch<'_> {
        Batch { disk: self, rows: WriteBatch::default(), scratch: Vec::new() }
    }

    /// Gives back whole files that hold nothing but entries up to `last`, which are deleted already.
    pub(super) fn free_files(&self, last: u64) -> Result<(), rocksdb::Error> {
        self.db.delete_file_in_range_cf(&self.entries(), 0u64.to_be_bytes(), last.to_be_bytes())
    }

    /// Bytes on the disk, in files and not yet in files.
    pub(super) fn bytes(&self) -> u64 {
        ["rocksdb.live-sst-files-size", "rocksdb.cur-size-all-mem-tables"]
            .into_iter()
            .filter_map(|name| self.db.property_int_value_cf(&self.entries(), name).ok()?)
            .sum()
    }

    /// Reads the meta rows and both ends of the log, and checks that they fit together.
    fn look(&self) -> Result<Found, StoreError> {
        let meta = |key| self.db.get_cf(&self.meta(), key).map_err(StoreError::database("reading the log's meta rows"));
        let mut found = Found::default();
        if let Some(row) = meta(VOTE)? {
            found.vote = Some(codec::open(&row, "the vote", |input| input.vote())?);
        }
        if let Some(row) = meta(PURGED)? {
            found.purged = Some(codec::open(&row, "the purge marker", |input| input.log_id())?);
        }
        if let Some(row) = meta(COMMITTED)? {
            found.committed = codec::open(&row, "the commit position", |input| input.optional_log_id())?;
        }
        let first = self.edge(IteratorMode::Start)?.map(|entry| entry.log_id);
        found.first = first.map(|id| id.index);
        found.last = self.edge(IteratorMode::End)?.map(|entry| entry.log_id).or(found.purged);
        let expected = found.purged.map_or(0, |purged| purged.index + 1);
        match found.first {
            Some(first) if first != expected => Err(hole(expected, first)),
            _ => Ok(found),
        }
    }

    fn edge(&self, mode: IteratorMode<'_>) -> Result<Option<Entry>, StoreError> {
        match self.db.iterator_cf_opt(&self.entries(), ReadOptions::default(), mode).next() {
            None => Ok(None),
            Some(row) => {
                let (key, value) = row.map_err(StoreError::database("reading the log"))?;
                decode(&key, Bytes::from(value)).map(Some)
            }
        }
    }

    fn entries(&self) -> impl AsColumnFamilyRef + '_ {
        self.db.cf_handle(ENTRIES).expect("the database was opened with this column family")
    }

    fn meta(&self) -> impl AsColumnFamilyRef + '_ {
        self.db.cf_handle(META).expect("the database was opened with this column family")
    }
}

/// Changes that are written together, in the order they are given.
pub(super) struct Batch<'a> {
    disk: &'a LogDisk,
    rows: WriteBatch,
    scratch: Vec<u8>,
}

impl Batch<'_> {
    pub(super) fn vote(&mut self, vote: &Vote) {
        self.put_meta(VOTE, |into| codec::put_vote(into, vote));
    }

    pub(super) fn committed(&mut self, committed: Option<&LogId>) {
        self.put_meta(COMMITTED, |into| codec::put_optional_log_id(into, committed));
    }

    pub(super) fn append(&mut self, entry: &Entry) {
        seal(&mut self.scratch, |into| codec::put_entry(into, entry));
        self.rows.put_cf(&self.disk.entries(), entry.log_id.index.to_be_bytes(), &self.scratch);
    }

    /// Deletes every entry from `first` on.
    pub(super) fn truncate(&mut self, first: u64) {
        self.rows.delete_range_cf(&self.disk.entries(), first.to_be_bytes(), u64::MAX.to_be_bytes());
    }

    /// Deletes the entries from the oldest one, `first`, up to `last`, and says so. One range: a deletion that begins
    /// below the oldest entry would make compaction look at files that are long gone.
    pub(super) fn purge(&mut self, first: u64, last: &LogId) {
        self.put_meta(PURGED, |into| codec::put_log_id(into, last));
        let end = last.index + 1;
        if first < end {
            self.rows.delete_range_cf(&self.disk.entries(), first.to_be_bytes(), end.to_be_bytes());
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.size_in_bytes()
    }

    fn put_meta(&mut self, key: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        seal(&mut self.scratch, write);
        self.rows.put_cf(&self.disk.meta(), key, &self.scratch);
    }
}

fn open(path: &Path, db: &rocksdb::Options, options: &Options) -> Result<DB, StoreError> {
    let families = [
        // RocksDB insists on this one; nothing is in it.
        ColumnFamilyDescriptor::new("default", tuning::log_meta()),
        ColumnFamilyDescriptor::new(ENTRIES, tuning::log_entries(options)),
        ColumnFamilyDescriptor::new(META, tuning::log_meta()),
    ];
    DB::open_cf_descriptors(db, path, families).map_err(StoreError::database("opening the log database"))
}

/// The entry in a row, when the row is intact and stands under the index that it carries.
fn decode(key: &[u8], value: Bytes) -> Result<Entry, StoreError> {
    let index = key.try_into().map(u64::from_be_bytes);
    let index = index.map_err(|_| StoreError::corrupt("a key of the log", format!("it has {} bytes", key.len())))?;
    let what = format!("log entry {index}");
    let entry = codec::take_entry(&value.slice_ref(unseal(&value, &what)?))?;
    match entry.log_id.index {
        found if found == index => Ok(entry),
        found => Err(StoreError::corrupt(what, format!("it says it is entry {found}"))),
    }
}

fn hole(expected: u64, found: u64) -> StoreError {
    StoreError::corrupt("the log", format!("entry {expected} is missing, the next one is {found}"))
}
