//! `[storage]`: memory for the databases and space on the disk.

use crate::kind::bytes;
use crate::reader::section;

const MIB: usize = 1024 * 1024;

section! {
    /// Memory for the two databases, and space on the disk.
    Storage = "storage", own {
        /// Memory for the newest log entries, from which apply and the other nodes are served without reading the disk.
        log_cache_bytes: usize = 64 * MIB, bytes(MIB..=64 * 1024 * MIB);
        /// Memory for blocks of the state database. A larger one answers more reads without the disk.
        state_cache_bytes: usize = 128 * MIB, bytes(MIB..=1024 * 1024 * MIB);
        /// Memory that gathers writes before a file is written, for each of the two databases. Up to four times as much
        /// while the disk cannot follow.
        write_buffer_bytes: usize = 64 * MIB, bytes(MIB..=4 * 1024 * MIB);
        /// A file that only takes up space. Deleting it on a full disk gives a node the room to be drained.
        /// 0 makes none.
        ballast_bytes: usize = 64 * MIB, bytes(0..=64 * 1024 * MIB);
    }
}
