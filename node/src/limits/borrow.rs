//! Asks the owners for leases: all that is wanted of one of them in one question, several questions under way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use livedrop_proto::limits as pb;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::MissedTickBehavior;

use super::{ANSWER, Caller, Limits, Question, Subject, subject_to_pb};

/// Leases that are asked for at once.
const BATCH: usize = 1_000;
/// Questions under way at once.
const UNDER_WAY: usize = 8;
/// How often unused leases are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What waits to be asked.
pub struct Questions(pub(super) mpsc::Receiver<Question>);

/// One part of a question to an owner.
struct Part {
    subject: Subject,
    caller: Arc<Caller>,
    want: pb::Want,
}

impl Limits {
    /// Asks, and gives back what was not used, for as long as anybody could ask.
    pub async fn borrow(self: Arc<Self>, questions: Questions) {
        let Questions(mut questions) = questions;
        let places = Arc::new(Semaphore::new(UNDER_WAY));
        let mut lent: HashMap<Subject, (u64, Arc<Caller>)> = HashMap::new();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // The place comes first: what is wanted while all questions are under way goes into the next.
            let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            let parts = tokio::select! {
                question = questions.recv() => match question {
                    Some(first) => gather(first, &mut questions, &mut lent),
                    None => return,
                },
                _ = look.tick() => self.unused(&mut lent),
            };
            let place = Arc::new(place);
            for (owner, parts) in parts {
                tokio::spawn(self.clone().put(owner, parts, place.clone()));
            }
        }
    }

    async fn put(self: Arc<Self>, owner: u64, parts: Vec<Part>, _place: Arc<OwnedSemaphorePermit>) {
        let wants = parts.iter().map(|part| part.want.clone()).collect();
        let answer = tokio::time::timeout(ANSWER, self.ask.lease(owner, pb::LeaseRequest { wants })).await;
        let answer = answer.ok().flatten().filter(|answer| answer.grants.len() == parts.len());
        let now = self.now();
        match answer {
            Some(answer) => {
                for (part, grant) in parts.iter().zip(&answer.grants) {
                    let size_max = self.lease_max(self.rate(part.subject.policy));
                    part.caller.lease().granted(grant, size_max, now);
                }
            }
            None => {
                self.owners.silent(owner, now);
                metrics::counter!("livedrop_limits_unanswered_total").increment(1);
                for part in &parts {
                    part.caller.lease().unanswered(&part.want);
                }
            }
        }
        for part in parts {
            part.caller.answered.notify_waiters();
        }
    }

    /// What goes back to each owner. Leases that are at rest are not looked at again before they are used.
    fn unused(&self, lent: &mut HashMap<Subject, (u64, Arc<Caller>)>) -> BTreeMap<u64, Vec<Part>> {
        let (now, mut back) = (self.now(), BTreeMap::<u64, Vec<Part>>::new());
        lent.retain(|subject, (owner, caller)| {
            let credit = self.credit(self.rate(subject.policy));
            let mut lease = caller.lease();
            let returned = lease.unused(credit, now);
            let at_rest = lease.is_at_rest(credit);
            if returned > 0 {
                let want = pb::Want { subject: Some(subject_to_pb(*subject)), wanted: 0, owed: 0, returned };
                let (subject, caller) = (*subject, caller.clone());
                back.entry(*owner).or_default().push(Part { subject, caller, want });
            }
            !at_rest
        });
        back
    }
}

/// All that waits, by owner.
fn gather(
    first: Question,
    questions: &mut mpsc::Receiver<Question>,
    lent: &mut HashMap<Subject, (u64, Arc<Caller>)>,
) -> BTreeMap<u64, Vec<Part>> {
    let mut parts: BTreeMap<u64, Vec<Part>> = BTreeMap::new();
    let more = std::iter::from_fn(|| questions.try_recv().ok());
    for Question { owner, subject, caller } in std::iter::once(first).chain(more).take(BATCH) {
        let want = caller.lease().want(subject_to_pb(subject));
        lent.insert(subject, (owner, caller.clone()));
        parts.entry(owner).or_default().push(Part { subject, caller, want });
    }
    parts
}
