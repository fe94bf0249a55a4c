//! `[storage]`: memory for the databases and space on the disk.

use crate::kind::{bytes, milliseconds};
use crate::reader::section;

const MIB: usize = 1024 * 1024;

section! {
    /// Memory for the two databases, and space on the disk. What a node takes at most is about the sum of
    /// log_cache_bytes, state_cache_bytes, row_cache_bytes, eight times write_buffer_bytes (four for each database,
    /// while the disk cannot follow), http.cache_bytes, events.buffer_bytes, search.writer_bytes, 12 bits for each row
    /// of the state (filters), and 200 MiB for the program, its connections and its threads.
    Storage = "storage", own {
        /// Memory for the newest log entries, from which apply and the other nodes are served without reading the disk.
        log_cache_bytes: usize = 64 * MIB, bytes(MIB..=64 * 1024 * MIB);
        /// Memory for blocks of the state database. A larger one answers more reads without the disk.
        state_cache_bytes: usize = 128 * MIB, bytes(MIB..=1024 * 1024 * MIB);
        /// Memory that gathers writes before a file is written, for each of the two databases. Up to four times as much
        /// while the disk cannot follow.
        write_buffer_bytes: usize = 64 * MIB, bytes(MIB..=4 * 1024 * MIB);
        /// Memory for rows that are read again and again when purchases are applied.
        row_cache_bytes: usize = 32 * MIB, bytes(MIB..=4 * 1024 * MIB);
        /// Room on the data disk that is to stay free. With less, the node is not ready and gives leadership away; when
        /// a majority has less, writes are answered 503 disk_full. It ends by itself when there is a quarter more.
        /// 0 watches nothing.
        reserve_bytes: usize = 128 * MIB, bytes(0..=1024 * 1024 * MIB);
        /// A leader whose syncs take longer than this on average, five seconds in a row, gives leadership away.
        /// 0 is no bound.
        slow_sync_ms: u64 = 500, milliseconds(0..=60_000);
        /// A file that only takes up space. The node gives it back when the disk is full, to go on for a while.
        /// 0 makes none.
        ballast_bytes: usize = 64 * MIB, bytes(0..=64 * 1024 * MIB);
    }
}
