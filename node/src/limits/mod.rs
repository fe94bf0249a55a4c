//! How often each caller asks, counted for the whole cluster.
//!
//! Each caller's bucket is kept by one node, which a hash names ([`owners`]). The others let requests through on a
//! [`lease`] that they take from it ahead of need, so that a request nearly never waits for another node:
//!
//! ```text
//!  request ──► owner here? ──yes──► bucket ─────────────────────────► yes | no
//!                   └──no──► lease ──has some──────────────────────► yes
//!                              │ └──has none──► waits for the answer ─► yes | no
//!                              └─ little left ─► borrow ══ Lease ══► owner's bucket
//! ```
//!
//! What may be let through beyond the bucket is the credit of a lease, a twentieth of the bucket for all nodes together,
//! and it is paid back. An owner that does not answer leaves each node with its own share. Wrong passwords are counted
//! by the same owners ([`guesses`]). Nothing here knows HTTP.

mod borrow;
mod bucket;
mod guesses;
mod lease;
mod owners;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use livedrop_proto::limits as pb;
use quick_cache::sync::Cache;
use tokio::sync::{Notify, mpsc};

pub use borrow::Questions;
pub use bucket::Rate;
pub use guesses::Step;

use bucket::Bucket;
use guesses::Guesses;
use lease::{Lease, Said};
use owners::{Owners, Silent};

use crate::raft::Lend;

/// Callers that are remembered; beyond them those that have not asked for longest are forgotten.
const CALLERS_MAX: usize = 100_000;
/// Questions that may wait to be asked.
const QUESTIONS_MAX: usize = 10_000;
/// How long an owner may take to answer. Then a node goes by its own share.
const ANSWER: Duration = Duration::from_millis(100);
/// All leases together give at most this part of a bucket on credit.
const CREDIT_PARTS: u32 = 20;
/// When a node begins to count, in nanoseconds: there are times before.
const BEGAN_NS: u64 = 86_400_000_000_000;

/// What a caller is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    Account,
    Address,
}

/// One caller under one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subject {
    pub policy: Policy,
    pub name: u128,
}

/// How often callers may ask, and how often they may be wrong.
#[derive(Debug, Clone)]
pub struct Options {
    pub account: Rate,
    pub address: Rate,
    /// Wrong passwords in a row for one account that cost no wait.
    pub wrong_free: u32,
    /// Wrong passwords from one address.
    pub wrong_from_address: Rate,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How long until the next request, in nanoseconds; `None` when this one may go ahead.
    pub wait_ns: Option<u64>,
    /// Requests left in the bucket, as far as is known here.
    pub left: u32,
}

/// Asks other nodes.
pub trait Ask: Send + Sync + 'static {
    fn lease(&self, node: u64, request: pb::LeaseRequest) -> BoxFuture<'_, Option<pb::LeaseResponse>>;

    fn guess(&self, node: u64, request: pb::GuessRequest) -> BoxFuture<'_, Option<pb::GuessResponse>>;
}

/// What this node counts: the buckets that it keeps, and its leases of the others.
pub struct Limits {
    options: Options,
    owners: Owners,
    callers: Cache<Subject, Arc<Caller>>,
    guesses: Guesses,
    began: Instant,
    #[cfg(test)]
    skipped_ns: std::sync::atomic::AtomicU64,
    questions: mpsc::Sender<Question>,
    ask: Arc<dyn Ask>,
}

struct Caller {
    /// The whole, where this node is the owner; the share of this node, when the owner is silent.
    bucket: Bucket,
    lease: Mutex<Lease>,
    answered: Notify,
}

impl Caller {
    fn lease(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lease that needs more.
struct Question {
    owner: u64,
    subject: Subject,
    caller: Arc<Caller>,
}

impl Limits {
    /// What the second part is given to [`Limits::borrow`], which asks.
    pub fn new(own: u64, options: Options, ask: Arc<dyn Ask>) -> (Arc<Self>, Questions) {
        let (questions, waiting) = mpsc::channel(QUESTIONS_MAX);
        let limits = Limits {
            guesses: Guesses::new(options.wrong_free, options.wrong_from_address),
            owners: Owners::new(own, BEGAN_NS),
            callers: Cache::new(CALLERS_MAX),
            began: Instant::now(),
            #[cfg(test)]
            skipped_ns: Default::default(),
            options,
            questions,
            ask,
        };
        (Arc::new(limits), Questions(waiting))
    }

    pub fn rate(&self, policy: Policy) -> Rate {
        match policy {
            Policy::Account => self.options.account,
            Policy::Address => self.options.address,
        }
    }

    /// Takes note of which others that lend answer, out of how many, and whether this node lends.
    pub fn set_owners(&self, members: usize, answering: impl IntoIterator<Item = u64>, owns: bool) {
        self.owners.set(members, answering, owns, self.now());
    }

    /// Counts one request. Waits for another node only when the lease of this one is used up.
    pub async fn check(&self, subject: Subject) -> Verdict {
        let (now, rate) = (self.now(), self.rate(subject.policy));
        let caller = self.caller(subject, rate, now);
        match self.owners.other(subject.name, now) {
            Ok(None) => by_bucket(&caller.bucket, rate, now),
            Ok(Some(owner)) => match self.by_lease(owner, subject, &caller, now) {
                Some(verdict) => verdict,
                None => self.after_answer(owner, subject, &caller, rate).await,
            },
            Err(Silent) => self.by_share(&caller, rate, now),
        }
    }

    /// What the owner of a bucket answers to the leases of another node.
    pub fn lend(&self, request: pb::LeaseRequest) -> pb::LeaseResponse {
        let now = self.now();
        pb::LeaseResponse { grants: request.wants.into_iter().map(|want| self.grant(want, now)).collect() }
    }

    fn grant(&self, want: pb::Want, now: u64) -> pb::Grant {
        // A policy that this version does not know is not limited by it.
        let Some(subject) = want.subject.as_ref().and_then(subject_from_pb) else {
            return pb::Grant { granted: want.wanted, ..pb::Grant::default() };
        };
        let rate = self.rate(subject.policy);
        let bucket = &self.caller(subject, rate, now).bucket;
        bucket.charge(want.owed, rate, now);
        bucket.give_back(want.returned, rate);
        // What is lent to one node cannot be used at the others.
        let part = (bucket.left(rate, now) / self.owners.members()).max(1);
        let granted = bucket.take(want.wanted.min(part), rate, now);
        let empty_ms = if granted == 0 { bucket.empty_ns(rate, now).div_ceil(1_000_000) } else { 0 };
        pb::Grant { granted, left: bucket.left(rate, now), empty_ms: u32::try_from(empty_ms).unwrap_or(u32::MAX) }
    }

    fn by_lease(&self, owner: u64, subject: Subject, caller: &Arc<Caller>, now: u64) -> Option<Verdict> {
        let (said, ask) = {
            let mut lease = caller.lease();
            (lease.take(now), lease.wants(now))
        };
        if ask {
            let question = Question { owner, subject, caller: caller.clone() };
            if self.questions.try_send(question).is_err() {
                caller.lease().not_asked();
            }
        }
        match said {
            Said::Yes { left } => Some(Verdict { wait_ns: None, left }),
            Said::No { until } => Some(Verdict { wait_ns: Some(until - now), left: 0 }),
            Said::Wait => None,
        }
    }

    /// Asks until the lease says yes or no, or the owner stays silent.
    async fn after_answer(&self, owner: u64, subject: Subject, caller: &Arc<Caller>, rate: Rate) -> Verdict {
        let give_up_at = tokio::time::Instant::now() + ANSWER;
        loop {
            // Made before the lease is looked at, so that an answer in between is not missed.
            let answered = caller.answered.notified();
            if let Some(verdict) = self.by_lease(owner, subject, caller, self.now()) {
                return verdict;
            }
            let late = tokio::time::timeout_at(give_up_at, answered).await.is_err();
            if late || self.owners.other(subject.name, self.now()).is_err() {
                return self.by_share(caller, rate, self.now());
            }
        }
    }

    fn by_share(&self, caller: &Caller, rate: Rate, now: u64) -> Verdict {
        by_bucket(&caller.bucket, rate.shared_by(self.owners.members()), now)
    }

    fn caller(&self, subject: Subject, rate: Rate, now: u64) -> Arc<Caller> {
        if let Some(caller) = self.callers.get(&subject) {
            return caller;
        }
        // Where owners have changed, the caller may have used up a bucket that is not here: it is given a share at first.
        let moved = self.owners.changed_within(rate.full_ns(), now);
        let full = if moved { rate.shared_by(self.owners.members()).burst } else { rate.burst };
        let fresh = || {
            let (bucket, lease) = (Bucket::with(full, rate, now), Mutex::new(Lease::on_credit(self.credit(rate))));
            Ok::<_, std::convert::Infallible>(Arc::new(Caller { bucket, lease, answered: Notify::new() }))
        };
        let Ok(caller) = self.callers.get_or_insert_with(&subject, fresh);
        caller
    }

    /// What a node lets through before the owner knows.
    fn credit(&self, rate: Rate) -> u32 {
        rate.burst / CREDIT_PARTS / self.owners.members().saturating_sub(1).max(1)
    }

    /// The most that a lease asks for at once.
    fn lease_max(&self, rate: Rate) -> u32 {
        (rate.burst / 4 / self.owners.members()).max(1)
    }

    /// Nanoseconds since a day before this node began to count.
    fn now(&self) -> u64 {
        let now = BEGAN_NS + u64::try_from(self.began.elapsed().as_nanos()).expect("584 years have not passed");
        #[cfg(test)]
        let now = now + self.skipped_ns.load(std::sync::atomic::Ordering::Relaxed);
        now
    }

    /// Lets time pass.
    #[cfg(test)]
    pub fn pass(&self, ms: u64) {
        self.skipped_ns.fetch_add(ms * 1_000_000, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Lend for Limits {
    fn lend(&self, request: pb::LeaseRequest) -> pb::LeaseResponse {
        Limits::lend(self, request)
    }

    fn take_guess(&self, request: &pb::GuessRequest) -> pb::GuessResponse {
        Limits::take_guess(self, request)
    }
}

fn by_bucket(bucket: &Bucket, rate: Rate, now: u64) -> Verdict {
    match bucket.take(1, rate, now) {
        0 => Verdict { wait_ns: Some(bucket.empty_ns(rate, now)), left: 0 },
        _ => Verdict { wait_ns: None, left: bucket.left(rate, now) },
    }
}

fn subject_to_pb(subject: Subject) -> pb::Subject {
    let policy = match subject.policy {
        Policy::Account => 1,
        Policy::Address => 2,
    };
    pb::Subject { policy, name: Bytes::copy_from_slice(&subject.name.to_be_bytes()) }
}

fn subject_from_pb(subject: &pb::Subject) -> Option<Subject> {
    let policy = match subject.policy {
        1 => Policy::Account,
        2 => Policy::Address,
        _ => return None,
    };
    Some(Subject { policy, name: u128::from_be_bytes(subject.name[..].try_into().ok()?) })
}
