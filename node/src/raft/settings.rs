//! The numbers that consensus is run with.

use openraft::{Config, ConfigError, SnapshotPolicy};

/// Times are milliseconds, the rest are log entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsensusSettings {
    /// How often the leader says that it leads.
    pub heartbeat_ms: u64,
    /// A follower that hears nothing for this long, up to `election_max_ms`, asks for votes. The leader takes no new
    /// commands when no quorum has answered it for `election_max_ms`.
    pub election_min_ms: u64,
    pub election_max_ms: u64,
    /// A snapshot is taken whenever the log has grown by this much.
    pub snapshot_every: u64,
    /// Entries kept although a snapshot holds them, so that a follower that was away catches up from the log. A follower
    /// that needs a snapshot is rare, which also keeps openraft's panic of issue 2116 away: it takes a snapshot that
    /// arrives while entries wait to be applied.
    pub keep_logs: u64,
    /// The log is shortened in steps of at least this much: every step is a synced write.
    pub purge_batch: u64,
    /// One message to a follower carries at most this many.
    pub entries_per_message: u64,
    /// One write of the log carries at most this many.
    pub entries_per_write: u64,
    /// How long a whole snapshot may take to be sent and installed.
    pub snapshot_ms: u64,
}

impl Default for ConsensusSettings {
    fn default() -> Self {
        Self {
            heartbeat_ms: 60,
            election_min_ms: 220,
            election_max_ms: 440,
            snapshot_every: 50_000,
            keep_logs: 500_000,
            purge_batch: 10_000,
            entries_per_message: 300,
            entries_per_write: 4096,
            snapshot_ms: 600_000,
        }
    }
}

impl ConsensusSettings {
    /// openraft's configuration; rejects times that cannot work together.
    pub(super) fn config(&self, cluster_id: &str) -> Result<Config, ConfigError> {
        let config = Config {
            cluster_name: cluster_id.to_owned(),
            heartbeat_interval: self.heartbeat_ms,
            election_timeout_min: self.election_min_ms,
            election_timeout_max: self.election_max_ms,
            install_snapshot_timeout: self.snapshot_ms,
            max_payload_entries: self.entries_per_message,
            max_append_entries: Some(self.entries_per_write),
            snapshot_policy: SnapshotPolicy::LogsSinceLast(self.snapshot_every),
            max_in_snapshot_log_to_keep: self.keep_logs,
            purge_batch_size: self.purge_batch,
            // A node that cannot win an election must not disturb the leader with a higher term.
            enable_pre_vote: Some(true),
            // A peer that is back is followed up within half a second.
            backoff: "50ms 100ms 200ms ...400ms".to_owned(),
            ..Config::default()
        };
        config.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        ConsensusSettings::default().config("shop").unwrap();
    }

    #[test]
    fn an_election_shorter_than_a_heartbeat_is_rejected() {
        let settings = ConsensusSettings { election_min_ms: 50, ..ConsensusSettings::default() };
        assert!(settings.config("shop").is_err());
    }
}
