//! The file that holds a backup: one state of one cluster, that any flipped bit, any cut and any other cluster spoils.
//!
//! ```text
//!  "LDBACKUP" | format (4)                                          numbers are big-endian
//!  record     length of the rest but its checksum (4) | CRC32C of the rest (4) | kind (1) | content
//!    kind 1   the manifest, JSON: the first record
//!    kind 2   a part of the state, as the store sends snapshots: any number of records
//!    kind 3   how many bytes all parts have (8) | BLAKE3 of the file before this record (32): the last record
//! ```
//!
//! The last hash is keyed with the cluster's id, so that a file cannot be passed off as another cluster's by changing its
//! manifest. The key is no secret: whoever can write the file can make another one. Keep backups where only operators
//! write, or sign them.

mod check;
mod make;
mod manifest;

pub use self::check::{Checker, Part, read};
pub use self::make::Maker;
pub use self::manifest::Manifest;

/// The newest format that this program reads and the one that it writes.
pub const FORMAT: u32 = 1;

const TITLE: &[u8; 8] = b"LDBACKUP";
/// The title and the format.
const HEAD: usize = 12;
/// Length and checksum of a record.
const RECORD_HEAD: usize = 8;
/// No record is longer: what claims to be is damaged.
const RECORD_MAX: usize = 1024 * 1024;

const MANIFEST: u8 = 1;
const CONTENT: u8 = 2;
const END: u8 = 3;

/// Why a file is no backup that can be used. Each says what to do where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupFileError {
    #[error("this is no backup file of Live Drops: it does not begin as one")]
    NotABackup,
    #[error("the backup has format {found}, and this program reads up to {FORMAT}: use the newer program")]
    Newer { found: u32 },
    #[error("the backup is damaged: {0}; use another copy of it, or an older backup")]
    Damaged(String),
    #[error("the backup is cut short after {0} bytes; use another copy of it, or an older backup")]
    CutShort(u64),
    #[error("the backup is of cluster {found:?}, and one of cluster {expected:?} was asked for")]
    OtherCluster { found: String, expected: String },
    #[error("reading the backup: {0}")]
    Read(#[from] std::io::Error),
    /// What was done with a part of the state failed.
    #[error("{0}")]
    Refused(String),
}

fn damaged(why: impl Into<String>) -> BackupFileError {
    BackupFileError::Damaged(why.into())
}

/// The hash of a whole file, for a cluster.
fn hasher(cluster_id: &str) -> blake3::Hasher {
    blake3::Hasher::new_keyed(&blake3::derive_key("livedrop backup file 1", cluster_id.as_bytes()))
}

#[cfg(test)]
mod tests;
