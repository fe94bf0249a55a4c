//! Backups and snapshots that operators take of this node, while it serves.
//!
//! A backup is a snapshot of the state, made now and sent as it lies on the disk: its files are linked, not copied, so
//! apply and reads go on, and what is sent is of one log index. The bytes are those of the file (`proto/src/backup_file`),
//! checksums and all; whoever receives them checks what a reader of the file would.

use std::time::Duration;

use livedrop_proto::backup as pb;
use livedrop_proto::backup_file::{FORMAT, Maker, Manifest};
use livedrop_store::types::{Raft, Snapshot};
use openraft::LogIdOptionExt;
use openraft::async_runtime::watch::WatchReceiver;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::gate::Gate;
use super::operators::{self, OperatorRole};
use crate::clock;

/// Parts that wait for the connection.
const PARTS: usize = 2;
/// How long a snapshot may take to be made.
const SNAPSHOT_MAX: Duration = Duration::from_secs(600);
/// A snapshot that was under way already is of an older index: another one is asked for after this pause.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// What operators ask of this node's data.
pub(super) struct BackupService {
    gate: Gate,
    /// One at a time: each reads the whole state.
    taking: std::sync::Arc<Mutex<()>>,
}

impl BackupService {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate, taking: Default::default() }
    }
}

type Parts = ReceiverStream<Result<pb::FilePart, Status>>;

#[tonic::async_trait]
impl pb::backup_server::Backup for BackupService {
    type TakeStream = Parts;

    async fn take(&self, request: Request<pb::TakeRequest>) -> Result<Response<Parts>, Status> {
        let caller = operators::caller(&self.gate, &request, OperatorRole::Operator).await?;
        let taking = self.taking.clone().try_lock_owned();
        let taking = taking.map_err(|_| Status::resource_exhausted("a backup of this node is being taken already"))?;
        let snapshot = snapshot_now(&self.gate.opened()?.raft).await?;
        let own = self.gate.identity();
        let manifest = manifest(&own.cluster_id, own.node_id, &snapshot)?;
        tracing::info!(who = ?caller.who, index = manifest.index, bytes = manifest.state_bytes, "a backup is taken");
        let (parts, sent) = mpsc::channel(PARTS);
        tokio::task::spawn_blocking(move || send(&manifest, &snapshot, &parts, taking));
        Ok(Response::new(ReceiverStream::new(sent)))
    }

    async fn snapshot(&self, request: Request<pb::SnapshotRequest>) -> Result<Response<pb::SnapshotResponse>, Status> {
        operators::caller(&self.gate, &request, OperatorRole::Operator).await?;
        let Snapshot { meta, snapshot } = snapshot_now(&self.gate.opened()?.raft).await?;
        let index = meta.last_log_id.index().unwrap_or(0);
        let hash = snapshot.hash().to_vec().into();
        Ok(Response::new(pb::SnapshotResponse { index, bytes: snapshot.bytes(), hash }))
    }
}

/// A snapshot of everything that this node had applied when it was asked for.
async fn snapshot_now(raft: &Raft) -> Result<Snapshot, Status> {
    let stopped = |error: &dyn std::fmt::Display| Status::unavailable(format!("consensus has stopped: {error}"));
    let deadline = Instant::now() + SNAPSHOT_MAX;
    let wanted = raft.metrics().borrow_watched().last_applied.index();
    if wanted.is_none() {
        return Err(Status::unavailable("this node has applied nothing yet; ask again in a moment"));
    }
    loop {
        let mut metrics = raft.metrics();
        if metrics.borrow_watched().snapshot.index() >= wanted {
            let newest = raft.get_snapshot().await.map_err(|error| stopped(&error))?;
            return newest.ok_or_else(|| Status::internal("the snapshot that was made is not there"));
        }
        if Instant::now() >= deadline {
            return Err(Status::deadline_exceeded(format!("no snapshot was made within {SNAPSHOT_MAX:?}")));
        }
        raft.trigger().snapshot().await.map_err(|error| stopped(&error))?;
        let made = async {
            while metrics.borrow_watched().snapshot.index() < wanted {
                if metrics.changed().await.is_err() {
                    return;
                }
            }
        };
        // Whether it came true is looked at again.
        let _late = tokio::time::timeout(ASK_AGAIN, made).await;
    }
}

fn manifest(cluster_id: &str, node_id: u64, snapshot: &Snapshot) -> Result<Manifest, Status> {
    let nothing = || Status::unavailable("the state reflects no log entry yet; ask again in a moment");
    let last = snapshot.meta.last_log_id.ok_or_else(nothing)?;
    let taken_at = jiff::Timestamp::from_millisecond(clock::now().0 as i64);
    Ok(Manifest {
        format: FORMAT,
        cluster_id: cluster_id.to_owned(),
        node_id,
        index: last.index,
        term: last.leader_id.term,
        leader_id: last.leader_id.node_id,
        taken_at: taken_at.map_err(|error| Status::internal(error.to_string()))?.to_string(),
        state_hash: snapshot.snapshot.hash().iter().map(|byte| format!("{byte:02x}")).collect(),
        state_bytes: snapshot.snapshot.bytes(),
        files: snapshot.snapshot.files() as u64,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Reads the snapshot into parts until nobody takes them any more.
fn send(
    manifest: &Manifest,
    snapshot: &Snapshot,
    parts: &mpsc::Sender<Result<pb::FilePart, Status>>,
    _taking: OwnedMutexGuard<()>,
) {
    let (mut maker, begin) = Maker::begin(manifest);
    let mut gone = parts.blocking_send(Ok(pb::FilePart { bytes: begin })).is_err();
    for frame in snapshot.snapshot.stream() {
        if gone {
            return;
        }
        let part = match frame {
            Ok(frame) => Ok(pb::FilePart { bytes: maker.part(&frame) }),
            Err(error) => {
                tracing::error!(%error, "a backup cannot be read");
                Err(Status::data_loss(format!("node {}: {error}", manifest.node_id)))
            }
        };
        let failed = part.is_err();
        gone = parts.blocking_send(part).is_err() || failed;
    }
    let _gone = gone || parts.blocking_send(Ok(pb::FilePart { bytes: maker.end() })).is_err();
}
