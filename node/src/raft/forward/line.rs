//! One stream to one leader.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use livedrop_proto::forward as pb;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::super::network::describe;
use super::super::peers::Link;
use super::{BATCHES_MAX, ForwardOutcome, Refusal, answer};
use crate::telemetry::Place;

/// Bytes of batches under way on one stream.
const BYTES_MAX: usize = 32 << 20;
/// How long the leader may take to accept a stream.
const OPEN: Duration = Duration::from_secs(1);

/// One stream to one leader, run by a task of its own.
pub(super) struct Line {
    leader: u64,
    queue: mpsc::Sender<Ticket>,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

/// One batch on its way.
struct Ticket {
    requests: Vec<Bytes>,
    traced: Vec<(usize, Place)>,
    deadline: Instant,
    stage: Arc<Stage>,
    answer: oneshot::Sender<ForwardOutcome>,
    room: [OwnedSemaphorePermit; 2],
}

/// Who decides a batch that meets its deadline: queued, it is the caller's to withdraw; sent, it cannot be recalled.
#[derive(Default)]
struct Stage(AtomicU8);

impl Stage {
    const QUEUED: u8 = 0;
    const SENT: u8 = 1;
    const WITHDRAWN: u8 = 2;

    fn move_to(&self, stage: u8) -> bool {
        self.0.compare_exchange(Self::QUEUED, stage, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// What an ended stream or a passed deadline means: `refusal` unless the batch went out.
    fn unanswered(&self, refusal: Refusal) -> ForwardOutcome {
        match self.move_to(Self::WITHDRAWN) {
            true => ForwardOutcome::Refused(refusal),
            false => ForwardOutcome::Unknown,
        }
    }
}

impl Line {
    pub(super) fn open(leader: u64, link: Arc<Link>) -> Self {
        let (queue, tickets) = mpsc::channel(BATCHES_MAX);
        tokio::spawn(run(leader, link, tickets));
        Self {
            leader,
            queue,
            places: Arc::new(Semaphore::new(BATCHES_MAX)),
            bytes: Arc::new(Semaphore::new(BYTES_MAX)),
        }
    }

    /// Whether this stream goes to `leader` and has not ended.
    pub(super) fn carries_to(&self, leader: u64) -> bool {
        self.leader == leader && !self.queue.is_closed()
    }

    /// Sends one batch of `bytes` bytes as soon as there is room for it, and waits for its outcome until `deadline`.
    pub(super) async fn carry(
        &self,
        requests: Vec<Bytes>,
        traced: Vec<(usize, Place)>,
        bytes: usize,
        deadline: Instant,
    ) -> ForwardOutcome {
        let weight = u32::try_from(bytes).expect("a batch was checked against BATCH_BYTES_MAX");
        let room = async {
            let place = self.places.clone().acquire_owned().await.expect("the semaphore is never closed");
            let bytes = self.bytes.clone().acquire_many_owned(weight).await.expect("the semaphore is never closed");
            [place, bytes]
        };
        let Ok(room) = timeout_at(deadline, room).await else {
            return ForwardOutcome::Refused(Refusal::Overloaded);
        };
        let stage = Arc::new(Stage::default());
        let (answer, outcome) = oneshot::channel();
        let ticket = Ticket { requests, traced, deadline, stage: stage.clone(), answer, room };
        // There is a place in the queue for every permit, so this does not wait.
        if self.queue.send(ticket).await.is_err() {
            return ForwardOutcome::Refused(Refusal::Unreachable);
        }
        match timeout_at(deadline, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_ended)) => stage.unanswered(Refusal::Unreachable),
            Err(_late) => stage.unanswered(Refusal::Expired),
        }
    }
}

/// A batch that went out.
struct Sent {
    requests: usize,
    answer: oneshot::Sender<ForwardOutcome>,
    _room: [OwnedSemaphorePermit; 2],
}

/// Runs one stream until it breaks, or until nobody holds its `Line` any more and every batch is answered. What it drops
/// on the way out tells each caller how far its batch had come.
async fn run(leader: u64, link: Arc<Link>, tickets: mpsc::Receiver<Ticket>) {
    let (feed, batches) = mpsc::channel(BATCHES_MAX);
    let mut client = link.forward();
    match timeout(OPEN, client.propose(ReceiverStream::new(batches))).await {
        Ok(Ok(opened)) => exchange(leader, tickets, feed, opened.into_inner()).await,
        Ok(Err(status)) => tracing::info!(leader, error = %describe(&status), "the leader takes no forwarded commands"),
        Err(_) => tracing::info!(leader, "the leader does not answer"),
    }
}

async fn exchange(
    leader: u64,
    mut tickets: mpsc::Receiver<Ticket>,
    feed: mpsc::Sender<pb::Batch>,
    mut answers: Streaming<pb::Answer>,
) {
    let mut sent: BTreeMap<u64, Sent> = BTreeMap::new();
    let mut next: Option<Ticket> = None;
    let mut sequence = 0;
    let mut more = true;
    while more || next.is_some() || !sent.is_empty() {
        tokio::select! {
            biased;
            // First, so that nothing goes out on a stream that is known to have ended.
            answer = answers.message() => match answer {
                Ok(Some(answer)) => {
                    let Some(batch) = sent.remove(&answer.sequence) else { continue };
                    // The caller may have left at its deadline.
                    let _ = batch.answer.send(answer::from_pb(answer, batch.requests));
                }
                Ok(None) => break,
                Err(status) => {
                    tracing::info!(leader, error = %describe(&status), "the stream to the leader broke");
                    break;
                }
            },
            ticket = tickets.recv(), if more && next.is_none() => {
                more = ticket.is_some();
                next = ticket;
            }
            place = feed.reserve(), if next.is_some() => {
                let (Ok(place), Some(ticket)) = (place, next.take()) else { break };
                // Whoever has withdrawn a batch knows its outcome already.
                if !ticket.stage.move_to(Stage::SENT) {
                    continue;
                }
                sequence += 1;
                let remaining_ms = ticket.deadline.saturating_duration_since(Instant::now()).as_millis() as u64;
                let requests = ticket.requests.len();
                let traced = ticket.traced.into_iter().map(answer::traced_to_pb).collect();
                place.send(pb::Batch { sequence, remaining_ms, requests: ticket.requests, traced });
                sent.insert(sequence, Sent { requests, answer: ticket.answer, _room: ticket.room });
            }
        }
    }
}
