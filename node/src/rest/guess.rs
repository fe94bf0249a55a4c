//! A password that somebody types: it may be a guess, until it turns out right.

use std::net::IpAddr;
use std::sync::Arc;

use super::Rest;
use super::code;
use super::limits::address_name;
use super::problem::Problem;
use crate::limits::{Limits, Policy, Step, Subject};

/// A password that is being checked. It counts as wrong from the begin.
pub struct Guess {
    limits: Option<Arc<Limits>>,
    account: Subject,
    address: Subject,
}

impl Rest {
    /// Has the cluster count a password for an e-mail address, whether or not an account has it, from `client`.
    ///
    /// Rejects with 429 `too_many_requests` while whoever guesses has to wait.
    pub(super) async fn guess(&self, email: &str, client: IpAddr) -> Result<Guess, Problem> {
        let account = Subject { policy: Policy::Account, name: digest(email) };
        let address = Subject { policy: Policy::Address, name: address_name(client) };
        let guess = Guess { limits: self.limits.clone(), account, address };
        let Some(limits) = &guess.limits else { return Ok(guess) };
        let mut wait_ms = limits.guess(Step::Look, address).await;
        if wait_ms == 0 {
            wait_ms = limits.guess(Step::Begin, account).await;
        }
        if wait_ms == 0 {
            return Ok(guess);
        }
        metrics::counter!("livedrop_sign_ins_held_back_total").increment(1);
        let problem =
            Problem::new(&code::TOO_MANY_REQUESTS, "The password was wrong too often. Wait before the next try.");
        Err(problem.retry_after(wait_ms.div_ceil(1_000)))
    }

    /// Forgets what was guessed at an account.
    pub(super) async fn forget_guesses(&self, email: &str) {
        if let Some(limits) = &self.limits {
            limits.guess(Step::Right, Subject { policy: Policy::Account, name: digest(email) }).await;
        }
    }
}

impl Guess {
    /// It was right: what was wrong before is forgotten.
    pub async fn right(self) {
        self.step(Step::Right, self.account).await;
    }

    /// It was wrong.
    pub async fn wrong(self) {
        self.step(Step::Wrong, self.address).await;
    }

    /// It was not checked after all.
    pub async fn dropped(self) {
        self.step(Step::Dropped, self.account).await;
    }

    async fn step(&self, step: Step, subject: Subject) {
        if let Some(limits) = &self.limits {
            let _wait_ms = limits.guess(step, subject).await;
        }
    }
}

fn digest(email: &str) -> u128 {
    let hash = blake3::hash(email.to_lowercase().as_bytes());
    u128::from_be_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"))
}
