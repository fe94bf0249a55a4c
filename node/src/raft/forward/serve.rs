//! The leader's side of a forward stream.

use std::sync::Arc;
use std::time::Duration;

use livedrop_proto::forward as pb;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::super::gate::Gate;
use super::super::network::describe;
use super::{BATCH_BYTES_MAX, BATCHES_MAX, ForwardOutcome, Forwarded, ProposeForwarded, Refusal, answer};

/// No caller waits longer than this, whatever its message says.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Proposes the batches of other nodes.
pub(in super::super) struct ForwardService {
    gate: Gate,
}

impl ForwardService {
    pub(in super::super) fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

#[tonic::async_trait]
impl pb::forward_server::Forward for ForwardService {
    type ProposeStream = ReceiverStream<Result<pb::Answer, Status>>;

    async fn propose(&self, request: Request<Streaming<pb::Batch>>) -> Result<Response<Self::ProposeStream>, Status> {
        let caller = self.gate.admit(&request)?;
        let proposer = self.gate.proposer()?;
        let (answers, stream) = mpsc::channel(BATCHES_MAX);
        let taking = take_batches(caller, request.into_inner(), proposer, answers);
        let closing = self.gate.closing();
        // What was taken by then is still answered.
        tokio::spawn(async {
            tokio::select! {
                () = taking => {}
                () = closing => {}
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// Reads batches while there is a place for them; beyond that the stream's flow control holds the follower back.
async fn take_batches(
    caller: u64,
    mut batches: Streaming<pb::Batch>,
    proposer: Arc<dyn ProposeForwarded>,
    answers: mpsc::Sender<Result<pb::Answer, Status>>,
) {
    let places = Arc::new(Semaphore::new(BATCHES_MAX));
    loop {
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        match batches.message().await {
            Ok(Some(batch)) => tokio::spawn(propose(caller, batch, proposer.clone(), answers.clone(), place)),
            Ok(None) => return,
            Err(status) => {
                tracing::debug!(caller, error = %describe(&status), "a stream of forwarded commands broke");
                return;
            }
        };
    }
}

async fn propose(
    from: u64,
    batch: pb::Batch,
    proposer: Arc<dyn ProposeForwarded>,
    answers: mpsc::Sender<Result<pb::Answer, Status>>,
    place: OwnedSemaphorePermit,
) {
    let bytes: usize = batch.requests.iter().map(|request| request.len()).sum();
    let outcome = if batch.remaining_ms == 0 {
        ForwardOutcome::Refused(Refusal::Expired)
    } else if bytes > BATCH_BYTES_MAX {
        ForwardOutcome::Refused(Refusal::TooLarge)
    } else {
        let deadline = Instant::now() + Duration::from_millis(batch.remaining_ms).min(WAIT_MAX);
        let traced = batch.traced.into_iter().filter_map(answer::traced_from_pb).collect();
        proposer.propose_forwarded(Forwarded { from, requests: batch.requests, traced, deadline }).await
    };
    // A follower that is gone asks again by idempotency key.
    let _ = answers.send(Ok(answer::to_pb(batch.sequence, outcome))).await;
    drop(place);
}
