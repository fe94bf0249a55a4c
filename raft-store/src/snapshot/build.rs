//! How a snapshot is made: link the state's files, read the label from them, hash, publish.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::manifest::FileEntry;
use super::{MANIFEST, Manifest, STATE, SnapshotHandle, Snapshots};
use crate::StoreError;
use crate::directory::files::{names_in, remove_directory, sync_directory, write_atomically};
use crate::fail_stop::Step;
use crate::state::{StateDatabase, read_label};

impl Snapshots {
    /// Makes and publishes a snapshot of `state` as it is somewhere between call and return. Blocks; apply goes on.
    pub(crate) fn build(&self, state: &StateDatabase) -> Result<SnapshotHandle, StoreError> {
        let stage = self.stage()?;
        self.fill(&stage, state)
            .and_then(|manifest| self.publish(SnapshotHandle::new(stage.clone(), manifest, true)))
            .inspect_err(|_| {
                // What is left is removed at the next start.
                remove_directory(&stage).ok();
            })
    }

    fn fill(&self, stage: &Path, state: &StateDatabase) -> Result<Manifest, StoreError> {
        let linked = stage.join(STATE);
        state.link_to(&linked)?;
        self.at(Step::SnapshotLinked)?;
        let known = self.known_hashes();
        let mut files = Vec::new();
        for name in names_in(&linked)? {
            let path = linked.join(&name);
            let mut file = File::open(&path).map_err(StoreError::file("opening", &path))?;
            let found = file.metadata().map_err(StoreError::file("reading", &path))?;
            let hash = match known.get(&(found.dev(), found.ino(), found.len())) {
                Some(hash) => *hash,
                None => hash(&mut file).map_err(StoreError::file("reading", &path))?,
            };
            file.sync_all().map_err(StoreError::file("syncing", &path))?;
            files.push(FileEntry { name, bytes: found.len(), hash });
        }
        sync_directory(&linked)?;
        let cluster_id = self.shared.directory.identity.cluster_id.clone();
        let manifest = Manifest { cluster_id, label: read_label(&linked)?, files };
        write_atomically(&stage.join(MANIFEST), &manifest.encode())?;
        self.at(Step::SnapshotManifested)?;
        Ok(manifest)
    }

    /// The hashes of tables that the newest snapshot has too: a table never changes, and links share it.
    fn known_hashes(&self) -> HashMap<(u64, u64, u64), [u8; 32]> {
        let Some(newest) = self.newest().map(|newest| newest.snapshot) else { return HashMap::new() };
        let tables = newest.manifest().files.iter().filter(|file| file.name.ends_with(".sst"));
        tables
            .filter_map(|file| {
                let found = fs::metadata(newest.state_path().join(&file.name)).ok()?;
                Some(((found.dev(), found.ino(), found.len()), file.hash))
            })
            .collect()
    }
}

fn hash(file: &mut File) -> std::io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(*hasher.finalize().as_bytes())
}
