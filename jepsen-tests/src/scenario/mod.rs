//! What is to be shown, one story a file: each runs load and faults on a cluster, reads everything at the end, and
//! hands the history to the checkers. Small in the tests, big in the `proof` binary.

pub mod balanced;
pub mod blackout;
pub mod cached;
pub mod catch_up;
pub mod celebrity;
pub mod crash_matrix;
pub mod doors;
pub mod failover;
pub mod full_disk;
pub mod members;
pub mod metered;
pub mod money;
pub mod plateau;
pub mod quorum;
pub mod race;
pub mod restored;
pub mod rush;
pub mod search;
pub mod sell_out;
pub mod streams;
pub mod survivor;
pub mod told;
pub mod waitlist;
pub mod watched;
pub mod wiped;

mod report;

use anyhow::Result;

use crate::checker;
use crate::cluster::Cluster;
use crate::workload::shop::Shop;

pub use report::Report;

/// Reads everything from all nodes, keeps the history beside the logs, and fails unless every checker holds.
async fn conclude(cluster: &mut Cluster, shop: &mut Shop, report: &mut Report) -> Result<()> {
    shop.sign_in_again().await?;
    let read = shop.read_everything(cluster).await;
    let history = shop.recorder.history();
    history.save(&cluster.folder().join("history.jsonl"))?;
    read?;
    for line in checker::require(&checker::ALL, &history)? {
        report.say(line);
    }
    Ok(())
}
