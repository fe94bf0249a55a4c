//! What can be set from outside, in plain numbers.

use crate::fail_stop::Hooks;

/// Sizes are bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Log entries kept in memory, for followers and for apply. Also bounds what waits for the disk.
    pub log_cache_bytes: usize,
    /// The most that one answer to a replication stream carries, except that one entry is always whole.
    pub log_read_bytes: usize,
    /// RocksDB's memory table of the log.
    pub log_buffer_bytes: usize,
    /// Blocks of the state database kept in memory.
    pub state_cache_bytes: usize,
    /// Rows kept in front of the state database for apply; 0 switches that off.
    pub row_cache_bytes: usize,
    /// Rows that gather in memory before they are written: what a crash makes the node apply again. Up to four times as
    /// many while the disk cannot follow.
    pub write_buffer_bytes: usize,
    /// How many entries' facts wait for a slow follower of the feed before it is told that it missed some.
    pub facts_capacity: usize,
    /// Disk space set aside, so that a node on a full disk can be drained after deleting it; 0 for none.
    pub ballast_bytes: u64,
    pub hooks: Hooks,
}

impl Default for Options {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Options {
            log_cache_bytes: 64 * MIB,
            log_read_bytes: 4 * MIB,
            log_buffer_bytes: 64 * MIB,
            state_cache_bytes: 128 * MIB,
            row_cache_bytes: 32 * MIB,
            write_buffer_bytes: 64 * MIB,
            facts_capacity: 4096,
            ballast_bytes: 64 * MIB as u64,
            hooks: Hooks::default(),
        }
    }
}
