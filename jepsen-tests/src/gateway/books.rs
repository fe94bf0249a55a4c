//! The books: every cent that was taken and given back, in order. Nothing is ever taken out of them.

use std::time::Duration;

/// All that moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    pub movements: Vec<Movement>,
}

/// Money that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Since the double began.
    pub at: Duration,
    pub kind: Kind,
    pub intent_id: String,
    /// From the payment's metadata; empty without any.
    pub order_id: String,
    /// In minor units.
    pub amount: u64,
    /// In lower case.
    pub currency: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Charge,
    Refund,
}

impl Books {
    pub fn of_order<'a>(&'a self, order_id: &'a str) -> impl Iterator<Item = &'a Movement> {
        self.movements.iter().filter(move |movement| movement.order_id == order_id)
    }

    /// The sum of all movements of a kind.
    pub fn total(&self, kind: Kind) -> u64 {
        self.movements.iter().filter(|movement| movement.kind == kind).map(|movement| movement.amount).sum()
    }
}
