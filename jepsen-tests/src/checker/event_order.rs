//! Every reader of a stream was told everything that it is about, once, in order, whichever nodes it was at: held
//! against the feed as it was replayed from the state.
//!
//! A `reset` stands for what the feed did not reach back to any more, and for nothing else. So a reader who was away
//! for longer than that has been told so, or has missed what was not told; and one who was not has got no reset.

use std::collections::BTreeSet;

use crate::checker::Verdict;

/// Log index and ordinal.
pub type Position = (u64, u32);

/// While a node looks how far its feed reaches back, the log grows by a few entries.
const MEANWHILE: u64 = 200;

/// What one reader was told, and what it should have been.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    pub reader: String,
    /// Of all events that the stream is about, from where it began to where it ended, in the order of the feed.
    pub owed: Vec<Position>,
    /// What it may have been told and may not: of a creator just when it began or ceased to follow.
    pub optional: Vec<Position>,
    /// In the order in which they came.
    pub told: Vec<Position>,
    pub resets: Vec<Reset>,
}

/// A reader was told that it missed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// The last that it had seen.
    pub stood: Position,
    /// From where on it was told again.
    pub began: Position,
    /// Where the feed began then, as the node said.
    pub oldest_index: u64,
}

/// `keep_entries` is how far the feed reaches back, in log entries, at least.
pub fn check(chains: &[Chain], keep_entries: u64) -> Verdict {
    let violations = chains.iter().flat_map(|chain| chain.violations(keep_entries)).collect();
    Verdict::from_violations(violations, chains.iter().map(|chain| chain.told.len()).sum(), "events that were told")
}

impl Chain {
    fn violations(&self, keep_entries: u64) -> Vec<String> {
        let (mut violations, told) = (Vec::new(), self.told.iter().collect::<BTreeSet<_>>());
        let mut say = |what: String| violations.push(format!("{}: {what}", self.reader));
        for Reset { stood, began, oldest_index } in &self.resets {
            if stood.0 >= *oldest_index {
                say(format!("was reset from {stood:?} to {began:?}, and the feed begins at {oldest_index}"));
            }
            if oldest_index + keep_entries > began.0 + MEANWHILE {
                say(format!("was reset at {began:?}, where the feed should reach back behind {oldest_index}"));
            }
        }
        if told.len() < self.told.len() {
            say(format!("was told {} events twice", self.told.len() - told.len()));
        }
        if let Some(pair) = self.told.windows(2).find(|pair| pair[1] < pair[0]) {
            say(format!("was told {:?} after {:?}", pair[1], pair[0]));
        }
        let missed_by_reset = |at: &Position| self.resets.iter().any(|reset| *at > reset.stood && *at <= reset.began);
        let missing = || self.owed.iter().filter(|at| !told.contains(at) && !missed_by_reset(at));
        if let Some(first) = missing().next() {
            say(format!("was not told {} events and not that it missed any, {first:?} first", missing().count()));
        }
        let known: BTreeSet<_> = self.owed.iter().chain(&self.optional).collect();
        if let Some(foreign) = self.told.iter().find(|at| !known.contains(at)) {
            say(format!("was told {foreign:?}, which is not for it"));
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: u64 = 1_000;

    fn good() -> Chain {
        let owed = vec![(7, 0), (7, 2), (9, 0), (12, 1)];
        Chain { reader: "reader 1".into(), told: owed.clone(), owed, ..Chain::default() }
    }

    /// Was away from entry 9 to entry 2,400, when the feed reached back to entry 1,000.
    fn away() -> Chain {
        let reset = Reset { stood: (9, 0), began: (2_400, 0), oldest_index: 1_000 };
        Chain {
            reader: "reader 2".into(),
            owed: vec![(9, 0), (800, 0), (2_400, 0), (2_500, 1)],
            told: vec![(9, 0), (2_500, 1)],
            resets: vec![reset],
            ..Chain::default()
        }
    }

    fn is_broken(chain: Chain, what: &str) {
        match check(&[good(), chain], KEPT) {
            Verdict::Broken { violations } => assert!(violations[0].contains(what), "{violations:?}"),
            other => panic!("{what} was not found: {other:?}"),
        }
    }

    #[test]
    fn readers_that_were_told_all_of_it_hold() {
        assert_eq!(check(&[good(), away()], KEPT), Verdict::Holds { examined: 6 });
    }

    #[test]
    fn a_gap_is_found() {
        let mut chain = good();
        chain.told.remove(1);
        is_broken(chain, "not told 1 events and not that it missed any, (7, 2) first");
    }

    #[test]
    fn a_missing_end_is_a_gap() {
        let mut chain = good();
        chain.told.pop();
        is_broken(chain, "(12, 1) first");
    }

    #[test]
    fn a_duplicate_is_found() {
        let mut chain = good();
        chain.told.insert(2, (7, 2));
        is_broken(chain, "twice");
    }

    #[test]
    fn events_in_another_order_are_found() {
        let mut chain = good();
        chain.told.swap(1, 2);
        is_broken(chain, "was told (7, 2) after (9, 0)");
    }

    #[test]
    fn what_is_not_for_the_reader_is_found() {
        let mut chain = good();
        chain.told.insert(1, (7, 1));
        is_broken(chain.clone(), "not for it");
        // While it is not clear whether it followed, it may be told and may not.
        chain.optional = vec![(7, 1), (8, 0)];
        assert!(matches!(check(&[chain], KEPT), Verdict::Holds { .. }));
    }

    #[test]
    fn a_reset_that_is_missing_is_a_gap() {
        is_broken(
            Chain { resets: vec![], ..away() },
            "was not told 2 events and not that it missed any, (800, 0) first",
        );
    }

    #[test]
    fn a_reset_of_a_reader_that_the_feed_reached_back_to_is_found() {
        let needless = |reset| Chain { resets: vec![reset], ..away() };
        let reset = away().resets[0];
        is_broken(needless(Reset { oldest_index: 5, ..reset }), "was reset from (9, 0)");
        // A feed that says that it begins later than it may is no excuse.
        is_broken(needless(Reset { oldest_index: 2_000, ..reset }), "should reach back behind 2000");
    }

    #[test]
    fn what_comes_after_a_reset_is_owed_again() {
        is_broken(Chain { told: vec![(9, 0)], ..away() }, "(2500, 1) first");
    }

    #[test]
    fn readers_that_were_told_nothing_prove_nothing() {
        assert!(matches!(check(&[Chain::default()], KEPT), Verdict::Unproven { .. }));
    }
}
