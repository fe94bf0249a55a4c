//! The newest entries of the log, in memory: what followers and apply nearly always ask for.

use std::collections::VecDeque;

use crate::types::{Entry, EntryPayload};

/// Consecutive entries up to the end of the log, oldest first.
#[derive(Debug, Default)]
pub(super) struct Tail {
    entries: VecDeque<Slot>,
    bytes: usize,
}

#[derive(Debug)]
struct Slot {
    entry: Entry,
    /// Which write carries it to the disk.
    write: u64,
}

impl Tail {
    pub(super) fn push(&mut self, entry: Entry, write: u64) {
        self.bytes += size(&entry);
        self.entries.push_back(Slot { entry, write });
    }

    /// The index of the oldest entry here.
    pub(super) fn first(&self) -> Option<u64> {
        self.entries.front().map(|slot| slot.entry.log_id.index)
    }

    /// The entries here with `from <= index < to`, oldest first.
    pub(super) fn range(&self, from: u64, to: u64) -> impl Iterator<Item = &Entry> {
        let first = self.first().unwrap_or(to);
        let place =
            |index: u64| usize::try_from(index.saturating_sub(first)).unwrap_or(usize::MAX).min(self.entries.len());
        let (start, end) = (place(from), place(to));
        self.entries.range(start..end.max(start)).map(|slot| &slot.entry)
    }

    /// Forgets the entries from `index` on.
    pub(super) fn truncate(&mut self, index: u64) {
        while self.entries.back().is_some_and(|slot| slot.entry.log_id.index >= index) {
            let slot = self.entries.pop_back().expect("there was one a moment ago");
            self.bytes -= size(&slot.entry);
        }
    }

    /// Forgets the entries up to `index`.
    pub(super) fn purge(&mut self, index: u64) {
        while self.first().is_some_and(|first| first <= index) {
            self.pop_front();
        }
    }

    /// Forgets the oldest entries over `bytes_max`, but none that only the write after `written` carries to the disk.
    pub(super) fn shrink(&mut self, bytes_max: usize, written: u64) {
        while self.bytes > bytes_max && self.entries.front().is_some_and(|slot| slot.write <= written) {
            self.pop_front();
        }
    }

    fn pop_front(&mut self) {
        if let Some(slot) = self.entries.pop_front() {
            self.bytes -= size(&slot.entry);
        }
    }
}

/// About how many bytes an entry takes in memory.
pub(super) fn size(entry: &Entry) -> usize {
    let payload = match &entry.payload {
        EntryPayload::Blank => 0,
        EntryPayload::Normal(payload) => payload.0.len(),
        EntryPayload::Membership(membership) => 256 * membership.nodes().count(),
    };
    size_of::<Slot>() + payload
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::types::{LeaderId, LogId, Payload};

    fn entry(index: u64) -> Entry {
        let payload = EntryPayload::Normal(Payload(Bytes::from(vec![0; 1000])));
        Entry { log_id: LogId { leader_id: LeaderId { term: 1, node_id: 1 }, index }, payload }
    }

    fn tail(indices: std::ops::Range<u64>) -> Tail {
        let mut tail = Tail::default();
        indices.for_each(|index| tail.push(entry(index), index));
        tail
    }

    fn indices(tail: &Tail, from: u64, to: u64) -> Vec<u64> {
        tail.range(from, to).map(|entry| entry.log_id.index).collect()
    }

    #[test]
    fn a_range_is_cut_to_what_is_here() {
        let tail = tail(5..10);
        assert_eq!(indices(&tail, 0, 7), [5, 6]);
        assert_eq!(indices(&tail, 6, 8), [6, 7]);
        assert_eq!(indices(&tail, 8, 99), [8, 9]);
        assert_eq!(indices(&tail, 10, 99), []);
        assert_eq!(indices(&Tail::default(), 0, 99), []);
    }

    #[test]
    fn entries_that_are_not_on_the_disk_stay() {
        let mut tail = tail(0..10);
        tail.shrink(0, 6);
        assert_eq!(indices(&tail, 0, 10), [7, 8, 9]);
        tail.shrink(0, 9);
        assert_eq!((indices(&tail, 0, 10), tail.bytes), (vec![], 0));
    }

    #[test]
    fn both_ends_can_be_cut() {
        let mut tail = tail(0..10);
        tail.truncate(8);
        tail.purge(2);
        assert_eq!(indices(&tail, 0, 10), [3, 4, 5, 6, 7]);
        assert_eq!(tail.bytes, 5 * size(&entry(0)));
    }
}
