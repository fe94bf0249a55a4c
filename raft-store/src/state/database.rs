//! One state database: the rows of the shop, and beside them how far the log was applied.
//!
//! ```text
//!  0x00 'a'     → sealed log id: the last entry that these rows reflect
//!  0x00 'm'     → sealed stored membership
//!  0x01 … 0xff  the domain's rows (domain/src/keys.rs)
//! ```
//!
//! It has no WAL: the log is its WAL. What an apply batch changes is written as one, so that what a restart finds is
//! always the state right after some entry, and the entries after it are applied again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use livedrop_domain::view::{Order, Row};
use livedrop_domain::{Fault, View, journal};
use rocksdb::checkpoint::Checkpoint;
use rocksdb::{DB, Direction, FlushOptions, IteratorMode, ReadOptions, ReadTier, Snapshot, WriteBatch};

use crate::codec::{self, seal};
use crate::types::{LogId, StoredMembership};
use crate::{Options, StoreError, tuning};

const APPLIED: &[u8] = &[0, b'a'];
const MEMBERSHIP: &[u8] = &[0, b'm'];

/// What a state says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// The last entry that the rows reflect.
    pub applied: Option<LogId>,
    pub membership: StoredMembership,
    /// The domain's rolling hash.
    pub hash: [u8; 32],
}

#[derive(Debug)]
pub(crate) struct StateDatabase {
    db: DB,
    // After the database in this list, so that it is closed before its directory is removed.
    place: Place,
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    number: u64,
    retired: AtomicBool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.retired.load(Ordering::Acquire)
            && let Err(error) = crate::directory::files::remove_directory(&self.path)
        {
            tracing::warn!(%error, "a replaced state database stays until the next start");
        }
    }
}

/// Makes an empty state.
pub(crate) fn create(path: &Path) -> Result<(), StoreError> {
    let mut db = tuning::state(&Options::default());
    db.create_if_missing(true);
    DB::open(&db, path).map(drop).map_err(StoreError::database("making the state database"))
}

/// Reads what the database in `path` says of itself, and changes nothing there.
pub(crate) fn read_label(path: &Path) -> Result<Label, StoreError> {
    let opened = DB::open_for_read_only(&tuning::label(), path, false);
    label(&opened.map_err(StoreError::database("opening a snapshot"))?)
}

impl StateDatabase {
    pub(crate) fn open(path: PathBuf, number: u64, options: &Options) -> Result<Self, StoreError> {
        let db =
            DB::open(&tuning::state(options), &path).map_err(StoreError::database("opening the state database"))?;
        Ok(StateDatabase { db, place: Place { path, number, retired: AtomicBool::new(false) } })
    }

    /// The number in the name of its directory.
    pub(crate) fn number(&self) -> u64 {
        self.place.number
    }

    /// Its directory goes when the last one who reads it is done.
    pub(crate) fn retire(&self) {
        self.place.retired.store(true, Ordering::Release);
    }

    pub(crate) fn label(&self) -> Result<Label, StoreError> {
        label(&self.db)
    }

    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        self.db.snapshot()
    }

    pub(crate) fn write(&self, changes: Changes) -> Result<(), StoreError> {
        self.db.write_opt(changes.rows, &tuning::without_wal()).map_err(StoreError::database("writing an apply batch"))
    }

    /// The index of the last entry that a restart would find applied.
    pub(crate) fn flushed(&self) -> Result<Option<u64>, StoreError> {
        let mut flushed = ReadOptions::default();
        flushed.set_read_tier(ReadTier::Persisted);
        let row = self.db.get_opt(APPLIED, &flushed).map_err(StoreError::database("reading how far the state is"))?;
        Ok(log_id(row.as_deref())?.map(|id| id.index))
    }

    /// Returns when a restart would find all that is applied now. Apply goes on meanwhile.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(StoreError::database("flushing the state"))
    }

    /// Begins to flush and does not wait.
    pub(crate) fn flush_soon(&self) -> Result<(), StoreError> {
        let mut flush = FlushOptions::default();
        flush.set_wait(false);
        self.db.flush_opt(&flush).map_err(StoreError::database("flushing the state"))
    }

    /// Puts hard links to all files of this state, as it is at one moment, into a directory that is not there yet.
    pub(crate) fn link_to(&self, path: &Path) -> Result<(), StoreError> {
        Checkpoint::new(&self.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(path))
            .map_err(StoreError::database("linking the state's files"))
    }

    /// Bytes on the disk, in files and not yet in files.
    pub(crate) fn bytes(&self) -> u64 {
        ["rocksdb.live-sst-files-size", "rocksdb.cur-size-all-mem-tables"]
            .into_iter()
            .filter_map(|name| self.db.property_int_value(name).ok()?)
            .sum()
    }
}

/// Rows that are written together.
#[derive(Default)]
pub(crate) struct Changes {
    rows: WriteBatch,
}

impl Changes {
    pub(crate) fn put(&mut self, key: &[u8], value: &[u8]) {
        self.rows.put(key, value);
    }

    pub(crate) fn delete(&mut self, key: &[u8]) {
        self.rows.delete(key);
    }

    pub(crate) fn applied(&mut self, id: &LogId) {
        let mut sealed = Vec::with_capacity(32);
        seal(&mut sealed, |into| codec::put_log_id(into, id));
        self.rows.put(APPLIED, sealed);
    }

    pub(crate) fn membership(&mut self, membership: &StoredMembership) {
        let mut sealed = Vec::new();
        seal(&mut sealed, |into| codec::put_stored_membership(into, membership));
        self.rows.put(MEMBERSHIP, sealed);
    }
}

/// A state database as rows, at one moment when there is a snapshot, else as it is.
pub(crate) struct Rows<'a> {
    pub db: &'a DB,
    pub snapshot: Option<&'a Snapshot<'a>>,
}

impl<'a> Rows<'a> {
    pub(crate) fn now(state: &'a StateDatabase) -> Self {
        Rows { db: &state.db, snapshot: None }
    }

    pub(crate) fn at(state: &'a StateDatabase, snapshot: &'a Snapshot<'a>) -> Self {
        Rows { db: &state.db, snapshot: Some(snapshot) }
    }

    /// The last entry that these rows reflect.
    pub(crate) fn applied(&self) -> Result<Option<LogId>, StoreError> {
        log_id(self.get(APPLIED)?.as_deref())
    }
}

impl View for Rows<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.snapshot {
            Some(snapshot) => snapshot.get(key),
            None => self.db.get(key),
        }
        .map_err(|error| Fault::new("reading a row", error))
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let found = match self.snapshot {
            Some(snapshot) => snapshot.get_pinned(key),
            None => self.db.get_pinned(key),
        }
        .map_err(|error| Fault::new("reading a row", error))?;
        found.as_deref().map(with);
        Ok(())
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        if from >= to || limit == 0 {
            return Ok(Vec::new());
        }
        let range = tuning::range(from, to);
        let mode = match order {
            Order::Forward => IteratorMode::From(from, Direction::Forward),
            Order::Backward => IteratorMode::End,
        };
        let rows = match self.snapshot {
            Some(snapshot) => snapshot.iterator_opt(mode, range),
            None => self.db.iterator_opt(mode, range),
        };
        let mut found = Vec::new();
        for row in rows.take(limit) {
            let (key, value) = row.map_err(|error| Fault::new("reading rows", error))?;
            found.push((key.into_vec(), value.into_vec()));
        }
        Ok(found)
    }
}

fn label(db: &DB) -> Result<Label, StoreError> {
    let rows = Rows { db, snapshot: None };
    let membership = match rows.get(MEMBERSHIP)? {
        Some(row) => codec::open(&row, "the stored membership", |input| input.stored_membership())?,
        None => StoredMembership::default(),
    };
    Ok(Label { applied: rows.applied()?, membership, hash: journal::meta(&rows)?.hash })
}

fn log_id(row: Option<&[u8]>) -> Result<Option<LogId>, StoreError> {
    row.map(|row| codec::open(row, "the applied log id", |input| input.log_id())).transpose()
}
