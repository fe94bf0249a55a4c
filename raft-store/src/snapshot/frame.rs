//! A snapshot on a wire: frames, in this order and no other.
//!
//! ```text
//!  CRC32C of the rest (4) | 0 | part of the manifest                       one or more
//!  CRC32C of the rest (4) | 1 | file number (4) | offset (8) | bytes       every byte of every file, in order
//!  CRC32C of the rest (4) | 2 | BLAKE3 of the manifest (32)                the end
//! ```

use bytes::Bytes;

use crate::StoreError;
use crate::codec::{self, Input};

/// The most that one frame carries beside its header, bytes.
pub(super) const PART: usize = 256 * 1024;

const CHECKSUM: usize = 4;
const MANIFEST: u8 = 0;
const CHUNK: u8 = 1;
const END: u8 = 2;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Manifest(&'a [u8]),
    Chunk { file: usize, offset: u64, bytes: &'a [u8] },
    End([u8; 32]),
}

impl<'a> Frame<'a> {
    pub(super) fn encode(&self) -> Bytes {
        let mut into = Vec::with_capacity(PART + 32);
        into.extend_from_slice(&[0; CHECKSUM]);
        match self {
            Frame::Manifest(part) => {
                into.push(MANIFEST);
                into.extend_from_slice(part);
            }
            Frame::Chunk { file, offset, bytes } => {
                into.push(CHUNK);
                codec::put_count(&mut into, *file);
                into.extend_from_slice(&offset.to_be_bytes());
                into.extend_from_slice(bytes);
            }
            Frame::End(hash) => {
                into.push(END);
                into.extend_from_slice(hash);
            }
        }
        let checksum = crc32c::crc32c(&into[CHECKSUM..]);
        into[..CHECKSUM].copy_from_slice(&checksum.to_be_bytes());
        into.into()
    }

    pub(super) fn decode(bytes: &'a [u8]) -> Result<Self, StoreError> {
        let refuse = |why: &str| StoreError::Snapshot(format!("a frame of it {why}"));
        let (checksum, body) = bytes.split_first_chunk::<CHECKSUM>().ok_or_else(|| refuse("is cut short"))?;
        if crc32c::crc32c(body) != u32::from_be_bytes(*checksum) {
            return Err(refuse("does not match its checksum"));
        }
        let mut input = Input::new(body, "a frame of a snapshot");
        let frame = match input.byte()? {
            MANIFEST => Frame::Manifest(input.take_rest()),
            CHUNK => Frame::Chunk { file: input.count()?, offset: input.number()?, bytes: input.take_rest() },
            END => Frame::End(input.array()?),
            other => return Err(refuse(&format!("has the unknown kind {other}"))),
        };
        input.end()?;
        Ok(frame)
    }
}
