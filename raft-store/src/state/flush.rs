//! How rows come from memory to the disk: a whole table at a time, by a thread of its own.
//!
//! ```text
//!  apply ──► active table ──(full, or someone asks)──► sealed table ──► NEXT, a file with its rows in order, synced
//!                                                          └────────◄── the database takes the file in: all or nothing
//! ```
//!
//! Each table carries the log id up to which it reflects the log, so what a restart finds is the state right after some
//! entry, however it ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::Duration;

use rocksdb::{DB, IngestExternalFileOptions, SstFileWriter};

use super::rows::Tables;
use super::table::{Changed, Table};
use crate::fail_stop::{FailStop, Step};
use crate::{StoreError, tuning};

/// The file that is being written, in the directory of the database.
const NEXT: &str = "next.rows";

/// Files that nobody has merged yet, after which the disk is too slow for what is sold: apply waits for it.
const UNMERGED_MAX: u64 = 64;

/// The rows of a state, in memory and in its database, and where each table is on its way.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) db: DB,
    pub(super) tables: RwLock<Tables>,
    progress: Mutex<Progress>,
    progressed: Condvar,
    table_bytes: usize,
    path: PathBuf,
    stop: FailStop,
}

#[derive(Debug, Default)]
struct Progress {
    /// How many tables were sealed.
    sealed: u64,
    /// How many of them the database has.
    stored: u64,
    /// Nobody asks for anything any more.
    closing: bool,
    /// What is left in memory is to be written then.
    keep: bool,
}

impl Layers {
    pub(super) fn new(db: DB, path: PathBuf, table_bytes: usize, stop: FailStop) -> Self {
        let (tables, progress) = (RwLock::default(), Mutex::default());
        Layers { db, tables, progress, progressed: Condvar::new(), table_bytes, path, stop }
    }

    /// Takes in the changes of an apply batch, as one. Waits when the disk is two tables behind.
    pub(super) fn write<'a>(&self, changes: impl Iterator<Item = Changed<'a>>) -> Result<(), StoreError> {
        loop {
            let mut tables = self.tables.write().expect("nothing panics while it changes rows");
            if tables.active.bytes() >= self.table_bytes && tables.sealed.is_none() {
                self.seal(&mut tables);
            }
            if tables.active.bytes() < 2 * self.table_bytes {
                for (key, value) in changes {
                    tables.active.keep(key, value);
                }
                return Ok(());
            }
            drop(tables);
            self.wait(self.sealed())?;
        }
    }

    /// Has what is in memory now written, without waiting for it.
    pub(super) fn flush_soon(&self) {
        let mut tables = self.tables.write().expect("nothing panics while it changes rows");
        if tables.sealed.is_none() && !tables.active.is_empty() {
            self.seal(&mut tables);
        }
    }

    /// Returns when the database has what is in memory now. Apply goes on meanwhile.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        loop {
            let mut tables = self.tables.write().expect("nothing panics while it changes rows");
            let free = tables.sealed.is_none();
            if free && !tables.active.is_empty() {
                self.seal(&mut tables);
            }
            drop(tables);
            // When another table was on its way, it goes first.
            self.wait(self.sealed())?;
            if free {
                return Ok(());
            }
        }
    }

    /// About how many bytes are in memory only.
    pub(super) fn memory_bytes(&self) -> u64 {
        let tables = self.tables.read().expect("nothing panics while it changes rows");
        let sealed = tables.sealed.as_ref().map_or(0, |table| table.bytes());
        (tables.active.bytes() + sealed) as u64
    }

    fn seal(&self, tables: &mut Tables) {
        let next = Table::like(&tables.active);
        tables.sealed = Some(Arc::new(std::mem::replace(&mut tables.active, next)));
        self.progress.lock().expect("nothing panics with it").sealed += 1;
        self.progressed.notify_all();
    }

    fn sealed(&self) -> u64 {
        self.progress.lock().expect("nothing panics with it").sealed
    }

    /// Returns when the database has the first `count` tables.
    fn wait(&self, count: u64) -> Result<(), StoreError> {
        let mut progress = self.progress.lock().expect("nothing panics with it");
        while progress.stored < count {
            self.stop.check()?;
            progress = self.progressed.wait(progress).expect("nothing panics with it");
        }
        Ok(())
    }

    /// Lets the thread in [`Layers::run`] end. With `keep`, what is in memory is written first.
    pub(super) fn close(&self, keep: bool) {
        let mut progress = self.progress.lock().expect("nothing panics with it");
        (progress.closing, progress.keep) = (true, keep);
        self.progressed.notify_all();
    }

    /// Writes each sealed table, until there is nobody to seal another one.
    pub(super) fn run(&self) {
        loop {
            let mut progress = self.progress.lock().expect("nothing panics with it");
            while progress.sealed == progress.stored && !progress.closing {
                progress = self.progressed.wait(progress).expect("nothing panics with it");
            }
            if progress.closing {
                let keep = progress.keep;
                drop(progress);
                if keep {
                    self.store_rest();
                }
                return;
            }
            drop(progress);
            let sealed = self.tables.read().expect("nothing panics while it changes rows").sealed.clone();
            let written = sealed.as_deref().map_or(Ok(()), |table| self.store(table));
            if let Err(error) = written {
                self.stop.fail_stop(format_args!("writing the state: {error}"));
                // Those who wait see that it stopped, also one who has just looked whether it did.
                let _progress = self.progress.lock().expect("nothing panics with it");
                self.progressed.notify_all();
                return;
            }
            self.tables.write().expect("nothing panics while it changes rows").sealed = None;
            self.progress.lock().expect("nothing panics with it").stored += 1;
            self.progressed.notify_all();
            // Many rows go with the last hold on them: here, where nobody waits.
            drop(sealed);
        }
    }

    /// Writes what is in memory, so that the next start need not apply it again. It may fail: the log has it all.
    fn store_rest(&self) {
        if self.stop.check().is_err() {
            return;
        }
        let tables = self.tables.read().expect("nothing panics while it changes rows");
        let rest = tables.sealed.as_deref().into_iter().chain([&tables.active]);
        for table in rest.filter(|table| !table.is_empty()) {
            if let Err(error) = self.store(table) {
                tracing::warn!(%error, "the newest rows are not written; the next start applies them again");
                return;
            }
        }
    }

    fn store(&self, table: &Table) -> Result<(), StoreError> {
        self.wait_for_merges()?;
        let at = |step| self.stop.at(step).map_err(StoreError::file("writing", &self.path));
        at(Step::TableWrite)?;
        let next = self.path.join(NEXT);
        let options = tuning::state_file();
        let mut file = SstFileWriter::create(&options);
        let failed = "writing rows to a file";
        file.open(&next).map_err(StoreError::database(failed))?;
        for (key, value) in table.sorted() {
            match value {
                Some(value) => file.put(key, value),
                None => file.delete(key),
            }
            .map_err(StoreError::database(failed))?;
        }
        file.finish().map_err(StoreError::database(failed))?;
        at(Step::TableWritten)?;
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        let taken = self.db.ingest_external_file_opts(&options, vec![&next]);
        taken.map_err(StoreError::database("taking in a file of rows"))?;
        at(Step::StateFlushed)
    }

    /// Files that are taken in faster than they are merged would make every read slower, without end. RocksDB tells
    /// nobody when it has merged some, so it is asked.
    fn wait_for_merges(&self) -> Result<(), StoreError> {
        let unmerged = || self.db.property_int_value("rocksdb.num-files-at-level0").ok().flatten().unwrap_or(0);
        while unmerged() >= UNMERGED_MAX && !self.progress.lock().expect("nothing panics with it").closing {
            self.stop.check()?;
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

/// Removes what a crash left of a file that was being written.
pub(super) fn clear(path: &Path) -> Result<(), StoreError> {
    let next = path.join(NEXT);
    match fs::remove_file(&next) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::file("removing", &next)(error)),
        _ => Ok(()),
    }
}
