//! Fields that are checked before anything is asked of the state machine, so that all that are wrong are named at once.

use livedrop_domain::{Currency, Money, PRICE_MAX, Timestamp};
use livedrop_proto::rest;
use livedrop_proto::rest::problem::FieldError;

use super::problem::Problem;
use super::text;

/// Collects what is wrong with a body.
#[derive(Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    /// `pointer` is a JSON pointer into the body.
    pub fn ensure(&mut self, good: bool, pointer: &str, detail: impl Into<String>) {
        if !good {
            self.0.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        }
    }

    /// Takes what was read, or notes that it could not be.
    pub fn take<T>(&mut self, read: Option<T>, pointer: &str, detail: impl Into<String>) -> Option<T> {
        self.ensure(read.is_some(), pointer, detail);
        read
    }

    pub fn length(&mut self, text: &str, bytes: std::ops::RangeInclusive<usize>, pointer: &str) {
        let detail = format!("must be {} to {} bytes", bytes.start(), bytes.end());
        self.ensure(bytes.contains(&text.len()), pointer, detail);
    }

    pub fn time(&mut self, given: Option<&str>, pointer: &str) -> Option<Timestamp> {
        given.and_then(|given| self.take(text::parse_time(given), pointer, "must be a time, as 2026-11-23T18:00:00Z"))
    }

    pub fn money(&mut self, given: &rest::Money, pointer: &str) -> Option<Money> {
        self.ensure(given.amount <= PRICE_MAX, &format!("{pointer}/amount"), format!("must be 0 to {PRICE_MAX}"));
        let currency: Option<Currency> = given.currency.parse().ok();
        let currency = self.take(currency, &format!("{pointer}/currency"), "must be three upper-case letters")?;
        Some(Money { amount: given.amount, currency })
    }

    /// Rejects when anything was wrong.
    pub fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::fields(self.0)) }
    }
}
