//! The data directory of one node.
//!
//! ```text
//!  DIR/IDENTITY      whose it is; written last when the directory is made
//!  DIR/LOCK          held by the process that works in it
//!  DIR/BALLAST       space to give back when the disk is full
//!  DIR/CURRENT       which state database counts, as in "state-3"
//!  DIR/log/          RocksDB: vote, log, purge marker; every write synced
//!  DIR/state-3/      RocksDB: the rows of the shop as of some applied entry
//!  DIR/snapshots/    one directory each; names that begin with "stage-" are not finished
//!  DIR/DIVERGED      there only when the state was found to be another one than that of a majority; says why
//!  DIR/MAKING        there only while the directory is made for the first time
//!  DIR/RESTORING     there only while the directory is made from a backup
//! ```
//!
//! What no finished file refers to is removed at start. Anything else that is missing, corrupt or not ours is refused.

pub(crate) mod files;
mod identity;
mod restoring;

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use self::files::{create_directory, names_in, remove_directory, sync_directory, write_atomically};
pub use self::identity::Identity;
pub(crate) use self::restoring::Restoring;
use crate::StoreError;

const DIVERGED: &str = "DIVERGED";

/// Has every later start refuse the directory: what its state became was never decided. Blocks.
pub fn mark_diverged(directory: &Path, why: &str) -> Result<(), StoreError> {
    write_atomically(&directory.join(DIVERGED), format!("{why}\n").as_bytes())
}

/// The file that only takes up space, in a data directory.
pub const BALLAST: &str = "BALLAST";

/// Whose directory this is; none when nobody has used it yet.
pub(crate) fn owner(path: &Path) -> Result<Option<Identity>, StoreError> {
    Ok(identity::find(&path.join("IDENTITY"))?.map(|(identity, _)| identity))
}

/// A directory that is ours, locked until this is dropped.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    pub(crate) identity: Identity,
    /// Drawn when the directory was made: tells two lives of one node id apart.
    pub(crate) incarnation: [u8; 16],
    /// It was made just now.
    pub(crate) fresh: bool,
    _lock: File,
}

impl Directory {
    /// Opens the directory, or makes it when there is nothing in it; `make_databases` is then called with the places
    /// of the log and of the first state.
    pub(crate) fn open(
        path: &Path,
        identity: &Identity,
        ballast_bytes: u64,
        make_databases: impl FnOnce(&Path, &Path) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        create_directory(path)?;
        let lock = lock(path)?;
        let found = identity::read(&path.join("IDENTITY"), identity)?;
        if let Ok(why) = fs::read_to_string(path.join(DIVERGED)) {
            return Err(StoreError::Diverged { directory: path.to_owned(), why: why.trim_end().to_owned() });
        }
        let incarnation = match found {
            Some(incarnation) => incarnation,
            None if path.join(restoring::MARK).exists() => return Err(StoreError::HalfRestored(path.to_owned())),
            None => make(path, identity, make_databases)?,
        };
        remove_file(&path.join("MAKING"))?;
        remove_file(&path.join(restoring::MARK))?;
        let directory = Directory {
            path: path.to_owned(),
            identity: identity.clone(),
            incarnation,
            fresh: found.is_none(),
            _lock: lock,
        };
        directory.sweep()?;
        if let Err(error) = lay_ballast(&directory.path, ballast_bytes) {
            tracing::warn!(%error, "no ballast: on a full disk this node cannot be drained");
        }
        Ok(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    pub(crate) fn snapshots(&self) -> PathBuf {
        self.path.join("snapshots")
    }

    /// The state database with this number.
    pub(crate) fn state(&self, number: u64) -> PathBuf {
        self.path.join(state_name(number))
    }

    /// The number of the state database that counts.
    pub(crate) fn current(&self) -> Result<u64, StoreError> {
        let path = self.path.join("CURRENT");
        match fs::read_to_string(&path) {
            Ok(text) => state_number(text.trim_end())
                .ok_or_else(|| StoreError::corrupt(path.display().to_string(), "it names no state database")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::Missing(path)),
            Err(error) => Err(StoreError::file("reading", &path)(error)),
        }
    }

    /// From here on, and after any crash, the state database with this number counts.
    pub(crate) fn set_current(&self, number: u64) -> Result<(), StoreError> {
        write_current(&self.path, number)
    }

    /// Removes what an interrupted install left and refuses when a part is missing.
    fn sweep(&self) -> Result<(), StoreError> {
        let current = self.current()?;
        for part in [self.log().join("CURRENT"), self.snapshots(), self.state(current).join("CURRENT")] {
            if !part.exists() {
                return Err(StoreError::Missing(part));
            }
        }
        for name in names_in(&self.path)? {
            if state_number(&name).is_some_and(|number| number != current) {
                tracing::info!(%name, "removing a state database that nothing refers to");
                remove_directory(&self.path.join(name))?;
            }
        }
        Ok(())
    }
}

/// Makes the directory. IDENTITY comes last, so an interrupted start is made again from nothing.
fn make(
    path: &Path,
    identity: &Identity,
    make_databases: impl FnOnce(&Path, &Path) -> Result<(), StoreError>,
) -> Result<[u8; 16], StoreError> {
    let making = path.join("MAKING");
    let ours = |name: &str| matches!(name, "LOCK" | "BALLAST" | "lost+found") || name.ends_with(".tmp");
    if making.exists() {
        // Nothing was ever answered from here: there was no identity yet.
        for name in names_in(path)?.iter().filter(|name| matches!(name.as_str(), "log" | "state-1" | "snapshots")) {
            remove_directory(&path.join(name))?;
        }
    } else if let Some(found) = names_in(path)?.into_iter().find(|name| !ours(name)) {
        return Err(StoreError::NotOurs { directory: path.to_owned(), found });
    }
    write_atomically(&making, b"")?;
    for name in ["log", "state-1", "snapshots"] {
        create_directory(&path.join(name))?;
    }
    make_databases(&path.join("log"), &path.join("state-1"))?;
    write_current(path, 1)?;
    sync_directory(path)?;
    let mut incarnation = [0; 16];
    getrandom::fill(&mut incarnation).expect("the operating system has random bytes");
    identity::write(&path.join("IDENTITY"), identity, &incarnation)?;
    Ok(incarnation)
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let name = path.join("LOCK");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(StoreError::file("opening", &name))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::file("locking", &name)(error)),
    }
}

/// Lays a file of so many bytes into a data directory, unless it is there; leaves none when there is no room for it.
/// Blocks. Really writes: a file with holes would give nothing back.
pub fn lay_ballast(directory: &Path, bytes: u64) -> Result<(), StoreError> {
    let path = &directory.join(BALLAST);
    if bytes == 0 || fs::metadata(path).is_ok_and(|found| found.len() == bytes) {
        return Ok(());
    }
    fill(path, bytes).inspect_err(|_| {
        // What was laid of it would only take the last room away.
        remove_file(path).ok();
    })
}

fn fill(path: &Path, bytes: u64) -> Result<(), StoreError> {
    let mut file = File::create(path).map_err(StoreError::file("creating", path))?;
    let block = vec![0x5a; 1 << 20];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(block.len() as u64);
        file.write_all(&block[..now as usize]).map_err(StoreError::file("writing", path))?;
        left -= now;
    }
    file.sync_all().map_err(StoreError::file("syncing", path))
}

fn write_current(path: &Path, number: u64) -> Result<(), StoreError> {
    write_atomically(&path.join("CURRENT"), format!("{}\n", state_name(number)).as_bytes())
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::file("removing", path)(error)),
        _ => Ok(()),
    }
}

fn state_name(number: u64) -> String {
    format!("state-{number}")
}

fn state_number(name: &str) -> Option<u64> {
    name.strip_prefix("state-")?.parse().ok()
}
