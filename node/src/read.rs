//! Reads, by name: linearizable, or local and at least as new as the caller has seen.

use std::time::Duration;

use livedrop_store::Reader;
use tokio::time::Instant;

use crate::propose::Unanswered;
use crate::raft::Consensus;

/// How long a node that lags behind `Livedrop-Min-Index` is waited for.
const CATCH_UP: Duration = Duration::from_secs(1);

/// The door to the stored state.
#[derive(Clone)]
pub struct Reads {
    consensus: Consensus,
    reader: Reader,
    deadline: Duration,
}

impl Reads {
    /// `deadline` bounds a linearizable read, from the question to the leader to the state here.
    pub fn new(consensus: Consensus, reader: Reader, deadline: Duration) -> Self {
        Reads { consensus, reader, deadline }
    }

    /// Waits until this node's state holds every write that was acknowledged anywhere before the call (ReadIndex, Raft
    /// dissertation section 6.4), and gives the log index that it holds at least.
    ///
    /// Errors: `NoQuorum`.
    pub async fn linearizable(&self) -> Result<u64, Unanswered> {
        let deadline = Instant::now() + self.deadline;
        // Whatever kept the leader from answering, it comes to the same: nobody could vouch for the state in time.
        let index = self.consensus.read_index(deadline).await.map_err(|obstacle| {
            tracing::debug!(%obstacle, "no linearizable read");
            Unanswered::NoQuorum
        })?;
        self.applied(index, deadline).await?;
        Ok(index)
    }

    /// Waits until this node's state is at least as new as `min_index`.
    ///
    /// Errors: `NoQuorum` when it is not after a second.
    pub async fn at_least(&self, min_index: Option<u64>) -> Result<(), Unanswered> {
        match min_index {
            Some(index) => self.applied(index, Instant::now() + CATCH_UP).await,
            None => Ok(()),
        }
    }

    async fn applied(&self, index: u64, deadline: Instant) -> Result<(), Unanswered> {
        if self.reader.applied() >= index {
            return Ok(());
        }
        let waited = tokio::time::timeout_at(deadline, self.reader.wait_applied(index)).await;
        waited.map_err(|_| Unanswered::NoQuorum)
    }

    /// The state as it is here now.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}
