//! A snapshot on its way from the leader's disk to a follower's: first what it is, then its bytes in chunks. The store
//! reads and verifies; nothing here knows what is in it.

use std::time::Duration;

use livedrop_proto::raft as pb;
use livedrop_proto::raft::raft_client::RaftClient;
use livedrop_store::types::{Snapshot, TypeConfig};
use livedrop_store::{SnapshotHandle, Snapshots, StoreError};
use openraft::raft::SnapshotResponse;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::convert::{self, Malformed, Vote};
use super::peers::Wire;

/// Chunks that wait for the connection.
const PARTS: usize = 2;
/// A sender that is silent for this long has gone.
const SILENCE: Duration = Duration::from_secs(30);

/// Why a snapshot was not installed at the other end.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    #[error("the peer did not install the snapshot: {0}")]
    Refused(Box<Status>),
    #[error("the snapshot took too long")]
    Late,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("the snapshot cannot be read: {0}")]
    Unreadable(String),
}

/// Sends a whole snapshot and waits until the peer has installed it, at most for `within`.
pub(super) async fn send(
    mut client: RaftClient<Wire>,
    vote: Vote,
    snapshot: Snapshot,
    within: Duration,
) -> Result<SnapshotResponse<TypeConfig>, SendError> {
    let (parts, outgoing) = mpsc::channel(PARTS);
    let header = convert::snapshot_header_to_pb(&vote, &snapshot.meta);
    // Ends by itself when the call does, because nobody takes its parts any more.
    let reading = tokio::task::spawn_blocking(move || read(header, &snapshot.snapshot, &parts));
    let call = client.install_snapshot(ReceiverStream::new(outgoing));
    let answer = tokio::time::timeout(within, call).await.map_err(|_| SendError::Late)?;
    match reading.await {
        Ok(Ok(())) => {}
        // The peer refused half a snapshot, and this is why it was only half.
        Ok(Err(error)) => return Err(SendError::Unreadable(error.to_string())),
        Err(panicked) => return Err(SendError::Unreadable(panicked.to_string())),
    }
    let answer = answer.map_err(|status| SendError::Refused(Box::new(status)))?;
    Ok(convert::installed_from_pb(answer.into_inner())?)
}

fn read(
    header: pb::SnapshotHeader,
    snapshot: &SnapshotHandle,
    parts: &mpsc::Sender<pb::SnapshotPart>,
) -> Result<(), StoreError> {
    let part = |part| pb::SnapshotPart { part: Some(part) };
    if parts.blocking_send(part(pb::snapshot_part::Part::Header(header))).is_err() {
        return Ok(());
    }
    for chunk in snapshot.stream() {
        if parts.blocking_send(part(pb::snapshot_part::Part::Chunk(chunk?))).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Receives a whole snapshot into the store, which has verified it when this returns. What was received in part is
/// removed again.
pub(super) async fn receive(
    mut parts: Streaming<pb::SnapshotPart>,
    snapshots: &Snapshots,
) -> Result<(Vote, Snapshot), Status> {
    let Some(pb::snapshot_part::Part::Header(header)) = next(&mut parts).await? else {
        return Err(Status::invalid_argument("a snapshot begins with its header"));
    };
    let (vote, meta) = convert::snapshot_header_from_pb(header)?;
    let snapshots = snapshots.clone();
    let mut receiver = off_the_runtime(move || snapshots.receive()).await?;
    while let Some(part) = next(&mut parts).await? {
        let pb::snapshot_part::Part::Chunk(chunk) = part else {
            return Err(Status::invalid_argument("a snapshot has one header"));
        };
        receiver = off_the_runtime(move || {
            receiver.push(&chunk)?;
            Ok(receiver)
        })
        .await?;
    }
    let snapshot = off_the_runtime(move || receiver.finish()).await?;
    match snapshot.meta == meta {
        true => Ok((vote, snapshot)),
        false => Err(Status::invalid_argument(format!("the header announced {meta} and {} came", snapshot.meta))),
    }
}

async fn next(parts: &mut Streaming<pb::SnapshotPart>) -> Result<Option<pb::snapshot_part::Part>, Status> {
    let part = tokio::time::timeout(SILENCE, parts.message()).await;
    let part = part.map_err(|_| Status::deadline_exceeded(format!("no chunk came within {SILENCE:?}")))??;
    part.map(|part| part.part.ok_or_else(|| Status::invalid_argument("an empty part of a snapshot"))).transpose()
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Status> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Status::internal(error.to_string()))?.map_err(refused)
}

fn refused(error: StoreError) -> Status {
    Status::failed_precondition(error.to_string())
}
