//! What each part of a node is told, out of its configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use livedrop_config::NodeConfig;
use livedrop_domain::accounts::TOKENS_LAST_MS;
use livedrop_domain::clock::Kept;
use livedrop_store::types::Member;

use crate::limits::Rate;
use crate::propose::Bounds;
use crate::raft::ConsensusSettings;
use crate::telemetry::statsd;
use crate::webhooks::send;
use crate::{auth, clock, disk, feed, limits, members, rest, search};

pub(crate) fn store(config: &NodeConfig) -> livedrop_store::Options {
    livedrop_store::Options {
        log_cache_bytes: config.storage.log_cache_bytes,
        state_cache_bytes: config.storage.state_cache_bytes,
        row_cache_bytes: config.storage.row_cache_bytes,
        write_buffer_bytes: config.storage.write_buffer_bytes,
        log_buffer_bytes: config.storage.write_buffer_bytes,
        ballast_bytes: config.storage.ballast_bytes as u64,
        ..livedrop_store::Options::default()
    }
}

pub(crate) fn initial_members(config: &NodeConfig) -> BTreeMap<u64, Member> {
    let member =
        |member: &livedrop_config::Member| (member.id, Member { peer: member.peer.clone(), http: member.http.clone() });
    config.cluster.members.iter().map(member).collect()
}

pub(super) fn consensus(config: &NodeConfig) -> ConsensusSettings {
    ConsensusSettings {
        heartbeat_ms: config.raft.heartbeat_ms,
        election_min_ms: config.raft.election_timeout_min_ms,
        election_max_ms: config.raft.election_timeout_max_ms,
        snapshot_every: config.raft.snapshot_every_entries,
        keep_logs: config.raft.keep_entries,
        // A short log is purged in short steps.
        purge_batch: (config.raft.keep_entries / 10).clamp(1, ConsensusSettings::default().purge_batch),
        ..ConsensusSettings::default()
    }
}

pub(super) fn members(config: &NodeConfig) -> members::Settings {
    let reap_after = config.cluster.reap_dead_after_seconds;
    members::Settings {
        auto_promote: config.cluster.auto_promote,
        reap_dead_after: (reap_after > 0).then(|| Duration::from_secs(reap_after)),
        // Some heartbeats may be late without anything being wrong.
        alive: Duration::from_millis(2 * config.raft.election_timeout_max_ms).max(Duration::from_secs(1)),
    }
}

pub(super) fn disk(config: &NodeConfig) -> disk::Settings {
    disk::Settings {
        data_dir: config.node.data_dir.clone(),
        reserve: config.storage.reserve_bytes as u64,
        ballast: config.storage.ballast_bytes as u64,
        slow_sync: Duration::from_millis(config.storage.slow_sync_ms),
    }
}

pub(super) fn bounds(config: &NodeConfig) -> Bounds {
    Bounds {
        batch_commands: config.batch.max_commands,
        batch_bytes: config.batch.max_bytes,
        queue_commands: config.batch.queue_commands,
        queue_wait: Duration::from_millis(config.batch.queue_wait_ms),
        in_flight: config.batch.in_flight,
        deadline: Duration::from_millis(config.limits.request_deadline_ms),
    }
}

/// How much of what happened is kept while this node leads.
pub(super) fn keeping(config: &NodeConfig) -> clock::Keeping {
    let journal = Kept { entries: config.events.keep_entries, ms: config.events.keep_hours * 3_600_000 };
    clock::Keeping { journal, audit_ms: config.audit.keep_days * 86_400_000 }
}

pub(super) fn auth(config: &NodeConfig) -> auth::Options {
    let access_ms = config.auth.access_token_seconds * 1_000;
    // The state machine looks disabled accounts up for so long: no token may be good, or its request wait, for longer.
    assert!(access_ms + config.limits.request_deadline_ms < TOKENS_LAST_MS, "tokens would outlast their account");
    auth::Options {
        access_ms,
        rotate_keys_after_ms: (config.auth.rotate_keys_days > 0).then(|| config.auth.rotate_keys_days * 86_400_000),
        session_ms: config.auth.refresh_token_seconds * 1_000,
        remembered_max: config.auth.verification_cache_entries,
        password_cost: auth::Cost {
            memory_kib: config.auth.password_memory_kib,
            passes: config.auth.password_passes,
            ..auth::Cost::default()
        },
        password_threads: config.auth.password_hash_threads,
        password_queue_max: config.auth.password_hash_queue,
        ..auth::Options::default()
    }
}

pub(super) fn callers(config: &NodeConfig) -> limits::Options {
    let limits = &config.limits;
    limits::Options {
        account: Rate { per_minute: limits.account_per_minute, burst: limits.account_burst },
        address: Rate { per_minute: limits.address_per_minute, burst: limits.address_burst },
        wrong_free: limits.sign_in_failures,
        wrong_from_address: Rate {
            per_minute: limits.sign_in_failures_address / 10,
            burst: limits.sign_in_failures_address,
        },
    }
}

pub(super) fn limits(config: &NodeConfig) -> rest::Limits {
    rest::Limits {
        body_bytes: config.limits.body_bytes,
        header_bytes: config.limits.header_bytes,
        uri_bytes: config.limits.uri_bytes,
        in_flight: config.http.max_in_flight,
        proxies: rest::Proxies::new(config.http.trusted_proxies.clone(), config.http.client_address_header),
    }
}

/// Streams leave a part of the connections to everybody else.
pub(super) fn streams(config: &NodeConfig) -> feed::Settings {
    let events = &config.events;
    let unless_off = |limit: usize| if config.limits.enabled { limit } else { usize::MAX };
    feed::Settings {
        buffer_bytes: events.buffer_bytes,
        streams_max: events.streams.min(config.http.max_connections / 5 * 4),
        per_account_max: unless_off(events.streams_per_account),
        per_address_max: unless_off(events.streams_per_address),
        heartbeat: Duration::from_millis(events.heartbeat_ms),
    }
}

pub(super) fn search(config: &NodeConfig, incarnation: [u8; 16]) -> search::Settings {
    search::Settings {
        root: config.node.data_dir.join("search"),
        identity: search::Identity {
            cluster_id: config.cluster.id.clone(),
            node_id: config.node.id,
            incarnation: format!("{:032x}", u128::from_be_bytes(incarnation)),
        },
        writer_bytes: config.search.writer_bytes,
        commit_every: Duration::from_millis(config.search.commit_interval_ms),
    }
}

pub(super) fn statsd(config: &NodeConfig) -> Option<statsd::Settings> {
    let telemetry = &config.telemetry;
    (!telemetry.dogstatsd.is_empty()).then(|| statsd::Settings {
        to: telemetry.dogstatsd.clone(),
        every: Duration::from_millis(telemetry.dogstatsd_interval_ms),
        node_id: config.node.id,
    })
}

pub(super) fn sender(config: &NodeConfig) -> anyhow::Result<send::Sender> {
    let deadline = Duration::from_millis(config.webhooks.timeout_ms);
    let settings = send::Settings { allow_private: config.webhooks.allow_private, deadline };
    send::Sender::new(&settings).context("making the client of webhooks")
}

pub(super) fn timeouts(config: &NodeConfig) -> rest::accept::Timeouts {
    rest::accept::Timeouts {
        head: Duration::from_millis(config.http.header_timeout_ms),
        body: Duration::from_millis(config.http.body_timeout_ms),
        idle: Duration::from_millis(config.http.idle_timeout_ms),
        stalled: Duration::from_millis(config.events.stalled_ms),
        connections: config.http.max_connections,
        ..rest::accept::Timeouts::default()
    }
}
