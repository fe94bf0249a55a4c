use serde::{Deserialize, Serialize};

/// What a backup is of. Stands at the front of the file as JSON, so that `head -c 600 FILE` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of the file.
    pub format: u32,
    pub cluster_id: String,
    /// The node that gave it.
    pub node_id: u64,
    /// The last log entry that the state reflects: its index, its term, and the leader of that term that wrote it.
    pub index: u64,
    pub term: u64,
    pub leader_id: u64,
    /// When it was taken, by the clock of the node: RFC 3339, UTC.
    pub taken_at: String,
    /// The state's rolling hash at `index`, 64 hexadecimal digits; `livedropctl hash` shows the same.
    pub state_hash: String,
    /// Bytes of the state's files; the backup file is a little longer.
    pub state_bytes: u64,
    /// How many files the state has.
    pub files: u64,
    /// The program that wrote it.
    pub version: String,
}
