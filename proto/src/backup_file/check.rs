//! Reads a backup file from front to back, and believes nothing of it before it is checked.

use std::io::Read;

use super::{
    BackupFileError, CONTENT, END, FORMAT, HEAD, MANIFEST, Manifest, RECORD_HEAD, RECORD_MAX, TITLE, damaged, hasher,
};

/// What is in a file, in order.
#[derive(Debug)]
pub enum Part<'a> {
    /// First. Its checksum is right; that it belongs to what follows is known at the end.
    Manifest(&'a Manifest),
    /// A part of the state, as it was given to [`super::Maker::part`].
    Content(&'a [u8]),
}

/// Checks a file as its bytes come, in pieces of any length.
#[derive(Debug, Default)]
pub struct Checker {
    waiting: Vec<u8>,
    begun: bool,
    known: Option<(Manifest, blake3::Hasher)>,
    content: u64,
    /// Bytes that are checked.
    read: u64,
    ended: bool,
}

impl Checker {
    pub fn new() -> Self {
        Checker::default()
    }

    /// Takes the next bytes and calls `with` for each part that is complete with them.
    ///
    /// Errors: `NotABackup`, `Newer`, `Damaged`, and what `with` gives.
    pub fn push(
        &mut self,
        bytes: &[u8],
        with: &mut dyn FnMut(Part<'_>) -> Result<(), BackupFileError>,
    ) -> Result<(), BackupFileError> {
        self.waiting.extend_from_slice(bytes);
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = &waiting[..];
        loop {
            let taken = match self.begun {
                false => self.head(rest)?,
                true => self.record(rest, with)?,
            };
            if taken == 0 {
                break;
            }
            self.read += taken as u64;
            rest = &rest[taken..];
        }
        self.waiting = rest.to_vec();
        Ok(())
    }

    /// What the file is of, now that all of it was read.
    ///
    /// Errors: `NotABackup`, `CutShort`.
    pub fn finish(self) -> Result<Manifest, BackupFileError> {
        match self.known {
            None if !self.begun => Err(BackupFileError::NotABackup),
            Some((manifest, _)) if self.ended && self.waiting.is_empty() => Ok(manifest),
            _ => Err(BackupFileError::CutShort(self.read + self.waiting.len() as u64)),
        }
    }

    /// How many bytes the head takes; none when it is not all there.
    fn head(&mut self, bytes: &[u8]) -> Result<usize, BackupFileError> {
        let seen = bytes.len().min(TITLE.len());
        if bytes[..seen] != TITLE[..seen] {
            return Err(BackupFileError::NotABackup);
        }
        let Some(head) = bytes.first_chunk::<HEAD>() else { return Ok(0) };
        match u32::from_be_bytes(head[8..].try_into().expect("four of twelve bytes")) {
            FORMAT => self.begun = true,
            0 => return Err(damaged("it has no format")),
            found => return Err(BackupFileError::Newer { found }),
        }
        Ok(HEAD)
    }

    /// How many bytes the next record takes; none when it is not all there.
    fn record(
        &mut self,
        bytes: &[u8],
        with: &mut dyn FnMut(Part<'_>) -> Result<(), BackupFileError>,
    ) -> Result<usize, BackupFileError> {
        if self.ended && !bytes.is_empty() {
            return Err(damaged("something follows its end"));
        }
        let Some(head) = bytes.first_chunk::<RECORD_HEAD>() else { return Ok(0) };
        let number = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().expect("four of eight bytes"));
        let (length, checksum, place) = (number(0) as usize, number(4), self.read);
        if !(1..=RECORD_MAX).contains(&length) {
            return Err(damaged(format!("the record at byte {place} says that it has {length} bytes")));
        }
        let Some(body) = bytes.get(RECORD_HEAD..RECORD_HEAD + length) else { return Ok(0) };
        if crc32c::crc32c(body) != checksum {
            return Err(damaged(format!("the record at byte {place} does not match its checksum")));
        }
        let (whole, content) = (&bytes[..RECORD_HEAD + length], &body[1..]);
        match (body[0], &mut self.known) {
            (MANIFEST, None) => {
                let manifest: Manifest =
                    serde_json::from_slice(content).map_err(|error| damaged(format!("its manifest: {error}")))?;
                let mut hasher = hasher(&manifest.cluster_id);
                hasher.update(TITLE).update(&FORMAT.to_be_bytes()).update(whole);
                with(Part::Manifest(&manifest))?;
                self.known = Some((manifest, hasher));
            }
            (CONTENT, Some((_, hasher))) => {
                hasher.update(whole);
                self.content += content.len() as u64;
                with(Part::Content(content))?;
            }
            (END, Some((_, hasher))) => {
                let (bytes, hash) = content.split_at_checked(8).ok_or_else(|| damaged("its end is too short"))?;
                let hash: &[u8; 32] = hash.try_into().map_err(|_| damaged("its end has another length"))?;
                if bytes != self.content.to_be_bytes() || hasher.finalize() != *hash {
                    return Err(damaged("its parts are not those that its end was written for"));
                }
                self.ended = true;
            }
            (kind, _) => return Err(damaged(format!("the record at byte {place} of kind {kind} is out of place"))),
        }
        Ok(whole.len())
    }
}

/// Reads a whole file and calls `with` for each part. Blocks. What the file is of, when all of it is as it was written
/// and, where one is given, of cluster `expected`.
pub fn read(
    mut file: impl Read,
    expected: Option<&str>,
    mut with: impl FnMut(Part<'_>) -> Result<(), BackupFileError>,
) -> Result<Manifest, BackupFileError> {
    let mut checker = Checker::new();
    let mut block = vec![0; RECORD_MAX];
    loop {
        let bytes = match file.read(&mut block) {
            Ok(0) => return checker.finish(),
            Ok(bytes) => &block[..bytes],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        checker.push(bytes, &mut |part| match (&part, expected) {
            (Part::Manifest(manifest), Some(expected)) if manifest.cluster_id != expected => {
                let (found, expected) = (manifest.cluster_id.clone(), expected.to_owned());
                Err(BackupFileError::OtherCluster { found, expected })
            }
            _ => with(part),
        })?;
    }
}
