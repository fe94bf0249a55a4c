//! `status`: one screen that says whether the cluster can sell.

mod gather;
mod verdict;

use livedrop_proto::rest::cluster::NodeRole;

use super::context::Context;
use super::trouble::{Exit, Stop};
use gather::{Row, Seen};
use verdict::Verdict;

/// Exit code 0 while a majority of the voters is up and has a leader, 1 when not, 3 when no node answers at all.
pub async fn run(context: &Context) -> Result<Exit, Stop> {
    let seen = gather::gather(context).await?;
    let verdict = Verdict::of(&seen);
    let report = verdict.report(&seen);
    let leader_applied =
        seen.nodes.iter().find(|row| Some(&row.id) == seen.leader.as_ref()).and_then(|row| row.applied);
    let rows = seen.nodes.iter().map(|row| columns(row, &seen, leader_applied)).collect();
    let header = ["NODE", "ADDRESS", "ROLE", "TERM", "APPLIED", "TRAILS LEADER BY", "VERSION", "UP"];
    context.output.list(&report, &header, rows)?;
    if context.output.is_table() {
        context.output.text(&format!("\n{}", report.summary))?;
    }
    Ok(if verdict.can_decide() { Exit::Ok } else { Exit::Failed })
}

fn columns(row: &Row, seen: &Seen, leader_applied: Option<u64>) -> Vec<String> {
    let unknown = || "-".to_owned();
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
        row.version.clone().unwrap_or_else(unknown),
        row.uptime_seconds.map_or_else(unknown, duration),
    ]
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
