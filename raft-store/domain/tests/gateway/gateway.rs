//! A payment gateway as it promises to be: it charges an intent once, cancels none that is charged, and pays back once
//! for one key. It need not know a key of a creation again: intents that nobody confirms charge nothing.

use std::collections::BTreeMap;

use livedrop_domain::OrderId;
use livedrop_domain::payments::{Outcome, RefundOutcome};

/// What becomes of the money when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    Approves,
    Declines,
    WantsTheBuyer,
    TakesItsTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    NotConfirmed,
    Declined,
    WantsTheBuyer,
    Processing,
    Succeeded,
    Canceled,
}

#[derive(Debug)]
struct Intent {
    order: OrderId,
    amount: u64,
    state: State,
}

/// What names a refund: its order, its number, and the attempt.
pub type RefundKey = (OrderId, u32, u32);

#[derive(Debug, Default)]
pub struct Gateway {
    intents: Vec<Intent>,
    /// Each key with whether it was paid back, and how much it was for.
    refunds: BTreeMap<RefundKey, (bool, u64)>,
    charges: Vec<OrderId>,
}

impl Gateway {
    pub fn create(&mut self, order: OrderId, amount: u64, card: Card) -> Outcome {
        if card == Card::Declines {
            return Outcome::Refused { code: "no_such_method".into() };
        }
        self.intents.push(Intent { order, amount, state: State::NotConfirmed });
        Outcome::Created { intent_id: format!("pi_{}", self.intents.len() - 1) }
    }

    pub fn confirm(&mut self, id: &str, card: Card) -> Outcome {
        let intent = &mut self.intents[index(id)];
        if matches!(intent.state, State::NotConfirmed | State::Declined) {
            intent.state = match card {
                Card::Approves => State::Succeeded,
                Card::Declines => State::Declined,
                Card::WantsTheBuyer => State::WantsTheBuyer,
                Card::TakesItsTime => State::Processing,
            };
            if intent.state == State::Succeeded {
                self.charges.push(intent.order);
            }
        }
        self.get(id)
    }

    pub fn cancel(&mut self, id: &str) -> Outcome {
        let intent = &mut self.intents[index(id)];
        if !matches!(intent.state, State::Processing | State::Succeeded) {
            intent.state = State::Canceled;
        }
        self.get(id)
    }

    pub fn get(&self, id: &str) -> Outcome {
        match self.intents[index(id)].state {
            State::NotConfirmed => Outcome::NotConfirmed,
            State::Declined => Outcome::Declined { code: "card_declined".into() },
            State::WantsTheBuyer => Outcome::ActionRequired { url: format!("https://example.com/{id}") },
            State::Processing => Outcome::Processing,
            State::Succeeded => Outcome::Succeeded,
            State::Canceled => Outcome::Canceled,
        }
    }

    pub fn refund(&mut self, key: RefundKey, amount: u64, card: Card) -> RefundOutcome {
        match self.refunds.entry(key).or_insert((card != Card::Declines, amount)).0 {
            true => RefundOutcome::Done { refund_id: format!("re_{}_{}", key.1, key.2) },
            false => RefundOutcome::Failed { code: "card_expired".into() },
        }
    }

    /// Buyers come back, and what took its time is known.
    pub fn settle(&mut self, good: bool) {
        for intent in &mut self.intents {
            if matches!(intent.state, State::WantsTheBuyer | State::Processing) {
                intent.state = if good { State::Succeeded } else { State::Declined };
                self.charges.extend(good.then_some(intent.order));
            }
        }
    }

    pub fn charges(&self, order: OrderId) -> usize {
        self.charges.iter().filter(|charged| **charged == order).count()
    }

    pub fn charged(&self, order: OrderId) -> u64 {
        let succeeded = self.intents.iter().filter(|it| it.order == order && it.state == State::Succeeded);
        succeeded.map(|intent| intent.amount).sum()
    }

    pub fn refunded(&self, order: OrderId) -> u64 {
        let done = self.refunds.iter().filter(|((of, ..), (done, _))| *of == order && *done);
        done.map(|(_, (_, amount))| amount).sum()
    }
}

fn index(id: &str) -> usize {
    id.strip_prefix("pi_").and_then(|number| number.parse().ok()).expect("a name that this gateway gave")
}
