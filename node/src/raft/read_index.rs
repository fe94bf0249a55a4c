//! The index a linearizable read must wait for, asked in rounds that many reads share.
//!
//! ```text
//!  reads   a b c        d e f g          h
//!          └─┬─┘        └──┬──┘          │
//!  rounds    [── 1 ──]     [──── 2 ────] [── 3 ──]
//! ```
//!
//! A round begins after every read it answers has arrived, so what it learns is never older than the read. One round is
//! under way at a time; reads that arrive meanwhile share the next. On the leader a round asks a quorum whether it still
//! leads; on a follower it asks the leader.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

/// Reads that may wait for the next round; more are refused.
const READS_MAX: usize = 16 * 1024;
/// A round that takes longer has failed: the next may find another leader.
const ROUND_MAX: Duration = Duration::from_millis(500);

/// Why no index was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("no leader answers for the cluster")]
    NotLeader { leader: Option<u64> },
    #[error("the leader does not reach a quorum")]
    NoQuorum,
    #[error("the leader cannot be reached: {0}")]
    Unreachable(String),
    #[error("the deadline passed")]
    Late,
    #[error("too many reads are waiting")]
    Overloaded,
    #[error("the node is stopping")]
    Stopped,
}

/// The rounds of one node; a handle that is cheap to clone.
#[derive(Clone)]
pub(super) struct ReadIndex {
    waiting: mpsc::Sender<Waiting>,
}

struct Waiting {
    deadline: Instant,
    answer: oneshot::Sender<Result<u64, ReadError>>,
}

impl ReadIndex {
    /// Runs rounds of `ask`, which is given the time until which its answer is of use.
    pub(super) fn start<F, Asking>(ask: F) -> Self
    where
        F: Fn(Instant) -> Asking + Send + 'static,
        Asking: Future<Output = Result<u64, ReadError>> + Send + 'static,
    {
        let (waiting, reads) = mpsc::channel(READS_MAX);
        tokio::spawn(run(reads, ask));
        Self { waiting }
    }

    /// The result of the next round.
    pub(super) async fn next_round(&self, deadline: Instant) -> Result<u64, ReadError> {
        let (answer, result) = oneshot::channel();
        self.waiting.try_send(Waiting { deadline, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ReadError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => ReadError::Stopped,
        })?;
        match timeout_at(deadline, result).await {
            Ok(Ok(result)) => result,
            Ok(Err(_ended)) => Err(ReadError::Stopped),
            Err(_) => Err(ReadError::Late),
        }
    }
}

async fn run<F, Asking>(mut reads: mpsc::Receiver<Waiting>, ask: F)
where
    F: Fn(Instant) -> Asking,
    Asking: Future<Output = Result<u64, ReadError>>,
{
    let mut round = Vec::new();
    while reads.recv_many(&mut round, READS_MAX).await > 0 {
        let Some(last) = round.iter().map(|read| read.deadline).max() else {
            continue;
        };
        let until = last.min(Instant::now() + ROUND_MAX);
        let result = timeout_at(until, ask(until)).await.unwrap_or(Err(ReadError::Late));
        for read in round.drain(..) {
            // A read that gave up has no use for it.
            let _ = read.answer.send(result.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn reads_that_arrive_during_a_round_share_the_next() {
        let rounds = Arc::new(AtomicU64::new(0));
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let index = {
            let (rounds, begun, go) = (rounds.clone(), begun.clone(), go.clone());
            ReadIndex::start(move |_| {
                let (rounds, begun, go) = (rounds.clone(), begun.clone(), go.clone());
                async move {
                    begun.notify_one();
                    go.notified().await;
                    Ok(rounds.fetch_add(1, Ordering::SeqCst) + 1)
                }
            })
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        let read = || {
            tokio::spawn({
                let index = index.clone();
                async move { index.next_round(deadline).await }
            })
        };
        let first = read();
        begun.notified().await;
        let (arrived, later) = (index.waiting.capacity(), [read(), read(), read()]);
        while index.waiting.capacity() > arrived - later.len() {
            tokio::task::yield_now().await;
        }
        go.notify_one();
        assert_eq!(first.await.unwrap(), Ok(1));
        go.notify_one();
        for read in later {
            assert_eq!(read.await.unwrap(), Ok(2));
        }
    }

    #[tokio::test]
    async fn a_round_that_hangs_does_not_keep_the_next_from_starting() {
        let rounds = Arc::new(AtomicU64::new(0));
        let index = ReadIndex::start({
            let rounds = rounds.clone();
            move |_| {
                let round = rounds.fetch_add(1, Ordering::SeqCst);
                async move {
                    if round == 0 {
                        std::future::pending::<()>().await;
                    }
                    Ok(round)
                }
            }
        });
        let deadline = Instant::now() + Duration::from_secs(10);
        assert_eq!(index.next_round(deadline).await, Err(ReadError::Late));
        assert_eq!(index.next_round(deadline).await, Ok(1));
    }

    #[tokio::test]
    async fn a_read_gives_up_at_its_deadline() {
        let index = ReadIndex::start(|_| std::future::pending());
        assert_eq!(index.next_round(Instant::now() + Duration::from_millis(5)).await, Err(ReadError::Late));
    }
}
