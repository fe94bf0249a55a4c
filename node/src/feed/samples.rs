//! Samples of the stock of drops that somebody watches: five a second at most, and at once when it becomes scarce.
//!
//! Counts change with every purchase. Whoever watches wants the latest, not each: so they are read when something has
//! happened to the drop, rendered once, and the newest sample takes the place of one that a reader has not taken yet.

use std::time::Duration;

use bytes::Bytes;
use livedrop_domain::DropId;
use livedrop_domain::drops::{self, Stock};
use tokio::time::Instant;

use super::frame;
use super::hub::Hub;
use crate::rest::look;

/// Between two samples of one drop.
const EVERY: Duration = Duration::from_millis(200);
/// Before a stock that could not be read is read again.
const AFTER_FAULT: Duration = Duration::from_secs(1);
/// When this few units or fewer are left of a drop or of a variant, that is told at once.
const SCARCE: [u64; 4] = [10, 5, 1, 0];

/// What was last said of the stock of one drop.
#[derive(Default)]
pub struct Sampled {
    frame: Option<Bytes>,
    /// What was available in it: of all, then of each variant.
    available: Vec<u64>,
    /// Until then no other sample is taken, unless it is scarce.
    not_before: Option<Instant>,
    /// When the next sample is to be taken: something may have changed since the last one.
    due: Option<Instant>,
}

impl Sampled {
    /// The last sample. Something may have happened since: then one is due.
    pub fn last(&self) -> Option<Bytes> {
        self.frame.clone()
    }

    /// Something has happened to the drop, or somebody has come while there is no sample.
    pub fn mark(&mut self, now: Instant) {
        let at = self.not_before.map_or(now, |at| at.max(now));
        self.due.get_or_insert(at);
    }

    /// When the next sample is to be taken, if one is.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The stock could not be read.
    pub fn put_off(&mut self, now: Instant) {
        self.not_before = Some(now + AFTER_FAULT);
        self.due = self.due.and(self.not_before);
    }

    fn has_become_scarce(&self, available: &[u64]) -> bool {
        let before = self.available.iter().chain(std::iter::repeat(&u64::MAX));
        let crossed = |(before, now): (&u64, &u64)| SCARCE.iter().any(|mark| before > mark && now <= mark);
        before.zip(available).any(crossed)
    }

    /// The frame to send for this stock, if one is to be sent now.
    pub fn take(&mut self, drop: DropId, stock: &Stock, now: Instant) -> Option<Bytes> {
        let available: Vec<u64> =
            std::iter::once(stock.available()).chain(stock.0.iter().map(|item| item.available)).collect();
        let is_due = self.due.is_some_and(|at| at <= now);
        if !is_due && !self.has_become_scarce(&available) {
            return None;
        }
        self.due = None;
        let frame = frame::stock(drop, stock);
        if self.frame.as_ref() == Some(&frame) {
            return None;
        }
        (self.available, self.not_before) = (available, Some(now + EVERY));
        self.frame = Some(frame.clone());
        Some(frame)
    }
}

impl Hub {
    /// Looks at the stock of a drop to which something has happened.
    pub(super) fn sample(&self, drop: DropId) {
        if !self.state().routes.is_watched(drop) {
            return;
        }
        let stock = match look(self.shop(), |view| drops::stock(view, drop)) {
            Ok(seen) => seen.what,
            Err(fault) => {
                tracing::error!(%fault, %drop, "the stock of a drop could not be sampled");
                let mut state = self.state();
                state.routes.mark_for_sample(drop, Instant::now());
                state.routes.put_off_sample(drop, Instant::now());
                return;
            }
        };
        let mut state = self.state();
        if let Some(frame) = state.routes.take_sample(drop, &stock, Instant::now()) {
            for subscriber in state.routes.of_drop(drop) {
                subscriber.sample(frame.clone());
            }
        }
    }

    /// Takes the samples that are due.
    pub(super) fn sample_due(&self) {
        let due = self.state().routes.due_samples(Instant::now());
        for drop in due {
            self.sample(drop);
        }
    }

    /// When the next sample is due, if any is wanted.
    pub(super) fn next_sample(&self) -> Option<Instant> {
        self.state().routes.next_sample()
    }
}

#[cfg(test)]
mod tests {
    use livedrop_domain::drops::Item;

    use super::*;

    fn stock(available: u64) -> Stock {
        Stock(vec![Item { sku: "L".into(), stock: 100, available, held: 100 - available, sold: 0 }])
    }

    /// Whether a sample is sent for each of these counts, so many milliseconds after the first.
    fn sent(counts: &[(u64, u64)]) -> Vec<bool> {
        let (mut sampled, start) = (Sampled::default(), Instant::now());
        let mut take = |(ms, available): &(u64, u64)| {
            let now = start + Duration::from_millis(*ms);
            sampled.mark(now);
            sampled.take(DropId::from_u128(1), &stock(*available), now).is_some()
        };
        counts.iter().map(&mut take).collect()
    }

    #[test]
    fn five_samples_a_second_are_enough() {
        assert_eq!(sent(&[(1, 90), (100, 80), (200, 70), (202, 60), (300, 50)]), [true, false, false, true, false]);
    }

    #[test]
    fn scarcity_is_told_at_once_and_once() {
        let counts = [(1, 90), (2, 11), (3, 9), (4, 8), (5, 5), (6, 1), (7, 0), (8, 1), (9, 0)];
        assert_eq!(sent(&counts), [true, false, true, false, true, true, true, false, false]);
    }

    #[test]
    fn whoever_comes_while_a_sample_is_due_is_given_the_last_one() {
        let (mut sampled, now) = (Sampled::default(), Instant::now());
        assert_eq!(sampled.last(), None);
        sampled.mark(now);
        let first = sampled.take(DropId::from_u128(1), &stock(90), now);
        sampled.mark(now);
        // The next look finds the same counts, and says nothing: this would have been all that a new reader gets.
        assert!(sampled.due().is_some() && sampled.last() == first && first.is_some());
        assert_eq!(sampled.take(DropId::from_u128(1), &stock(90), now + EVERY), None);
    }

    #[test]
    fn a_stock_that_cannot_be_read_is_not_read_again_at_once() {
        let (mut sampled, now) = (Sampled::default(), Instant::now());
        sampled.mark(now);
        sampled.put_off(now);
        sampled.mark(now);
        assert_eq!(sampled.due(), Some(now + AFTER_FAULT));
    }

    #[test]
    fn what_has_not_changed_is_not_said_again() {
        assert_eq!(sent(&[(1, 90), (500, 90), (900, 89)]), [true, false, true]);
    }
}
