//! Every reader of a stream was told everything that it is about, once, in order, whichever nodes it was at: held
//! against the feed as it was replayed from the state. A `reset` is allowed only where the feed did not reach back any
//! more.

use std::collections::BTreeSet;

use crate::checker::Verdict;

/// Log index and ordinal.
pub type Position = (u64, u32);

/// What one reader was told, and what it should have been.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    pub reader: String,
    /// Of all events that the stream is about, from where it began to where it ended, in the order of the feed.
    pub feed: Vec<Position>,
    /// In the order in which they came.
    pub told: Vec<Position>,
    /// Where the reader stood when it was told that it missed something, and from where on it was told again.
    pub resets: Vec<(Position, Position)>,
}

/// `oldest_index` is where the feed began at the end of the run.
pub fn check(chains: &[Chain], oldest_index: u64) -> Verdict {
    let violations = chains.iter().flat_map(|chain| chain.violations(oldest_index)).collect();
    Verdict::from_violations(violations, chains.iter().map(|chain| chain.told.len()).sum(), "events that were told")
}

impl Chain {
    fn violations(&self, oldest_index: u64) -> Vec<String> {
        let (mut violations, told) = (Vec::new(), self.told.iter().collect::<BTreeSet<_>>());
        let mut say = |what: String| violations.push(format!("{}: {what}", self.reader));
        for ((stood, began), needless) in self.resets.iter().map(|reset| (reset, reset.0.0 >= oldest_index)) {
            if needless {
                say(format!("was reset from {stood:?} to {began:?}, and the feed begins at {oldest_index}"));
            }
        }
        if told.len() < self.told.len() {
            say(format!("was told {} events twice", self.told.len() - told.len()));
        }
        if let Some(pair) = self.told.windows(2).find(|pair| pair[1] < pair[0]) {
            say(format!("was told {:?} after {:?}", pair[1], pair[0]));
        }
        let missed_by_reset = |at: &Position| self.resets.iter().any(|(stood, began)| at > stood && at <= began);
        let known: BTreeSet<_> = self.feed.iter().collect();
        if let Some(missing) = self.feed.iter().find(|at| !told.contains(at) && !missed_by_reset(at)) {
            let count = self.feed.iter().filter(|at| !told.contains(at) && !missed_by_reset(at)).count();
            say(format!("was not told {count} events, {missing:?} first"));
        }
        if let Some(foreign) = self.told.iter().find(|at| !known.contains(at)) {
            say(format!("was told {foreign:?}, which is not for it"));
        }
        violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Chain {
        let feed = vec![(7, 0), (7, 2), (9, 0), (12, 1)];
        Chain { reader: "reader 1".into(), told: feed.clone(), feed, resets: vec![] }
    }

    fn is_broken(chain: Chain, what: &str) {
        match check(&[good(), chain], 5) {
            Verdict::Broken { violations } => assert!(violations[0].contains(what), "{violations:?}"),
            other => panic!("{what} was not found: {other:?}"),
        }
    }

    #[test]
    fn readers_that_were_told_all_of_it_hold() {
        assert_eq!(check(&[good(), good()], 5), Verdict::Holds { examined: 8 });
    }

    #[test]
    fn a_gap_is_found() {
        let mut chain = good();
        chain.told.remove(1);
        is_broken(chain, "not told 1 events, (7, 2) first");
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
        is_broken(chain, "not for it");
    }

    #[test]
    fn a_reset_is_for_what_is_not_kept_any_more() {
        let reset = Chain { told: vec![(9, 0), (12, 1)], resets: vec![((3, 0), (8, 0))], ..good() };
        assert!(matches!(check(std::slice::from_ref(&reset), 5), Verdict::Holds { .. }));
        is_broken(Chain { resets: vec![((6, 0), (8, 0))], ..reset.clone() }, "was reset");
        let gap_after = Chain { told: vec![(12, 1)], ..reset };
        is_broken(gap_after, "(9, 0) first");
    }

    #[test]
    fn readers_that_were_told_nothing_prove_nothing() {
        assert!(matches!(check(&[Chain::default()], 5), Verdict::Unproven { .. }));
    }
}
