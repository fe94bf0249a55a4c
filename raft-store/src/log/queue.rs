//! The one way to the log's disk: first in, first out, for votes, entries, truncation, purge and commit position.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use openraft::storage::IOFlushed;
use tokio::sync::oneshot;

use super::memory::Memory;
use crate::StoreError;
use crate::types::{Entry, LogId, TypeConfig, Vote};

/// How long a commit position may wait for something that is worth a write.
const LAZY: Duration = Duration::from_millis(250);

pub(super) type Done = oneshot::Sender<Result<(), StoreError>>;

pub(super) enum Operation {
    Vote(Vote, Done),
    Append(Vec<Entry>, IOFlushed<TypeConfig>),
    /// Deletes the entries from this index on.
    Truncate(u64, Done),
    /// Deletes the entries up to this one, some time.
    Purge(LogId),
    Committed(Option<LogId>),
}

impl Operation {
    /// Whether someone waits for it. A commit position saves work after a crash, no more.
    fn is_urgent(&self) -> bool {
        !matches!(self, Operation::Committed(_))
    }
}

/// The log as readers see it, and what is on its way to the disk: behind one lock, so both have the same order.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
pub(super) struct Waiting {
    pub memory: Memory,
    operations: Vec<Operation>,
    urgent: bool,
    closed: bool,
    /// The number of the next operation; the first is 1.
    next: u64,
}

impl Waiting {
    /// The number that the next operation will have.
    pub(super) fn next_write(&self) -> u64 {
        self.next + 1
    }
}

/// Operations that are written together.
pub(super) struct Group {
    pub operations: Vec<Operation>,
    /// The number of its last operation.
    pub last: u64,
    /// Whether anyone waits for it.
    pub urgent: bool,
}

impl Queue {
    pub(super) fn new(memory: Memory) -> Self {
        let waiting = Waiting { memory, ..Waiting::default() };
        Queue { state: Mutex::new(waiting), arrived: Condvar::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().expect("nothing panics while it holds the lock of the log")
    }

    /// Puts an operation at the end. `waiting` is the lock under which the memory was changed to match it.
    pub(super) fn push(&self, mut waiting: MutexGuard<'_, Waiting>, operation: Operation) {
        waiting.next += 1;
        // Only the newest commit position is worth anything, and nothing came between the two.
        if let (Operation::Committed(new), Some(Operation::Committed(old))) =
            (&operation, waiting.operations.last_mut())
        {
            *old = *new;
            return;
        }
        let wake = operation.is_urgent() && !waiting.urgent || waiting.operations.is_empty();
        waiting.urgent |= operation.is_urgent();
        waiting.operations.push(operation);
        drop(waiting);
        if wake {
            self.arrived.notify_one();
        }
    }

    /// Waits for operations and takes all of them; `None` once the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Group> {
        let mut waiting = self.lock();
        while !waiting.urgent && !waiting.closed {
            const SANE: &str = "nothing panics while it holds the lock of the log";
            if waiting.operations.is_empty() {
                waiting = self.arrived.wait(waiting).expect(SANE);
                continue;
            }
            let (again, waited) = self.arrived.wait_timeout(waiting, LAZY).expect(SANE);
            waiting = again;
            if waited.timed_out() {
                break;
            }
        }
        if waiting.operations.is_empty() {
            return None;
        }
        let operations = std::mem::take(&mut waiting.operations);
        Some(Group { operations, last: waiting.next, urgent: std::mem::take(&mut waiting.urgent) })
    }

    /// Lets the writer end when it has written what is there.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }
}
