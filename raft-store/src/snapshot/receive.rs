//! A snapshot from frames: staged, checked byte by byte, and only then handed on.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use super::frame::Frame;
use super::{MANIFEST, Manifest, STATE, SnapshotHandle, Snapshots};
use crate::StoreError;
use crate::directory::files::{remove_directory, sync_directory, write_atomically};
use crate::fail_stop::Step;
use crate::state::read_label;
use crate::types::Snapshot;

/// The most that a manifest may have: 100,000 files.
const MANIFEST_MAX: usize = 16 * 1024 * 1024;

/// Writes the frames of another node's snapshot into a stage. Blocks: it writes and syncs files.
/// Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
pub struct SnapshotReceiver {
    snapshots: Snapshots,
    stage: Option<PathBuf>,
    encoded: Vec<u8>,
    manifest: Option<Manifest>,
    /// The file that is written, or the number of files when all are.
    number: usize,
    open: Option<Open>,
    ended: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    offset: u64,
    hasher: Box<blake3::Hasher>,
}

impl Snapshots {
    /// Begins to receive.
    pub fn receive(&self) -> Result<SnapshotReceiver, StoreError> {
        let stage = self.stage()?;
        let state = stage.join(STATE);
        fs::create_dir(&state).map_err(StoreError::file("creating", &state))?;
        Ok(SnapshotReceiver {
            snapshots: self.clone(),
            stage: Some(stage),
            encoded: Vec::new(),
            manifest: None,
            number: 0,
            open: None,
            ended: false,
        })
    }
}

impl SnapshotReceiver {
    /// Takes the next frame, exactly as the sender made it. After an error the receiver is of no more use.
    pub fn push(&mut self, frame: &[u8]) -> Result<(), StoreError> {
        let refuse = |why: &str| Err(StoreError::Snapshot(why.to_owned()));
        match Frame::decode(frame)? {
            _ if self.ended => refuse("a frame comes after its end"),
            Frame::Manifest(_) if self.manifest.is_some() => refuse("its manifest comes twice"),
            Frame::Manifest(part) if self.encoded.len() + part.len() > MANIFEST_MAX => {
                refuse("its manifest is too long")
            }
            Frame::Manifest(part) => {
                self.encoded.extend_from_slice(part);
                Ok(())
            }
            Frame::Chunk { file, offset, bytes } => {
                self.read_manifest()?;
                self.write(file, offset, bytes)?;
                self.snapshots.at(Step::ChunkReceived)
            }
            Frame::End(hash) => {
                self.read_manifest()?;
                if hash != *blake3::hash(&self.encoded).as_bytes() {
                    return refuse("its end is that of another snapshot");
                }
                self.close_finished()?;
                self.ended = true;
                Ok(())
            }
        }
    }

    /// The snapshot, when all of it came and the database in it says what the manifest says.
    pub fn finish(mut self) -> Result<Snapshot, StoreError> {
        let refuse = |why: &str| Err(StoreError::Snapshot(why.to_owned()));
        let stage = self.stage.clone().expect("it is taken only when this is finished");
        let Some(manifest) = self.manifest.take() else { return refuse("nothing of it came") };
        if !self.ended || self.number < manifest.files.len() {
            return refuse("it is cut short");
        }
        let state = stage.join(STATE);
        sync_directory(&state)?;
        if read_label(&state)? != manifest.label {
            return refuse("its rows are not those of its label");
        }
        write_atomically(&stage.join(MANIFEST), &self.encoded)?;
        self.stage = None;
        let meta = manifest.meta();
        Ok(Snapshot { meta, snapshot: SnapshotHandle::new(stage, manifest, true) })
    }

    fn read_manifest(&mut self) -> Result<(), StoreError> {
        if self.manifest.is_some() {
            return Ok(());
        }
        let manifest = Manifest::decode(&self.encoded)?;
        let ours = &self.snapshots.shared.directory.identity.cluster_id;
        if manifest.cluster_id != *ours {
            return Err(StoreError::Snapshot(format!("it is of cluster {:?}, this is {ours:?}", manifest.cluster_id)));
        }
        self.manifest = Some(manifest);
        Ok(())
    }

    fn write(&mut self, number: usize, offset: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.close_finished()?;
        let manifest = self.manifest.as_ref().expect("it was read before the first chunk");
        let at = self.open.as_ref().map_or(0, |open| open.offset);
        let Some(entry) = manifest.files.get(self.number).filter(|_| (number, offset) == (self.number, at)) else {
            return Err(StoreError::Snapshot(format!("file {number} from {offset} on comes out of order")));
        };
        if offset + bytes.len() as u64 > entry.bytes {
            return Err(StoreError::Snapshot(format!("{} is longer than its manifest says", entry.name)));
        }
        let path = self.stage.as_ref().expect("it is there until this is finished").join(STATE).join(&entry.name);
        let open = match &mut self.open {
            Some(open) => open,
            closed => {
                let file = File::create_new(&path).map_err(StoreError::file("creating", &path))?;
                closed.insert(Open { file, offset: 0, hasher: Box::default() })
            }
        };
        open.file.write_all(bytes).map_err(StoreError::file("writing", &path))?;
        open.hasher.update(bytes);
        open.offset += bytes.len() as u64;
        Ok(())
    }

    /// Checks, syncs and closes the file that is written when it is whole, and goes on to the next that has any bytes.
    fn close_finished(&mut self) -> Result<(), StoreError> {
        let manifest = self.manifest.as_ref().expect("it was read before the first file");
        while let Some(entry) = manifest.files.get(self.number) {
            if self.open.as_ref().map_or(0, |open| open.offset) < entry.bytes {
                break;
            }
            let path = self.stage.as_ref().expect("it is there until this is finished").join(STATE).join(&entry.name);
            let open = match self.open.take() {
                Some(open) => open,
                // It has no bytes, so no chunk of it comes.
                None => {
                    let file = File::create_new(&path).map_err(StoreError::file("creating", &path))?;
                    Open { file, offset: 0, hasher: Box::default() }
                }
            };
            if open.hasher.finalize() != entry.hash {
                return Err(StoreError::Snapshot(format!("{} does not match its hash", entry.name)));
            }
            open.file.sync_all().map_err(StoreError::file("syncing", &path))?;
            self.number += 1;
        }
        Ok(())
    }
}

impl Drop for SnapshotReceiver {
    fn drop(&mut self) {
        if let Some(stage) = self.stage.take()
            && let Err(error) = remove_directory(&stage)
        {
            tracing::warn!(%error, "an unfinished snapshot stays until the next start");
        }
    }
}
