//! What goes wrong, call by call.

use std::collections::VecDeque;
use std::time::Duration;

use super::meeting::Meeting;
use crate::seed::Seed;

/// What is asked of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Create,
    Confirm,
    Cancel,
    Retrieve,
    Refund,
    ListRefunds,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is done, and never answered.
    TimeoutAfter,
    /// It is done, and answered with this status; the same key gives that status again.
    ErrorAfter(u16),
    /// It is not done, and answered with this status.
    ErrorBefore(u16),
    /// It is done after this time.
    Slow(Duration),
    /// It is done when the test lets it go on.
    MetBefore(Meeting),
    /// It is done, and answered when the test lets it go on.
    MetAfter(Meeting),
    /// A confirmation: the card is declined with this decline code.
    Decline(&'static str),
    /// A confirmation: the buyer must authenticate.
    ThreeDSecure,
}

/// The faults to come: first those of a script, then now and then one by chance.
#[derive(Default)]
pub struct Plan {
    script: VecDeque<(Operation, Fault)>,
    chance: Option<Chance>,
}

/// Faults by chance.
struct Chance {
    seed: Seed,
    per_mille: u64,
    faults: Vec<Fault>,
}

impl Plan {
    /// The next call of this kind that has no fault planned yet gets this one.
    pub fn next(&mut self, operation: Operation, fault: Fault) {
        self.script.push_back((operation, fault));
    }

    /// Of a thousand calls without a planned fault, about `per_mille` get one of `faults`. Those that are about a
    /// confirmation are left out for other calls.
    pub fn by_chance(&mut self, seed: Seed, per_mille: u64, faults: &[Fault]) {
        assert!(!faults.is_empty(), "there is a fault to choose");
        self.chance = Some(Chance { seed, per_mille, faults: faults.to_vec() });
    }

    /// From now on nothing goes wrong.
    pub fn clear(&mut self) {
        *self = Plan::default();
    }

    /// What goes wrong with a call that has just come in.
    pub(super) fn take(&mut self, operation: Operation) -> Option<Fault> {
        if let Some(place) = self.script.iter().position(|(planned, _)| *planned == operation) {
            return self.script.remove(place).map(|(_, fault)| fault);
        }
        let chance = self.chance.as_mut()?;
        if chance.seed.below(1_000) >= chance.per_mille {
            return None;
        }
        let fault = chance.faults[chance.seed.below(chance.faults.len() as u64) as usize].clone();
        let fits = operation == Operation::Confirm || !matches!(fault, Fault::Decline(_) | Fault::ThreeDSecure);
        fits.then_some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_followed_for_each_kind_of_call() {
        let mut plan = Plan::default();
        plan.next(Operation::Confirm, Fault::TimeoutAfter);
        plan.next(Operation::Create, Fault::ErrorBefore(500));
        plan.next(Operation::Confirm, Fault::ErrorAfter(502));
        assert_eq!(plan.take(Operation::Create), Some(Fault::ErrorBefore(500)));
        assert_eq!(plan.take(Operation::Create), None);
        assert_eq!(plan.take(Operation::Confirm), Some(Fault::TimeoutAfter));
        assert_eq!(plan.take(Operation::Confirm), Some(Fault::ErrorAfter(502)));
    }

    #[test]
    fn chance_strikes_about_as_often_as_it_is_told_to() {
        let mut plan = Plan::default();
        plan.by_chance(Seed::new(1), 100, &[Fault::TimeoutAfter, Fault::Decline("generic_decline")]);
        let struck = (0..10_000).filter_map(|_| plan.take(Operation::Refund)).collect::<Vec<_>>();
        assert!((300..700).contains(&struck.len()), "{}", struck.len());
        assert!(struck.iter().all(|fault| *fault == Fault::TimeoutAfter));
    }
}
