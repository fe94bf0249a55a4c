//! A data directory while it is made from a backup. IDENTITY comes last: until then no node starts in it, and a restore
//! that was interrupted begins again.

use std::path::Path;
use std::sync::Arc;

use super::files::{create_directory, names_in, remove_directory, sync_directory, write_atomically};
use super::{Directory, Identity, identity, lock, remove_file, write_current};
use crate::StoreError;

pub(super) const MARK: &str = "RESTORING";
/// What a restore makes, beside the marks.
const PARTS: [&str; 3] = ["log", "state-1", "snapshots"];

pub(crate) struct Restoring {
    directory: Arc<Directory>,
    identity: Identity,
}

impl Restoring {
    /// Empties what an earlier restore left. `cluster_of_backup` is the one whose snapshot may be received here.
    ///
    /// Errors: `InUse`, `NotEmpty` for a node's directory, `NotOurs` for anybody else's.
    pub(crate) fn begin(path: &Path, identity: &Identity, cluster_of_backup: &str) -> Result<Self, StoreError> {
        create_directory(path)?;
        let lock = lock(path)?;
        if path.join("IDENTITY").exists() {
            return Err(StoreError::NotEmpty(path.to_owned()));
        }
        let ours = |name: &str| matches!(name, "LOCK" | "BALLAST" | "lost+found") || name.ends_with(".tmp");
        if path.join(MARK).exists() {
            for part in PARTS {
                remove_directory(&path.join(part))?;
            }
            remove_file(&path.join("CURRENT"))?;
        } else if let Some(found) = names_in(path)?.into_iter().find(|name| !ours(name)) {
            return Err(StoreError::NotOurs { directory: path.to_owned(), found });
        }
        write_atomically(&path.join(MARK), b"")?;
        create_directory(&path.join("snapshots"))?;
        sync_directory(path)?;
        let of_backup = Identity { cluster_id: cluster_of_backup.to_owned(), node_id: identity.node_id };
        let directory =
            Directory { path: path.to_owned(), identity: of_backup, incarnation: [0; 16], fresh: true, _lock: lock };
        Ok(Restoring { directory: Arc::new(directory), identity: identity.clone() })
    }

    pub(crate) fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Makes it the directory of the new cluster's node, with an incarnation of its own.
    pub(crate) fn identify(&self) -> Result<(), StoreError> {
        let path = self.directory.path();
        write_current(path, 1)?;
        sync_directory(path)?;
        let mut incarnation = [0; 16];
        getrandom::fill(&mut incarnation).expect("the operating system has random bytes");
        identity::write(&path.join("IDENTITY"), &self.identity, &incarnation)
    }

    /// From here on nothing tells it from another node's.
    pub(crate) fn finish(self) -> Result<(), StoreError> {
        remove_file(&self.directory.path().join(MARK))
    }
}
