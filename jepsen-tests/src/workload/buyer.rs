//! One purchase by one buyer: ask, and until the answer is a decision ask the next node with the same key.

use std::time::{Duration, Instant};

use crate::history::Attempt;
use crate::outcome::Outcome;
use crate::wait;
use crate::workload::shop::Shop;

/// Before the same purchase is asked for again. Shorter than the server's Retry-After, so that the end of an outage is
/// seen when it comes.
const BEFORE_ASKING_AGAIN: Duration = Duration::from_millis(25);

/// What is bought, by whom, under which key.
#[derive(Debug, Clone)]
pub struct Purchase {
    pub drop_id: String,
    /// A place in [`Shop::buyers`].
    pub buyer: usize,
    pub key: String,
    pub quantity: u64,
}

impl Shop {
    /// Asks one node once, and writes it down.
    pub async fn attempt(&self, purchase: &Purchase, node: usize) -> Outcome {
        let buyer = &self.buyers[purchase.buyer];
        let invoked_ns = self.recorder.now_ns();
        let url = &self.urls[node - 1];
        let outcome = self.api.buy(url, buyer, &purchase.key, &purchase.drop_id, purchase.quantity).await;
        self.recorder.attempt(Attempt {
            drop_id: purchase.drop_id.clone(),
            account: buyer.id.clone(),
            key: purchase.key.clone(),
            quantity: purchase.quantity,
            node,
            invoked_ns,
            returned_ns: self.recorder.now_ns(),
            outcome: outcome.clone(),
        });
        outcome
    }

    /// Asks from node `first` on round the nodes until the purchase is decided or `patience` is over; the last
    /// outcome is given then.
    pub async fn buy(&self, purchase: &Purchase, first: usize, patience: Duration) -> Outcome {
        let began = Instant::now();
        let mut node = first;
        loop {
            let outcome = self.attempt(purchase, node).await;
            if outcome.is_decided() || began.elapsed() >= patience {
                return outcome;
            }
            node = node % self.urls.len() + 1;
            wait::pause(BEFORE_ASKING_AGAIN).await;
        }
    }
}
