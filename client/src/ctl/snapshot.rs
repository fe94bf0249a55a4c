//! `snapshot`: a snapshot of one node's state, made now.

use clap::Args;
use livedrop_proto::backup as pb;
use livedrop_proto::backup::backup_client::BackupClient;
use serde::Serialize;

use super::context::Context;
use super::reach::Reach;
use super::trouble::{Exit, Stop};

#[derive(Debug, Args)]
pub struct Wanted {
    #[command(flatten)]
    reach: Reach,
}

#[derive(Serialize)]
struct Report {
    index: String,
    bytes: u64,
    hash: String,
}

/// Waits until the snapshot is on the node's disk. A restart needs no log before it, and the log before it may go.
pub async fn run(context: &Context, wanted: Wanted) -> Result<Exit, Stop> {
    let ask = async |wire| Ok(BackupClient::new(wire).snapshot(pb::SnapshotRequest {}).await?.into_inner());
    let made = wanted.reach.ask_a_follower(context, "no snapshot was made", ask).await?;
    let hash: String = made.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let report = Report { index: made.index.to_string(), bytes: made.bytes, hash };
    let fields =
        vec![("index", report.index.clone()), ("bytes", report.bytes.to_string()), ("hash", report.hash.clone())];
    context.output.record(&report, fields)?;
    Ok(Exit::Ok)
}
