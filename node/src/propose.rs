//! THE write path: gather commands, propose them here or forward them to the leader, answer each.
//!
//! Commands that arrive while a batch is on its way are gathered into the next one (gather.rs): nothing waits while the
//! node is idle, and the busier it is the more commands share one log entry, one sync and one round to the other nodes.
//!
//! One retry policy, for a batch as a whole, until its deadline:
//! - it was certainly not proposed (no leader, or the leader has changed): wait for a leader and try again;
//! - it may have been proposed: commands with an idempotency key try again, since the state machine answers a key
//!   once; the others are answered [`Unanswered::Unknown`].
//!
//! ```text
//!  propose ─┐                   ┌─ leader here ──► one raft entry ──► outcomes
//!           ├─► queue ─► batch ─┤
//! forwarded ┘                   └─ leader there ─► forward stream ──► outcomes      (never forwarded twice)
//! ```

mod depth;
mod gather;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::{Outcome, Request, codec};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use self::depth::{Depth, Pace};
use self::gather::{Gatherer, Queue};
use self::tell::{Ending, Teller, Trip};
use crate::clock;
use crate::disk::Disk;
use crate::raft::{Consensus, ForwardOutcome, Forwarded, Forwarder, ProposeForwarded, Refusal};
use crate::telemetry::{Place, Telemetry};

/// Why a command has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// It was not done and will not be: no leader with a quorum was found in time.
    #[error("no quorum of nodes could be reached; nothing was done")]
    NoQuorum,
    /// It was not done and will not be: too much waits already.
    #[error("too many requests wait already; nothing was done")]
    Overloaded,
    /// It was not done and will not be: a majority of the nodes has no room on its disk.
    #[error("too many nodes have no room on their disks; nothing was done")]
    DiskFull,
    /// It may have been done, or still be. Asking again with the same idempotency key settles it.
    #[error("the outcome is not known")]
    Unknown,
}

/// Bounds of the write path.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// The most commands of one log entry.
    pub batch_commands: usize,
    /// The most bytes of one log entry, not counting the last command.
    pub batch_bytes: usize,
    /// The most commands that wait for a batch; more are refused.
    pub queue_commands: usize,
    /// The longest that a command may have to wait for a batch, by how fast they leave; what comes then is refused.
    pub queue_wait: Duration,
    /// The most batches on their way at once.
    pub in_flight: usize,
    /// How long a command may take from here to its answer.
    pub deadline: Duration,
}

/// The door to the write path.
#[derive(Clone)]
pub struct Proposer {
    queue: Queue<Item>,
    depth: Depth,
    deadline: Duration,
    disk: Arc<Disk>,
}

/// Something that waits for its place in a log entry.
struct Item {
    requests: Vec<Bytes>,
    /// The state machine answers it once, however often it is proposed.
    repeatable: bool,
    /// An earlier try may have put it in the log.
    maybe_proposed: bool,
    came: Instant,
    deadline: Instant,
    to: AnswerTo,
    /// Of those that are traced: which request, and the span of its time here.
    traced: Vec<(usize, Place)>,
}

enum AnswerTo {
    Caller(oneshot::Sender<Result<Outcome, Unanswered>>),
    /// Another node, by its id.
    Node(u64, oneshot::Sender<ForwardOutcome>),
}

impl Proposer {
    /// Starts the task that makes batches, on the calling runtime; it ends with the last proposer. `callers` is the
    /// runtime of those who propose: they are answered there, all of a batch at once.
    pub fn start(consensus: Consensus, bounds: Bounds, callers: Handle, telemetry: Telemetry) -> Self {
        let (queue, gatherer) = gather::queue(bounds.queue_commands);
        let (deadline, depth) = (bounds.deadline, Depth::new(bounds.queue_wait, bounds.batch_commands));
        let (forwarder, disk) = (consensus.forwarder(), consensus.disk().clone());
        let teller = Teller::new(consensus.clone(), telemetry);
        let (road, pace) = (Arc::new(Road { consensus, forwarder, callers, teller }), Pace::new(depth.clone()));
        tokio::spawn(make_batches(road, gatherer, pace, bounds));
        Proposer { queue, depth, deadline, disk }
    }

    /// Puts a command in the log and gives its outcome, within the deadline.
    ///
    /// Errors, in this order: `DiskFull`, `Overloaded`, then `NoQuorum` or `Unknown`.
    pub async fn propose(&self, request: Request) -> Result<Outcome, Unanswered> {
        self.propose_traced(request, None).await
    }

    /// As [`propose`](Proposer::propose); the span `within` waits for it, when the request is traced.
    pub async fn propose_traced(&self, request: Request, within: Option<Place>) -> Result<Outcome, Unanswered> {
        if self.disk.refuses() {
            return Err(Unanswered::DiskFull);
        }
        let (answer, outcome) = oneshot::channel();
        let came = Instant::now();
        let item = Item {
            repeatable: request.idempotency.is_some(),
            maybe_proposed: false,
            requests: vec![codec::encode(&request).into()],
            came,
            deadline: came + self.deadline,
            to: AnswerTo::Caller(answer),
            traced: within.map(|within| (0, within.inside())).into_iter().collect(),
        };
        self.enqueue(item).map_err(|_| Unanswered::Overloaded)?;
        outcome.await.unwrap_or(Err(Unanswered::Unknown))
    }

    /// Adds an item, or gives it back when it would wait too long or there is no room.
    fn enqueue(&self, item: Item) -> Result<(), Item> {
        let commands = item.requests.len();
        if !self.depth.come(commands) {
            return Err(item);
        }
        self.queue.push(item).inspect_err(|_| self.depth.turned_away(commands))
    }
}

/// What another node gathered and sent here, since this node leads.
#[tonic::async_trait]
impl ProposeForwarded for Proposer {
    async fn propose_forwarded(&self, batch: Forwarded) -> ForwardOutcome {
        let Forwarded { from, requests, traced, deadline } = batch;
        let (answer, outcome) = oneshot::channel();
        let to = AnswerTo::Node(from, answer);
        let traced = traced.into_iter().map(|(request, within)| (request, within.inside())).collect();
        let came = Instant::now();
        let item = Item { requests, repeatable: false, maybe_proposed: false, came, deadline, to, traced };
        if self.enqueue(item).is_err() {
            return ForwardOutcome::Refused(Refusal::Overloaded);
        }
        outcome.await.unwrap_or(ForwardOutcome::Unknown)
    }
}

async fn make_batches(road: Arc<Road>, mut gatherer: Gatherer<Item>, mut pace: Pace, bounds: Bounds) {
    let flights = Arc::new(Semaphore::new(bounds.in_flight));
    let mut held_over = None;
    loop {
        // The permit comes first: what arrives while all batches are on their way is gathered into the next.
        let permit = flights.clone().acquire_owned().await.expect("the semaphore is never closed");
        let Some(first) = (match held_over.take() {
            Some(item) => Some(item),
            None => gatherer.first().await,
        }) else {
            return;
        };
        gatherer.wait().await;
        let (mut commands, mut bytes) = size(&first);
        let mut items = vec![first];
        while commands < bounds.batch_commands && bytes < bounds.batch_bytes {
            let Some(item) = gatherer.next() else { break };
            let (more_commands, more_bytes) = size(&item);
            if commands + more_commands > bounds.batch_commands {
                held_over = Some(item);
                break;
            }
            (commands, bytes) = (commands + more_commands, bytes + more_bytes);
            items.push(item);
        }
        gatherer.left_with(items.len());
        pace.left(commands, Instant::now());
        let road = road.clone();
        tokio::spawn(async move {
            road.travel(items).await;
            drop(permit);
        });
    }
}

fn size(item: &Item) -> (usize, usize) {
    (item.requests.len(), item.requests.iter().map(Bytes::len).sum())
}

/// The way to the log, wherever its leader is.
struct Road {
    consensus: Consensus,
    forwarder: Forwarder,
    callers: Handle,
    teller: Teller,
}

/// What one try came to.
enum Try {
    Answered(Vec<Outcome>),
    /// It certainly was not proposed.
    NotProposed,
    /// It certainly was not proposed, since more waits at the leader than it can do.
    Overloaded,
    Unknown,
}

impl Road {
    /// Brings a batch to the log and answers all of it.
    async fn travel(&self, mut items: Vec<Item>) {
        let mut leadership = self.consensus.leadership();
        let mut trip = self.teller.begin(&items);
        while !items.is_empty() {
            let deadline = items.iter().map(|item| item.deadline).min().expect("there are items");
            if deadline <= Instant::now() {
                let (late, in_time) = items.into_iter().partition(|item| item.deadline <= Instant::now());
                self.refuse(late, Refusal::NoQuorum, &mut trip);
                items = in_time;
                continue;
            }
            let seen = leadership.borrow_and_update().clone();
            let tried = match seen.leader {
                Some(_) if seen.is_leader && seen.has_quorum => self.propose_here(&items, deadline, &mut trip).await,
                Some(leader) if !seen.is_leader => {
                    // One hop is enough: who sent these looks for the leader again.
                    let (sent_here, own): (Vec<_>, Vec<_>) =
                        items.into_iter().partition(|item| matches!(item.to, AnswerTo::Node(..)));
                    self.refuse(sent_here, Refusal::NotLeader { leader: Some(leader) }, &mut trip);
                    items = own;
                    if items.is_empty() {
                        return;
                    }
                    self.forward(leader, &items, deadline, &mut trip).await
                }
                _ => Try::NotProposed,
            };
            match tried {
                Try::Answered(outcomes) => return self.answer(items, outcomes, &mut trip),
                Try::NotProposed => {
                    let pause = Instant::now() + Duration::from_millis(20);
                    // Whichever comes first: a new leader, a moment, the end.
                    let _ = tokio::time::timeout_at(pause.min(deadline), leadership.changed()).await;
                }
                Try::Overloaded => return self.refuse(items, Refusal::Overloaded, &mut trip),
                Try::Unknown => items = self.give_up_on_unrepeatable(items, &mut trip),
            }
        }
    }

    async fn propose_here(&self, items: &[Item], deadline: Instant, trip: &mut Trip) -> Try {
        trip.begins_here();
        let mut batch = BatchBuilder::new();
        for request in items.iter().flat_map(|item| &item.requests) {
            batch.push(request);
        }
        let proposal = self.consensus.propose(batch.finish(clock::now()).into());
        match tokio::time::timeout_at(deadline, proposal).await {
            Ok(Ok(outcomes)) => Try::Answered(outcomes),
            Ok(Err(error)) if error.certainly_not_proposed() => Try::NotProposed,
            Ok(Err(_)) | Err(_) => Try::Unknown,
        }
    }

    /// Answers a batch, each item with as many outcomes as it has requests.
    fn answer(&self, items: Vec<Item>, outcomes: Vec<Outcome>, trip: &mut Trip) {
        self.teller.answered(&items, &outcomes, trip);
        let mut outcomes = outcomes.into_iter();
        let mut callers = Vec::with_capacity(items.len());
        for item in items {
            match item.to {
                AnswerTo::Caller(to) => callers.push((to, outcomes.next())),
                AnswerTo::Node(_, to) => {
                    let these = outcomes.by_ref().take(item.requests.len()).collect();
                    let _gone = to.send(ForwardOutcome::Answered(these));
                }
            }
        }
        if callers.is_empty() {
            return;
        }
        // Callers who are woken from one of their own threads cost no signal to another one each.
        self.callers.spawn(async move {
            for (to, outcome) in callers {
                let _gone = to.send(outcome.ok_or(Unanswered::Unknown));
            }
        });
    }

    async fn forward(&self, leader: u64, items: &[Item], deadline: Instant, trip: &mut Trip) -> Try {
        let requests = items.iter().flat_map(|item| item.requests.iter().cloned()).collect();
        let traced = trip.begins_to(leader, items);
        let outcome = self.forwarder.forward_traced(requests, traced, deadline).await;
        self.teller.forwarded(items, trip);
        match outcome {
            ForwardOutcome::Answered(outcomes) => Try::Answered(outcomes),
            ForwardOutcome::Refused(Refusal::Overloaded) => Try::Overloaded,
            ForwardOutcome::Refused(_) => Try::NotProposed,
            ForwardOutcome::Unknown => Try::Unknown,
        }
    }

    /// Answers items that were not proposed this time. When the leader has no room for them, asking it again and again
    /// would make that worse.
    fn refuse(&self, items: Vec<Item>, refusal: Refusal, trip: &mut Trip) {
        let overloaded = refusal == Refusal::Overloaded;
        for item in items {
            // Its first try may yet be decided.
            let ending = if item.maybe_proposed { Ending::Unknown } else { Ending::Refused(refusal) };
            self.teller.ended(&item, &ending, trip);
            match item.to {
                AnswerTo::Caller(to) => {
                    let _gone = to.send(Err(match (item.maybe_proposed, overloaded) {
                        (true, _) => Unanswered::Unknown,
                        (false, true) => Unanswered::Overloaded,
                        (false, false) => Unanswered::NoQuorum,
                    }));
                }
                AnswerTo::Node(_, to) => {
                    let _gone = to.send(ForwardOutcome::Refused(refusal));
                }
            }
        }
    }

    /// What may have been proposed and has no key to ask by is answered as unknown; the rest is returned for another
    /// try.
    fn give_up_on_unrepeatable(&self, items: Vec<Item>, trip: &mut Trip) -> Vec<Item> {
        let mut repeatable = Vec::new();
        for item in items {
            if matches!(item.to, AnswerTo::Caller(_)) && item.repeatable {
                repeatable.push(Item { maybe_proposed: true, ..item });
                continue;
            }
            self.teller.ended(&item, &Ending::Unknown, trip);
            match item.to {
                AnswerTo::Caller(to) => {
                    let _gone = to.send(Err(Unanswered::Unknown));
                }
                AnswerTo::Node(_, to) => {
                    let _gone = to.send(ForwardOutcome::Unknown);
                }
            }
        }
        repeatable
    }
}
