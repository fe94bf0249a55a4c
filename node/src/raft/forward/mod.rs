//! Forwarding: a follower's batches to the leader, over one long-lived stream.
//!
//! ```text
//!  forward(batch) ─► queue ─► Line ══ Propose stream ══► leader ─► ProposeForwarded
//!        ▲                     │ several batches under way, each with a sequence number and a deadline
//!        └──── one outcome ◄───┘
//! ```
//!
//! A batch has exactly one outcome and it is never a guess. It is *refused* when it certainly was not proposed: it never
//! went out, or the leader says so. It is *unknown* when it went out and no answer came. A forwarded batch is never
//! forwarded again.

mod answer;
mod line;
mod serve;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use livedrop_domain::Outcome;
use tokio::time::Instant;

use self::line::Line;
pub(super) use self::serve::ForwardService;
use super::consensus::Consensus;
use crate::telemetry::Place;

/// Batches under way on one stream; more wait for a place until their deadline.
const BATCHES_MAX: usize = 64;
/// The commands of one batch may have this many bytes together: more than `batch.max_bytes` can be set to, and one
/// command beyond.
pub const BATCH_BYTES_MAX: usize = 8 << 20;

/// What became of one forwarded batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardOutcome {
    /// Applied; one outcome for each request, in order.
    Answered(Vec<Outcome>),
    /// Certainly not proposed, now or later.
    Refused(Refusal),
    /// It may have been applied, or may still be.
    Unknown,
}

/// Why a batch was certainly not proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the node that was asked does not lead")]
    NotLeader { leader: Option<u64> },
    #[error("the leader has no quorum")]
    NoQuorum,
    #[error("too many commands are under way")]
    Overloaded,
    #[error("the deadline passed before it was proposed")]
    Expired,
    #[error("the node is stopping")]
    Stopping,
    #[error("the batch is larger than {BATCH_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the leader cannot be reached")]
    Unreachable,
}

/// What another node gathered.
#[derive(Debug)]
pub struct Forwarded {
    /// The node that sends it.
    pub from: u64,
    /// Encoded, as the log holds them.
    pub requests: Vec<Bytes>,
    /// Of those that are traced: the place in `requests`, and the span on the sending node that it waits in.
    pub traced: Vec<(usize, Place)>,
    pub deadline: Instant,
}

/// Proposes what other nodes forward. Implemented by the write path of this node; it must not forward again, but answer
/// [`Refusal::NotLeader`] when this node does not lead.
#[tonic::async_trait]
pub trait ProposeForwarded: Send + Sync + 'static {
    async fn propose_forwarded(&self, batch: Forwarded) -> ForwardOutcome;
}

/// Sends batches to whoever leads. Cheap to share; keeps one stream to the current leader.
pub struct Forwarder {
    consensus: Consensus,
    line: Mutex<Option<Arc<Line>>>,
}

impl Forwarder {
    pub(super) fn new(consensus: Consensus) -> Self {
        Self { consensus, line: Mutex::new(None) }
    }

    /// Has the current leader propose `requests` (encoded) as one batch, and waits for the outcome until `deadline`.
    ///
    /// Refuses at once when no leader is known or this node leads itself: there is no retry here. A caller that gives up
    /// before the outcome must take the batch for unknown.
    pub async fn forward(&self, requests: Vec<Bytes>, deadline: Instant) -> ForwardOutcome {
        self.forward_traced(requests, Vec::new(), deadline).await
    }

    /// As [`forward`](Forwarder::forward); `traced` names the spans that some of the requests wait in, by their place.
    pub async fn forward_traced(
        &self,
        requests: Vec<Bytes>,
        traced: Vec<(usize, Place)>,
        deadline: Instant,
    ) -> ForwardOutcome {
        let bytes: usize = requests.iter().map(Bytes::len).sum();
        if bytes > BATCH_BYTES_MAX {
            return ForwardOutcome::Refused(Refusal::TooLarge);
        }
        let leadership = self.consensus.leadership().borrow().clone();
        let Some(leader) = leadership.leader.filter(|_| !leadership.is_leader) else {
            return ForwardOutcome::Refused(Refusal::NotLeader { leader: leadership.leader });
        };
        let Some(line) = self.line(leader) else {
            return ForwardOutcome::Refused(Refusal::Unreachable);
        };
        line.carry(requests, traced, bytes, deadline).await
    }

    /// The stream to `leader`, opened when there is none or it broke. A former leader's stream ends by itself when its
    /// last batch is answered.
    fn line(&self, leader: u64) -> Option<Arc<Line>> {
        let mut current = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = current.as_ref().filter(|line| line.carries_to(leader)) {
            return Some(line.clone());
        }
        let link = self.consensus.link(leader)?;
        let line = Arc::new(Line::open(leader, link));
        *current = Some(line.clone());
        Some(line)
    }
}
