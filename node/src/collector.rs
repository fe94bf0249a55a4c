//! What consensus and the store say of themselves, as metrics. Read when somebody asks for them, and at no other time.
//!
//! Names say their unit last (`_bytes`, `_seconds`, `_entries`); what only grows ends in `_total`.

use livedrop_store::StoreMetrics;

use crate::raft::{NodeStatus, Role};
use crate::rest::Exposition;

const MICROS: f64 = 1e6;
const MILLIS: f64 = 1e3;

/// Adds the metrics of one moment.
pub fn collect(status: &NodeStatus, store: &StoreMetrics, to: &mut Exposition) {
    consensus(status, to);
    replication(status, to);
    log(store, to);
    state(store, to);
}

fn consensus(status: &NodeStatus, to: &mut Exposition) {
    let one_if = |is: bool| f64::from(u8::from(is));
    let index = |index: Option<u64>| index.map(|index| index as f64);
    let voters = status.members.values().filter(|member| member.voter).count();
    to.labelled("livedrop_build_info", "1, with the version of the program.", "version", &status.version);
    let learner = one_if(status.role == Role::Learner);
    let behind = status.committed_index.zip(status.applied_index);
    let behind = behind.map(|(committed, applied)| committed.saturating_sub(applied) as f64);
    to.gauge("livedrop_raft_learners", "Members that do not vote.", (status.members.len() - voters) as f64);
    to.gauge("livedrop_raft_is_learner", "1 on a node that does not vote, 0 elsewhere.", learner);
    to.gauge("livedrop_apply_queue_entries", "Entries on a majority that this node has not applied yet.", behind);
    to.gauge("livedrop_raft_term", "The term that this node is in.", status.term as f64);
    to.gauge("livedrop_raft_is_leader", "1 on the leader, 0 elsewhere.", one_if(status.role == Role::Leader));
    to.gauge("livedrop_raft_has_leader", "1 when this node knows a leader.", one_if(status.leader.is_some()));
    to.gauge("livedrop_raft_voters", "Members that vote.", voters as f64);
    to.gauge("livedrop_raft_last_log_index", "The newest entry in the log.", index(status.last_log_index));
    to.gauge("livedrop_raft_committed_index", "The newest entry on a majority.", index(status.committed_index));
    to.gauge("livedrop_raft_applied_index", "The newest entry in the state.", index(status.applied_index));
    to.gauge("livedrop_raft_snapshot_index", "What the newest snapshot reflects.", index(status.snapshot_index));
    to.gauge("livedrop_raft_purged_index", "The newest entry that the log has dropped.", index(status.purged_index));
}

/// What only the leader knows. The others say nothing of it.
fn replication(status: &NodeStatus, to: &mut Exposition) {
    let quorum_age = status.quorum_age_ms.map(|age| age as f64 / MILLIS);
    let lag = status.followers.iter().map(|(id, follower)| (*id, follower.lag as f64));
    let heartbeat_age = status.followers.iter().filter_map(|(id, follower)| {
        let age = follower.heartbeat_age_ms?;
        Some((*id, age as f64 / MILLIS))
    });
    let sent = "On the leader: the age of the newest message that a quorum has answered.";
    to.gauge("livedrop_raft_quorum_age_seconds", sent, quorum_age);
    to.gauges("livedrop_raft_replication_lag_entries", "On the leader: entries that a peer may lack.", "peer", lag);
    let heard = "On the leader: time since a peer answered a heartbeat.";
    to.gauges("livedrop_raft_heartbeat_age_seconds", heard, "peer", heartbeat_age);
}

fn log(store: &StoreMetrics, to: &mut Exposition) {
    let log = &store.log;
    let entries = log.first_index.zip(log.last_index).map_or(0, |(first, last)| (last + 1).saturating_sub(first));
    to.gauge("livedrop_log_entries", "Entries in the log.", entries as f64);
    to.gauge(
        "livedrop_log_disk_bytes",
        "What the log takes on the disk and in its write buffer.",
        log.disk_bytes as f64,
    );
    let written = "Bytes written to the log, before the database's own.";
    to.counter("livedrop_log_written_bytes_total", written, log.written_bytes_total as f64);
    // Class `n` counts what took less than 2^n microseconds, and the last one everything that took longer, too.
    let [classes @ .., beyond] = &log.group_micros_buckets;
    let classes = classes.iter().enumerate().map(|(n, groups)| ((1_u64 << n) as f64 / MICROS, *groups));
    let took = "Time to write and sync one group of log operations.";
    let sum = log.group_micros_total as f64 / MICROS;
    to.histogram("livedrop_log_sync_duration_seconds", took, classes, *beyond, sum);
}

fn state(store: &StoreMetrics, to: &mut Exposition) {
    let apply = &store.apply;
    to.gauge(
        "livedrop_state_bytes",
        "What the state takes on the disk and in its write buffer.",
        store.state_bytes as f64,
    );
    to.gauge("livedrop_snapshot_bytes", "The size of the newest snapshot.", store.snapshot_bytes as f64);
    to.counter("livedrop_state_commands_total", "Commands applied.", apply.commands_total as f64);
    to.counter("livedrop_state_batches_total", "Writes to the state that they came in.", apply.batches_total as f64);
    let took = "Time spent applying commands.";
    to.counter("livedrop_state_apply_seconds_total", took, apply.micros_total as f64 / MICROS);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use livedrop_store::{ApplyMetrics, LogMetrics};

    use super::*;
    use crate::raft::FollowerStatus;
    use crate::rest::assert_conventional;

    fn leader() -> NodeStatus {
        let follower = |lag| FollowerStatus { matched_index: Some(40 - lag), lag, heartbeat_age_ms: Some(50) };
        NodeStatus {
            node_id: 1,
            incarnation: vec![],
            version: "0.1.0".into(),
            term: 4,
            voted_for: Some(1),
            leader: Some(1),
            role: Role::Leader,
            last_log_index: Some(40),
            committed_index: Some(39),
            applied_index: Some(38),
            snapshot_index: Some(30),
            purged_index: Some(9),
            members: BTreeMap::new(),
            followers: BTreeMap::from([(2, follower(0)), (3, follower(7))]),
            quorum_age_ms: Some(20),
            disk: Default::default(),
        }
    }

    fn store() -> StoreMetrics {
        let mut log = LogMetrics {
            first_index: Some(10),
            last_index: Some(40),
            disk_bytes: 4_096,
            groups_total: 3,
            written_bytes_total: 900,
            group_micros_total: 1_500_000,
            ..LogMetrics::default()
        };
        log.group_micros_buckets[1] = 2;
        log.group_micros_buckets[23] = 1;
        let apply = ApplyMetrics { batches_total: 5, commands_total: 80, micros_total: 2_500 };
        StoreMetrics { log, apply, state_bytes: 1 << 20, snapshot_bytes: 1 << 19, ..StoreMetrics::default() }
    }

    fn collected(status: &NodeStatus) -> String {
        let mut exposition = Exposition::default();
        collect(status, &store(), &mut exposition);
        exposition.text().to_owned()
    }

    #[test]
    fn the_numbers_are_in_base_units() {
        let text = collected(&leader());
        for line in [
            "livedrop_raft_term 4",
            "livedrop_raft_is_leader 1",
            "livedrop_raft_last_log_index 40",
            "livedrop_raft_committed_index 39",
            "livedrop_raft_applied_index 38",
            "livedrop_raft_quorum_age_seconds 0.02",
            "livedrop_raft_replication_lag_entries{peer=\"3\"} 7",
            "livedrop_raft_heartbeat_age_seconds{peer=\"2\"} 0.05",
            "livedrop_log_entries 31",
            "livedrop_log_disk_bytes 4096",
            "livedrop_log_sync_duration_seconds_bucket{le=\"0.000001\"} 0",
            "livedrop_log_sync_duration_seconds_bucket{le=\"0.000002\"} 2",
            "livedrop_log_sync_duration_seconds_bucket{le=\"4.194304\"} 2",
            "livedrop_log_sync_duration_seconds_bucket{le=\"+Inf\"} 3",
            "livedrop_log_sync_duration_seconds_sum 1.5",
            "livedrop_log_sync_duration_seconds_count 3",
            "livedrop_state_bytes 1048576",
            "livedrop_state_commands_total 80",
            "livedrop_state_apply_seconds_total 0.0025",
        ] {
            assert!(text.lines().any(|written| written == line), "no {line} in:\n{text}");
        }
    }

    #[test]
    fn a_node_that_does_not_lead_says_nothing_of_the_others() {
        let follower = NodeStatus {
            role: Role::Follower,
            leader: None,
            followers: BTreeMap::new(),
            quorum_age_ms: None,
            ..leader()
        };
        let text = collected(&follower);
        assert!(text.contains("\nlivedrop_raft_is_leader 0\n") && text.contains("\nlivedrop_raft_has_leader 0\n"));
        assert!(!text.contains("peer=") && !text.contains("\nlivedrop_raft_quorum_age_seconds "), "{text}");
    }

    #[test]
    fn every_metric_is_described_shown_and_named_by_the_convention() {
        assert_conventional(&collected(&leader()));
    }
}
