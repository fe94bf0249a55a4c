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
/// When this few units or fewer are left of a drop or of a variant, that is told at once.
const SCARCE: [u64; 4] = [10, 5, 1, 0];

/// What was last said of the stock of one drop.
#[derive(Default)]
pub struct Sampled {
    frame: Option<Bytes>,
    /// What was available in it: of all, then of each variant.
    available: Vec<u64>,
    at: Option<Instant>,
    /// Something may have changed since.
    stale: bool,
}

impl Sampled {
    /// The last sample, if it is what would be said now.
    pub fn fresh(&self) -> Option<Bytes> {
        self.frame.clone().filter(|_| !self.stale)
    }

    /// Something has happened to the drop, or somebody has come who has no sample yet.
    pub fn mark(&mut self) {
        self.stale = true;
    }

    /// When the next sample may be taken, if one is wanted.
    pub fn due(&self) -> Option<Instant> {
        self.stale.then(|| self.at.map_or_else(Instant::now, |at| at + EVERY))
    }

    fn is_due(&self, now: Instant) -> bool {
        self.stale && self.at.is_none_or(|at| at + EVERY <= now)
    }

    fn has_become_scarce(&self, available: &[u64]) -> bool {
        let before = self.available.iter().chain(std::iter::repeat(&u64::MAX));
        let crossed = |(before, now): (&u64, &u64)| SCARCE.iter().any(|mark| before > mark && now <= mark);
        before.zip(available).any(crossed)
    }

    /// The frame to send for this stock, if one is to be sent now.
    fn take(&mut self, drop: DropId, stock: &Stock, now: Instant) -> Option<Bytes> {
        let available: Vec<u64> =
            std::iter::once(stock.available()).chain(stock.0.iter().map(|item| item.available)).collect();
        if !self.is_due(now) && !self.has_become_scarce(&available) {
            return None;
        }
        self.stale = false;
        let frame = frame::stock(drop, stock);
        if self.frame.as_ref() == Some(&frame) {
            return None;
        }
        (self.available, self.at) = (available, Some(now));
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
                return;
            }
        };
        let mut state = self.state();
        let Some(sampled) = state.routes.sampled(drop) else { return };
        sampled.mark();
        if let Some(frame) = sampled.take(drop, &stock, Instant::now()) {
            for subscriber in state.routes.of_drop(drop) {
                subscriber.sample(frame.clone());
            }
        }
    }

    /// Takes the samples that are due.
    pub(super) fn sample_due(&self) {
        let now = Instant::now();
        let due: Vec<DropId> = {
            let state = self.state();
            let all = state.routes.all_sampled();
            all.filter(|(_, sampled)| sampled.is_due(now)).map(|(drop, _)| drop).collect()
        };
        for drop in due {
            self.sample(drop);
        }
    }

    /// When the next sample is due, if any is wanted.
    pub(super) fn next_sample(&self) -> Option<Instant> {
        self.state().routes.all_sampled().filter_map(|(_, sampled)| sampled.due()).min()
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
            sampled.mark();
            let now = start + Duration::from_millis(*ms);
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
    fn what_has_not_changed_is_not_said_again() {
        assert_eq!(sent(&[(1, 90), (500, 90), (900, 89)]), [true, false, true]);
    }
}
