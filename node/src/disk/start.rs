//! A start on a full disk: the node waits for room instead of failing again and again.

use std::path::Path;
use std::time::Duration;

use livedrop_config::NodeConfig;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::room;
use crate::rest;

const LOOK_EVERY: Duration = Duration::from_secs(1);
const SAY_EVERY: Duration = Duration::from_secs(30);
/// A start needs no more than this: it reads the log and writes one table.
const NEEDED_MAX: u64 = 32 << 20;

/// Returns when there is room to start with; gives the ballast back when there is too little. Meanwhile `/livez` is
/// answered as ever, `/readyz` and everything else with 503, and the log says why.
pub async fn wait_for_room(config: &NodeConfig) {
    let directory = &config.node.data_dir;
    // Without a directory this is the first start; what it finds, it says itself.
    let needed = (config.storage.reserve_bytes as u64 / 2).min(NEEDED_MAX);
    if has_room(directory, needed) {
        return;
    }
    let waiting = TcpListener::bind(config.http.listen).await.map(|listener| {
        let why = format!("fewer than {needed} bytes are free on the data disk; the node starts when there are");
        tokio::spawn(rest::waiting::serve(listener, why))
    });
    let mut said: Option<Instant> = None;
    while !has_room(directory, needed) {
        if said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            let free = room::free(directory).unwrap_or(0);
            tracing::error!(
                directory = %directory.display(), free, needed,
                "disk_full: this node waits for room on its data disk, and starts by itself when there is some"
            );
            said = Some(Instant::now());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    tracing::info!("there is room again");
    if let Ok(waiting) = waiting {
        waiting.abort();
        // The port must be free again before the node listens there.
        let _ended = waiting.await;
    }
}

fn has_room(directory: &Path, needed: u64) -> bool {
    let enough = || room::free(directory).map_or(true, |free| free >= needed);
    enough() || room::drop_ballast(directory) && enough()
}
