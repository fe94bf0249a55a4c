//! Snapshots: a state at one moment, as files that are linked, not copied.
//!
//! ```text
//!  DIR/snapshots/stage-4/                    being built or received; removed at start
//!  DIR/snapshots/T3-N1.000000000000012345/   published under the last log id that it reflects
//!      MANIFEST                              label, files and hashes (manifest.rs)
//!      state/                                a RocksDB database that nobody writes
//! ```
//!
//! The label is read from the linked files themselves, so it cannot be of another moment than the rows. A snapshot that
//! is not newer than the published one is never published. An older one is removed when nobody reads it any more.

mod build;
mod frame;
mod manifest;
mod receive;
mod send;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) use self::manifest::Manifest;
pub use self::receive::SnapshotReceiver;
pub use self::send::SnapshotReader;
use crate::StoreError;
use crate::directory::Directory;
use crate::directory::files::{names_in, remove_directory, rename_directory};
use crate::fail_stop::{FailStop, Step};
use crate::types::{Snapshot, SnapshotMeta};

const STAGE: &str = "stage-";
const MANIFEST: &str = "MANIFEST";
const STATE: &str = "state";

/// The snapshots of this node.
#[derive(Debug, Clone)]
pub struct Snapshots {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    stop: FailStop,
    /// The newest; whoever publishes holds this.
    published: Mutex<Option<SnapshotHandle>>,
    next_stage: AtomicU64,
    directory: Arc<Directory>,
}

/// A whole snapshot. Its files stay while a clone of this is held.
#[derive(Debug, Clone)]
pub struct SnapshotHandle(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    path: PathBuf,
    manifest: Manifest,
    /// Its directory goes with the last handle.
    retired: AtomicBool,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.retired.load(Ordering::Acquire)
            && let Err(error) = remove_directory(&self.path)
        {
            tracing::warn!(%error, "an old snapshot stays until the next start");
        }
    }
}

impl SnapshotHandle {
    /// The last log id and the membership that it reflects.
    pub fn meta(&self) -> SnapshotMeta {
        self.0.manifest.meta()
    }

    /// The state's rolling hash.
    pub fn hash(&self) -> [u8; 32] {
        self.0.manifest.label.hash
    }

    /// When it was made here or arrived, counted from the epoch; None when the system does not say.
    pub fn taken(&self) -> Option<std::time::Duration> {
        let modified = std::fs::metadata(&self.0.path).ok()?.modified().ok()?;
        modified.duration_since(std::time::UNIX_EPOCH).ok()
    }

    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.0.manifest.bytes()
    }

    /// How many files it has.
    pub fn files(&self) -> usize {
        self.0.manifest.files.len()
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Where its database is.
    pub(crate) fn state_path(&self) -> PathBuf {
        self.0.path.join(STATE)
    }

    fn new(path: PathBuf, manifest: Manifest, retired: bool) -> Self {
        SnapshotHandle(Arc::new(Kept { path, manifest, retired: AtomicBool::new(retired) }))
    }

    fn retire(&self, retired: bool) {
        self.0.retired.store(retired, Ordering::Release);
    }
}

impl Snapshots {
    /// Removes what is not finished and finds the newest of the rest.
    pub(crate) fn open(directory: Arc<Directory>, stop: FailStop) -> Result<Self, StoreError> {
        let root = directory.snapshots();
        let mut newest: Option<SnapshotHandle> = None;
        for name in names_in(&root)? {
            let path = root.join(&name);
            if name.starts_with(STAGE) {
                remove_directory(&path)?;
                continue;
            }
            let found = SnapshotHandle::new(path.clone(), check(&path, &directory)?, false);
            let older = match &newest {
                Some(newest) if found.0.manifest.label.applied <= newest.0.manifest.label.applied => Some(found),
                _ => newest.replace(found),
            };
            if let Some(older) = older {
                older.retire(true);
            }
        }
        let shared = Shared { root, stop, published: Mutex::new(newest), next_stage: AtomicU64::new(0), directory };
        Ok(Snapshots { shared: Arc::new(shared) })
    }

    /// The newest snapshot.
    pub fn newest(&self) -> Option<Snapshot> {
        let published = self.shared.published.lock().expect("nothing panics while it publishes");
        published.as_ref().map(|newest| Snapshot { meta: newest.meta(), snapshot: newest.clone() })
    }

    /// Gives a finished stage its name, unless there is one that is as new. The newest one afterwards.
    pub(crate) fn publish(&self, staged: SnapshotHandle) -> Result<SnapshotHandle, StoreError> {
        let mut published = self.shared.published.lock().expect("nothing panics while it publishes");
        let applied = staged.0.manifest.label.applied;
        if let Some(newest) = &*published
            && applied <= newest.0.manifest.label.applied
        {
            return Ok(newest.clone());
        }
        let name = match applied {
            Some(id) => format!("T{}-N{}.{:020}", id.leader_id.term, id.leader_id.node_id, id.index),
            None => "empty".to_owned(),
        };
        let path = self.shared.root.join(name);
        rename_directory(&staged.0.path, &path)?;
        staged.retire(false);
        let newest = SnapshotHandle::new(path, staged.0.manifest.clone(), false);
        if let Some(older) = published.replace(newest.clone()) {
            older.retire(true);
        }
        drop(published);
        self.at(Step::SnapshotPublished)?;
        Ok(newest)
    }

    fn stage(&self) -> Result<PathBuf, StoreError> {
        let number = self.shared.next_stage.fetch_add(1, Ordering::Relaxed);
        let path = self.shared.root.join(format!("{STAGE}{number}"));
        fs::create_dir(&path).map_err(StoreError::file("creating", &path))?;
        Ok(path)
    }

    fn at(&self, step: Step) -> Result<(), StoreError> {
        self.shared.stop.at(step).map_err(StoreError::file("writing", &self.shared.root))
    }
}

/// Reads the manifest of a published snapshot and looks whether its files are there.
fn check(path: &Path, directory: &Directory) -> Result<Manifest, StoreError> {
    let refuse = |why: String| {
        StoreError::Snapshot(format!("{}: {why}; remove this directory, the node makes another one", path.display()))
    };
    let bytes = fs::read(path.join(MANIFEST)).map_err(|error| refuse(error.to_string()))?;
    let manifest = Manifest::decode(&bytes).map_err(|error| refuse(error.to_string()))?;
    if manifest.cluster_id != directory.identity.cluster_id {
        return Err(refuse(format!("it is of cluster {:?}", manifest.cluster_id)));
    }
    for file in &manifest.files {
        match fs::metadata(path.join(STATE).join(&file.name)) {
            Ok(found) if found.len() == file.bytes => {}
            Ok(found) => return Err(refuse(format!("{} has {} of {} bytes", file.name, found.len(), file.bytes))),
            Err(error) => return Err(refuse(format!("{}: {error}", file.name))),
        }
    }
    Ok(manifest)
}
