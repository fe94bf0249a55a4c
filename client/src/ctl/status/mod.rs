//! `status`: one screen that says whether the cluster can sell.

mod gather;
mod verdict;

use livedrop_proto::rest::admin::NodeStatus;
use livedrop_proto::rest::cluster::NodeRole;

use super::context::Context;
use super::trouble::{Exit, Stop};
use gather::{Row, Seen};
use verdict::Verdict;

const HEADER: [&str; 11] = [
    "NODE",
    "ADDRESS",
    "ROLE",
    "TERM",
    "APPLIED",
    "TRAILS LEADER BY",
    "DISK FREE",
    "SNAPSHOT",
    "CERTIFICATE",
    "VERSION",
    "UP",
];

/// Exit code 0 while a majority of the voters is up and has a leader, 1 when not, 3 when no node answers at all.
pub async fn run(context: &Context) -> Result<Exit, Stop> {
    let seen = gather::gather(context).await?;
    let verdict = Verdict::of(&seen);
    let report = verdict.report(&seen);
    let leader_applied =
        seen.nodes.iter().find(|row| Some(&row.id) == seen.leader.as_ref()).and_then(|row| row.applied);
    let rows = seen.nodes.iter().map(|row| columns(row, &seen, leader_applied)).collect();
    context.output.list(&report, &HEADER, rows)?;
    if context.output.is_table() {
        let alarms =
            seen.nodes.iter().flat_map(|row| row.alarms().iter().map(|alarm| format!("! node {}: {alarm}\n", row.id)));
        context.output.text(&format!("\n{}{}", alarms.collect::<String>(), report.summary))?;
    }
    Ok(if verdict.can_decide() { Exit::Ok } else { Exit::Failed })
}

fn columns(row: &Row, seen: &Seen, leader_applied: Option<u64>) -> Vec<String> {
    let unknown = || "-".to_owned();
    let told = row.told.as_ref();
    let star = if Some(&row.id) == seen.leader.as_ref() { "★ " } else { "  " };
    let role = match (row.up, row.role) {
        (false, _) => "unreachable",
        (_, NodeRole::Leader) => "leader",
        (_, NodeRole::Follower) => "follower",
        (_, NodeRole::Learner) => "learner",
    };
    let trails = row.trails(leader_applied).map_or_else(unknown, |entries| entries.to_string());
    vec![
        format!("{star}{}", row.id),
        row.http.clone(),
        role.to_owned(),
        row.term.map_or_else(unknown, |term| term.to_string()),
        row.applied.map_or_else(unknown, |index| index.to_string()),
        trails,
        told.and_then(disk).unwrap_or_else(unknown),
        told.and_then(|told| told.snapshot_age_seconds).map_or_else(unknown, |age| format!("{} ago", duration(age))),
        told.and_then(certificate).unwrap_or_else(unknown),
        told.map_or_else(unknown, |told| told.version.clone()),
        told.map_or_else(unknown, |told| duration(told.uptime_seconds)),
    ]
}

/// `41.2 GB (63 %)`
fn disk(told: &NodeStatus) -> Option<String> {
    let (free, all) = told.disk_free_bytes.zip(told.disk_bytes)?;
    Some(format!("{:.1} GB ({} %)", free as f64 / 1e9, free * 100 / all.max(1)))
}

/// `until 2027-11-24`
fn certificate(told: &NodeStatus) -> Option<String> {
    let (day, _) = told.certificate_expires_at.as_ref()?.split_once('T')?;
    Some(format!("until {day}"))
}

/// `3d 4h`, `2h 5m`, `7m 30s` or `12s`.
fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}
