//! The newest entries, as many as fit into so many bytes: streams that come back soon go on from here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Position;
use super::entry::Entry;

pub struct Ring {
    entries: VecDeque<Arc<Entry>>,
    /// Every entry with events that has a greater index is here, up to the newest.
    reaches: u64,
    bytes_max: usize,
    held_bytes: Arc<AtomicUsize>,
}

impl Ring {
    /// Holds what happens after the entry at `reaches`.
    pub fn new(reaches: u64, bytes_max: usize) -> Self {
        Ring { entries: VecDeque::new(), reaches, bytes_max, held_bytes: Arc::default() }
    }

    /// Forgets everything, and holds what happens after the entry at `reaches`. What readers still have of the old
    /// entries goes on being counted.
    pub fn begin_anew(&mut self, reaches: u64) {
        (self.entries, self.reaches) = (VecDeque::new(), reaches);
    }

    /// What its entries take is counted here.
    pub fn held_bytes(&self) -> Arc<AtomicUsize> {
        self.held_bytes.clone()
    }

    /// Adds the next entry. The oldest ones make room for it; the newest stays, however large it is.
    pub fn push(&mut self, entry: Arc<Entry>) {
        self.entries.push_back(entry);
        while self.held_bytes.load(Ordering::Relaxed) > self.bytes_max && self.entries.len() > 1 {
            if let Some(oldest) = self.entries.pop_front() {
                self.reaches = oldest.index();
            }
        }
    }

    /// At most `limit` entries from that of `after` on, which has a part of its events after it; none when it does
    /// not reach back that far.
    pub fn from(&self, after: Position, limit: usize) -> Option<Vec<Arc<Entry>>> {
        if after.0 <= self.reaches {
            return None;
        }
        let first = self.entries.partition_point(|entry| entry.index() < after.0);
        Some(self.entries.iter().skip(first).take(limit).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use livedrop_domain::{AccountId, DropId, Timestamp, drops};
    use livedrop_store::Facts;

    use super::*;

    fn entry(ring: &Ring, index: u64) -> Arc<Entry> {
        let live = drops::Event::Live { drop_id: DropId::from_u128(1), creator_id: AccountId::from_u128(2) };
        let facts = Facts {
            index,
            proposed_at: Timestamp(0),
            events: vec![live.into()],
            applied_at: Instant::now(),
            resync: false,
        };
        Arc::new(Entry::new(Arc::new(facts), ring.held_bytes()))
    }

    fn indices(ring: &Ring, after: Position) -> Option<Vec<u64>> {
        Some(ring.from(after, 10)?.iter().map(|entry| entry.index()).collect())
    }

    #[test]
    fn it_knows_how_far_back_it_reaches() {
        let mut ring = Ring::new(4, usize::MAX);
        for index in [5, 7, 8] {
            ring.push(entry(&ring, index));
        }
        assert_eq!(indices(&ring, (4, 0)), None, "the rest of entry 4 was never here");
        assert_eq!(indices(&ring, (5, 0)), Some(vec![5, 7, 8]));
        assert_eq!(indices(&ring, (6, 0)), Some(vec![7, 8]));
        assert_eq!(indices(&ring, (9, 0)), Some(vec![]));
    }

    #[test]
    fn a_ring_that_begins_anew_counts_what_readers_still_have_of_the_old_one() {
        let mut ring = Ring::new(0, usize::MAX);
        let held = ring.held_bytes();
        ring.push(entry(&ring, 1));
        let read = ring.from((1, 0), 10).expect("it is there");
        ring.begin_anew(5);
        assert_eq!((indices(&ring, (5, 0)), indices(&ring, (6, 0))), (None, Some(vec![])));
        assert!(held.load(Ordering::Relaxed) > 0, "a reader has it");
        drop(read);
        ring.push(entry(&ring, 6));
        assert!(held.load(Ordering::Relaxed) > 0, "what comes is counted in the same place");
    }

    #[test]
    fn the_oldest_make_room_and_all_bytes_are_given_back() {
        let mut ring = Ring::new(0, 1_000);
        for index in 1..=100 {
            let entry = entry(&ring, index);
            entry.frame((index, 0));
            ring.push(entry);
            assert!(ring.held_bytes.load(Ordering::Relaxed) <= 2_000);
        }
        assert_eq!(indices(&ring, (50, 0)), None);
        assert_eq!(indices(&ring, (100, 0)), Some(vec![100]));
        let held = ring.held_bytes();
        drop(ring);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}
