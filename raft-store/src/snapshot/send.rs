//! A snapshot as frames, for a follower that is too far behind for the log.

use std::fs::File;
use std::io::Read;

use bytes::Bytes;

use super::frame::{Frame, PART};
use super::{STATE, SnapshotHandle};
use crate::StoreError;

/// Reads a snapshot frame by frame. Blocks: it reads files. After an error there is nothing more.
#[derive(Debug)]
pub struct SnapshotReader {
    snapshot: SnapshotHandle,
    manifest: Bytes,
    at: At,
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum At {
    Manifest,
    /// Before this file.
    File(usize),
    /// Within an open file.
    Within {
        number: usize,
        file: File,
        offset: u64,
        hasher: Box<blake3::Hasher>,
    },
    Done,
}

impl SnapshotHandle {
    /// Its frames, from the first one on; each is at most 257 KiB.
    pub fn stream(&self) -> SnapshotReader {
        let manifest = Bytes::from(self.manifest().encode());
        SnapshotReader { snapshot: self.clone(), manifest, at: At::Manifest, buffer: vec![0; PART] }
    }
}

impl Iterator for SnapshotReader {
    type Item = Result<Bytes, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match std::mem::replace(&mut self.at, At::Done) {
                At::Manifest => {
                    let part = self.manifest.split_to(self.manifest.len().min(PART));
                    self.at = if self.manifest.is_empty() { At::File(0) } else { At::Manifest };
                    return Some(Ok(Frame::Manifest(&part).encode()));
                }
                At::File(number) => match self.open(number) {
                    Ok(Some(file)) => self.at = file,
                    Ok(None) => {
                        let hash = blake3::hash(&self.snapshot.manifest().encode());
                        return Some(Ok(Frame::End(*hash.as_bytes()).encode()));
                    }
                    Err(error) => return Some(Err(error)),
                },
                At::Within { number, file, offset, hasher } => match self.read(number, file, offset, hasher) {
                    Ok(Some(frame)) => return Some(Ok(frame)),
                    Ok(None) => {}
                    Err(error) => return Some(Err(error)),
                },
                At::Done => return None,
            }
        }
    }
}

impl SnapshotReader {
    fn open(&self, number: usize) -> Result<Option<At>, StoreError> {
        let Some(entry) = self.snapshot.manifest().files.get(number) else { return Ok(None) };
        let path = self.snapshot.0.path.join(STATE).join(&entry.name);
        let file = File::open(&path).map_err(StoreError::file("opening", &path))?;
        Ok(Some(At::Within { number, file, offset: 0, hasher: Box::default() }))
    }

    /// The next frame of an open file, or nothing when the file is at its end and is what the manifest says.
    fn read(
        &mut self,
        number: usize,
        mut file: File,
        offset: u64,
        mut hasher: Box<blake3::Hasher>,
    ) -> Result<Option<Bytes>, StoreError> {
        let entry = &self.snapshot.manifest().files[number];
        let path = self.snapshot.0.path.join(STATE).join(&entry.name);
        let want = usize::try_from(entry.bytes - offset).unwrap_or(PART).min(PART);
        if want == 0 {
            if hasher.finalize() != entry.hash {
                // Better here than at the follower: it is this disk that gives other bytes than it took.
                return Err(StoreError::corrupt(
                    path.display().to_string(),
                    "it does not match the snapshot's manifest",
                ));
            }
            self.at = At::File(number + 1);
            return Ok(None);
        }
        let bytes = &mut self.buffer[..want];
        file.read_exact(bytes).map_err(StoreError::file("reading", &path))?;
        hasher.update(bytes);
        let frame = Frame::Chunk { file: number, offset, bytes }.encode();
        self.at = At::Within { number, file, offset: offset + want as u64, hasher };
        Ok(Some(frame))
    }
}
