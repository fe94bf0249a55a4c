//! How often somebody guessed wrong at a password, and how long they wait for the next try.
//!
//! A guess counts as wrong from the moment that it begins, so that a hundred at once are not a hundred free ones. Nobody
//! is locked out for good, since then anybody could lock out anybody. Whoever guesses from one address at many accounts
//! runs into the limit of the address.

use std::sync::{Mutex, PoisonError};

use livedrop_proto::limits as pb;
use quick_cache::sync::Cache;

use super::bucket::{Bucket, Rate};
use super::{ANSWER, Limits, Policy, Subject, subject_from_pb, subject_to_pb};

/// The first wait, in milliseconds.
const WAIT_MS: u64 = 4_000;
/// The longest wait, in milliseconds.
const WAIT_MS_MAX: u64 = 60_000;
/// Accounts, and addresses, that are remembered; beyond them those that guessed longest ago are forgotten.
const REMEMBERED_MAX: usize = 50_000;

pub use pb::guess_request::Step;

#[derive(Debug, Clone, Copy)]
struct Wrong {
    times: u32,
    /// In nanoseconds since this node began to count.
    next_try_at: u64,
}

/// The wrong guesses of late, by what is guessed at, whether or not it exists, and by who guesses.
pub struct Guesses {
    at: Cache<u128, Wrong>,
    from: Cache<u128, std::sync::Arc<Bucket>>,
    /// Wrong passwords in a row before the first wait.
    free: u32,
    from_rate: Rate,
    /// Held while one is counted, so that guesses made at the same moment all count. A password takes far longer.
    counting: Mutex<()>,
}

impl Guesses {
    pub fn new(free: u32, from_rate: Rate) -> Self {
        let (at, from) = (Cache::new(REMEMBERED_MAX), Cache::new(REMEMBERED_MAX));
        Guesses { at, from, free, from_rate, counting: Mutex::new(()) }
    }

    /// Counts a step and says how many milliseconds to wait before the password is checked; 0 to go ahead. `now` is in
    /// nanoseconds.
    pub fn step(&self, step: Step, subject: Subject, now: u64) -> u64 {
        let _counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        match subject.policy {
            Policy::Account => self.by_account(step, subject.name, now),
            Policy::Address => self.by_address(step, subject.name, now),
        }
    }

    fn by_account(&self, step: Step, account: u128, now: u64) -> u64 {
        let known = self.at.get(&account);
        let wait_ms = known.map_or(0, |wrong| wrong.next_try_at.saturating_sub(now).div_ceil(1_000_000));
        let times = known.map_or(0, |wrong| wrong.times);
        match step {
            Step::Begin if wait_ms == 0 => self.count(account, times.saturating_add(1), now),
            Step::Wrong => self.count(account, times.saturating_add(1), now),
            Step::Dropped => self.at.insert(account, Wrong { times: times.saturating_sub(1), next_try_at: now }),
            Step::Right => {
                self.at.remove(&account);
            }
            Step::Begin | Step::Look | Step::Unspecified => {}
        }
        wait_ms
    }

    /// After too many in a row the wait doubles up to a minute.
    fn count(&self, account: u128, times: u32, now: u64) {
        let wait_ms = times.checked_sub(self.free).map_or(0, |beyond| (WAIT_MS << beyond.min(10)).min(WAIT_MS_MAX));
        self.at.insert(account, Wrong { times, next_try_at: now + wait_ms * 1_000_000 });
    }

    fn by_address(&self, step: Step, address: u128, now: u64) -> u64 {
        let rate = self.from_rate;
        match (self.from.get(&address), step) {
            (None, Step::Wrong) => {
                self.from.insert(address, Bucket::with(rate.burst.saturating_sub(1), rate, now).into());
                0
            }
            (None, _) => 0,
            (Some(bucket), step) => {
                let wait_ns = bucket.empty_ns(rate, now);
                if step == Step::Wrong {
                    bucket.charge(1, rate, now);
                }
                wait_ns.div_ceil(1_000_000)
            }
        }
    }
}

impl Limits {
    /// Counts a step of a sign-in at the node that counts for this subject, or here when that one does not answer; says
    /// how many milliseconds to wait, 0 to go ahead.
    pub async fn guess(&self, step: Step, subject: Subject) -> u64 {
        if let Ok(Some(owner)) = self.owners.other(subject.name, self.now()) {
            let request = pb::GuessRequest { step: step.into(), subject: Some(subject_to_pb(subject)) };
            let answer = tokio::time::timeout(ANSWER, self.ask.guess(owner, request)).await;
            match answer.ok().flatten() {
                Some(answer) => return answer.wait_ms,
                None => self.owners.silent(owner, self.now()),
            }
        }
        self.guesses.step(step, subject, self.now())
    }

    /// What the node that counts answers another one.
    pub fn take_guess(&self, request: &pb::GuessRequest) -> pb::GuessResponse {
        let subject = request.subject.as_ref().and_then(subject_from_pb);
        let wait_ms = subject.map_or(0, |subject| self.guesses.step(request.step(), subject, self.now()));
        pb::GuessResponse { wait_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const ADA: Subject = Subject { policy: Policy::Account, name: 1 };
    const HOME: Subject = Subject { policy: Policy::Address, name: 1 };

    fn guesses() -> Guesses {
        Guesses::new(3, Rate { per_minute: 60, burst: 5 })
    }

    #[test]
    fn after_three_guesses_the_wait_doubles_up_to_a_minute() {
        let (guesses, mut now) = (guesses(), 0);
        let waits: Vec<_> = (0..10)
            .map(|_| {
                assert_eq!(guesses.step(Step::Begin, ADA, now), 0);
                let wait_ms = guesses.step(Step::Begin, ADA, now);
                now += wait_ms * 1_000_000;
                wait_ms
            })
            .collect();
        // The first three times two guesses went ahead before the wait.
        assert_eq!(waits[1..], [4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000, 60_000]);
        let bob = Subject { name: 2, ..ADA };
        assert_eq!(guesses.step(Step::Begin, bob, now), 0);
    }

    #[test]
    fn guesses_made_at_the_same_moment_all_count() {
        let guesses = Guesses::new(100, Rate { per_minute: 60, burst: 5 });
        let ahead = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let went = u32::from(guesses.step(Step::Begin, ADA, 0) == 0);
                        ahead.fetch_add(went, std::sync::atomic::Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(ahead.into_inner(), 100);
    }

    #[test]
    fn the_right_password_clears_the_slate_and_a_guess_that_was_not_made_does_not_count() {
        let guesses = guesses();
        (0..3).for_each(|_| assert_eq!(guesses.step(Step::Begin, ADA, 0), 0));
        guesses.step(Step::Dropped, ADA, 0);
        assert_eq!(guesses.step(Step::Begin, ADA, 0), 0);
        assert_eq!(guesses.step(Step::Look, ADA, 0), 4_000);
        guesses.step(Step::Right, ADA, 0);
        assert_eq!(guesses.step(Step::Look, ADA, 0), 0);
    }

    #[test]
    fn an_address_that_guesses_at_many_accounts_waits_too() {
        let guesses = guesses();
        (0..5).for_each(|_| assert_eq!(guesses.step(Step::Wrong, HOME, 0), 0));
        assert_eq!(guesses.step(Step::Look, HOME, 0), 1_000);
        assert_eq!(guesses.step(Step::Look, HOME, SECOND), 0);
    }
}
