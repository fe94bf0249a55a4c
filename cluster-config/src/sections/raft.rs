//! `[raft]`: the timers and the sizes of consensus. The timers are the same on every node.

use crate::kind::{bytes, count, milliseconds};
use crate::reader::section;

section! {
    /// Consensus. The timers should be the same on every node.
    Raft = "raft", own {
        /// How often the leader tells the others that it is there. Also the patience for one answer of a peer.
        heartbeat_ms: u64 = 60, milliseconds(10..=10_000);
        /// The least silence of the leader after which a node asks for votes. Lower finds a new leader
        /// sooner and fires falsely on a busy machine. At least three heartbeats.
        election_timeout_min_ms: u64 = 220, milliseconds(30..=60_000);
        /// The most silence before a node asks for votes; each draws its own between the two.
        election_timeout_max_ms: u64 = 440, milliseconds(40..=120_000);
        /// A snapshot is taken after so many entries since the last one. Lower restarts sooner, higher writes less.
        snapshot_every_entries: u64 = 50_000, count("entries", 100..=100_000_000);
        /// Entries kept in the log behind a snapshot. A node that was away for longer than this is brought up
        /// by a whole snapshot instead of by the log.
        keep_entries: u64 = 500_000, count("entries", 0..=1_000_000_000);
        /// Bytes of the log kept on the disk, whatever keep_entries says. Each node shortens its own, by way of a snapshot.
        keep_bytes: usize = 4 * 1024 * 1024 * 1024, bytes(1_048_576..=1_099_511_627_776);
        /// Threads for consensus and the traffic between nodes, apart from those that serve clients, so that
        /// a rush of clients does not delay a heartbeat. Two, so that a long apply does not either.
        threads: usize = 2, count("threads", 1..=64);
    }
}
