//! One state database: the rows of the shop, and beside them how far the log was applied.
//!
//! ```text
//!  0x00 'a'     → sealed log id: the last entry that these rows reflect
//!  0x00 'm'     → sealed stored membership
//!  0x01 … 0xff  the domain's rows (domain/src/keys.rs)
//! ```
//!
//! It has no WAL: the log is its WAL. Rows gather in memory and come to the disk many entries at a time (flush.rs), so
//! what a restart finds is always the state right after some entry, and the entries after it are applied again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use livedrop_domain::{Overlay, View, journal};
use rocksdb::DB;
use rocksdb::checkpoint::Checkpoint;

use super::flush::{self, Layers};
use super::rows::{Rows, Stored};
use crate::codec::{self, seal};
use crate::fail_stop::FailStop;
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
    layers: Arc<Layers>,
    flusher: Option<JoinHandle<()>>,
    // After the database in this list, so that it is closed before its directory is removed.
    place: Place,
}

impl Drop for StateDatabase {
    fn drop(&mut self) {
        self.layers.close(!self.place.retired.load(Ordering::Acquire));
        // When it panicked the process ends, or a test does.
        let _ended = self.flusher.take().map(JoinHandle::join);
    }
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
    label(&Stored(&opened.map_err(StoreError::database("opening a snapshot"))?))
}

impl StateDatabase {
    pub(crate) fn open(path: PathBuf, number: u64, options: &Options, stop: FailStop) -> Result<Self, StoreError> {
        flush::clear(&path)?;
        let db =
            DB::open(&tuning::state(options), &path).map_err(StoreError::database("opening the state database"))?;
        let layers = Arc::new(Layers::new(db, path.clone(), options.write_buffer_bytes, stop));
        let flushes = layers.clone();
        let flusher = std::thread::Builder::new().name("state-writer".to_owned()).spawn(move || flushes.run());
        let flusher = Some(flusher.map_err(StoreError::file("starting to write to", &path))?);
        Ok(StateDatabase { layers, flusher, place: Place { path, number, retired: AtomicBool::new(false) } })
    }

    /// The rows as they are now. Apply waits while they are held.
    pub(crate) fn rows(&self) -> Rows<'_> {
        let tables = self.layers.tables.read().expect("nothing panics while it changes rows");
        Rows { tables, stored: Stored(&self.layers.db) }
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
        label(&self.rows())
    }

    /// Takes in what an apply batch changes. Waits when the disk cannot follow.
    pub(crate) fn write(&self, changes: Changes) -> Result<(), StoreError> {
        let mut applied = Vec::with_capacity(32);
        seal(&mut applied, |into| codec::put_log_id(into, changes.applied));
        let membership = changes.membership.map(|membership| {
            let mut sealed = Vec::new();
            seal(&mut sealed, |into| codec::put_stored_membership(into, membership));
            sealed
        });
        let own = [(APPLIED, Some(&applied[..]))]
            .into_iter()
            .chain(membership.as_ref().map(|row| (MEMBERSHIP, Some(&row[..]))));
        self.layers.write(changes.overlay.rows().chain(own))
    }

    /// The index of the last entry that a restart would find applied.
    pub(crate) fn flushed(&self) -> Result<Option<u64>, StoreError> {
        Ok(applied(&Stored(&self.layers.db))?.map(|id| id.index))
    }

    /// Returns when a restart would find all that is applied now. Apply goes on meanwhile.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.layers.flush()
    }

    /// Begins to flush and does not wait.
    pub(crate) fn flush_soon(&self) {
        self.layers.flush_soon();
    }

    /// Puts hard links to all files of this state, as it is at one moment, into a directory that is not there yet.
    pub(crate) fn link_to(&self, path: &Path) -> Result<(), StoreError> {
        self.flush()?;
        Checkpoint::new(&self.layers.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(path))
            .map_err(StoreError::database("linking the state's files"))
    }

    /// Bytes on the disk, and of the rows that are not in files yet.
    pub(crate) fn bytes(&self) -> u64 {
        let files = self.layers.db.property_int_value("rocksdb.live-sst-files-size").ok().flatten();
        files.unwrap_or(0) + self.layers.memory_bytes()
    }
}

/// What an apply batch changes, as one.
pub(crate) struct Changes<'a> {
    pub overlay: &'a Overlay,
    pub applied: &'a LogId,
    pub membership: Option<&'a StoredMembership>,
}

/// The last entry that these rows reflect.
pub(crate) fn applied(rows: &impl View) -> Result<Option<LogId>, StoreError> {
    rows.get(APPLIED)?.map(|row| codec::open(&row, "the applied log id", |input| input.log_id())).transpose()
}

fn label(rows: &impl View) -> Result<Label, StoreError> {
    let membership = match rows.get(MEMBERSHIP)? {
        Some(row) => codec::open(&row, "the stored membership", |input| input.stored_membership())?,
        None => StoredMembership::default(),
    };
    Ok(Label { applied: applied(rows)?, membership, hash: journal::meta(rows)?.hash })
}
