//! Where commands wait for their batch, and when a batch is large enough to go.
//!
//! A batch costs nearly the same whether it holds one command or a hundred: one round through consensus, one sync on
//! every node. Those whom the last batch answered tend to ask again at once, and one after the other; a batch that left
//! with the first of them would make the rest wait for a round of their own. So a batch waits a moment for as many as
//! came before it (as group commit in databases does, PostgreSQL's `commit_siblings`). Where few commands come, none
//! waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

/// The longest that a command waits for others although nothing is on its way.
const PATIENCE: Duration = Duration::from_millis(1);
/// Fewer than this are not worth waiting for.
const WORTH_WAITING: usize = 8;

/// Makes a queue for at most `limit` items.
pub fn queue<T>(limit: usize) -> (Queue<T>, Gatherer<T>) {
    let (sender, waiting) = mpsc::channel(limit);
    let enough = Arc::new(Enough { items: AtomicUsize::new(usize::MAX), there: Notify::new() });
    (Queue { sender, enough: enough.clone() }, Gatherer { waiting, enough, before: 1 })
}

/// How many items someone waits for.
struct Enough {
    items: AtomicUsize,
    there: Notify,
}

/// The end where items come in.
pub struct Queue<T> {
    sender: mpsc::Sender<T>,
    enough: Arc<Enough>,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue { sender: self.sender.clone(), enough: self.enough.clone() }
    }
}

impl<T> Queue<T> {
    /// Adds an item, or gives it back when there is no room.
    pub fn push(&self, item: T) -> Result<(), T> {
        self.sender.try_send(item).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(item) | mpsc::error::TrySendError::Closed(item) => item,
        })?;
        // Whoever gathers is woken once for all of them, not for each.
        if self.sender.max_capacity() - self.sender.capacity() >= self.enough.items.load(Ordering::SeqCst) {
            self.enough.there.notify_one();
        }
        Ok(())
    }
}

/// The end where batches come out.
pub struct Gatherer<T> {
    waiting: mpsc::Receiver<T>,
    enough: Arc<Enough>,
    /// How many items the last batch had.
    before: usize,
}

impl<T> Gatherer<T> {
    /// The first item of the next batch; `None` when nobody can add one any more.
    pub async fn first(&mut self) -> Option<T> {
        self.waiting.recv().await
    }

    /// Returns when as many items wait, beside the first one, as the last batch had, or after a moment.
    pub async fn wait(&mut self) {
        let wanted = self.before - 1;
        if self.before < WORTH_WAITING || self.waiting.len() >= wanted {
            return;
        }
        let patience = Instant::now() + PATIENCE;
        self.enough.items.store(wanted, Ordering::SeqCst);
        while self.waiting.len() < wanted
            && tokio::time::timeout_at(patience, self.enough.there.notified()).await.is_ok()
        {}
        self.enough.items.store(usize::MAX, Ordering::SeqCst);
    }

    /// The next item that is there.
    pub fn next(&mut self) -> Option<T> {
        self.waiting.try_recv().ok()
    }

    /// Tells how many items the batch has that leaves now.
    pub fn left_with(&mut self, items: usize) {
        self.before = items.max(1);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::poll;

    use super::*;

    fn rest_of_batch(gatherer: &mut Gatherer<u32>) -> usize {
        let items = 1 + std::iter::from_fn(|| gatherer.next()).count();
        gatherer.left_with(items);
        items
    }

    fn push(queue: &Queue<u32>, items: std::ops::Range<u32>) {
        items.for_each(|item| queue.push(item).expect("there is room"));
    }

    #[tokio::test]
    async fn who_comes_alone_does_not_wait() {
        let (queue, mut gatherer) = queue(100);
        for item in 0..5 {
            push(&queue, item..item + 1);
            assert_eq!(gatherer.first().await, Some(item));
            assert!(poll!(pin!(gatherer.wait())).is_ready());
            assert_eq!(rest_of_batch(&mut gatherer), 1);
        }
    }

    #[tokio::test]
    async fn a_batch_waits_for_as_many_as_came_before_it_and_no_longer() {
        let (queue, mut gatherer) = queue(100);
        push(&queue, 0..20);
        gatherer.first().await;
        assert_eq!(rest_of_batch(&mut gatherer), 20);

        push(&queue, 0..3);
        gatherer.first().await;
        let mut wait = Box::pin(gatherer.wait());
        assert!(poll!(&mut wait).is_pending());
        push(&queue, 3..20);
        assert!(poll!(&mut wait).is_ready());
        drop(wait);
        assert_eq!(rest_of_batch(&mut gatherer), 20);
    }

    #[tokio::test]
    async fn who_waited_in_vain_does_not_wait_the_next_time() {
        let (queue, mut gatherer) = queue(100);
        push(&queue, 0..20);
        gatherer.first().await;
        rest_of_batch(&mut gatherer);
        for waits in [true, false] {
            push(&queue, 0..3);
            gatherer.first().await;
            {
                let mut wait = pin!(gatherer.wait());
                assert_eq!(poll!(&mut wait).is_pending(), waits);
                // Nobody else comes; it ends by itself.
                if waits {
                    wait.await;
                }
            }
            assert_eq!(rest_of_batch(&mut gatherer), 3);
        }
    }

    #[tokio::test]
    async fn a_full_queue_gives_the_item_back() {
        let (queue, mut gatherer) = queue(2);
        push(&queue, 0..2);
        assert_eq!(queue.push(2), Err(2));
        drop(queue);
        assert_eq!((gatherer.first().await, gatherer.first().await, gatherer.first().await), (Some(0), Some(1), None));
    }
}
