//! The log as consensus sees it: what it was told to do is done here at once, and on the disk soon after.

use super::disk::Found;
use super::tail::Tail;
use crate::types::{LogId, Vote};

#[derive(Debug, Default)]
pub(super) struct Memory {
    pub vote: Option<Vote>,
    pub committed: Option<LogId>,
    pub purged: Option<LogId>,
    /// The index of the oldest entry, when there is one.
    pub first: Option<u64>,
    /// The newest entry, or the last purged one.
    pub last: Option<LogId>,
    pub tail: Tail,
}

impl Memory {
    pub(super) fn new(found: &Found) -> Self {
        let Found { vote, purged, committed, first, last } = *found;
        Memory { vote, committed, purged, first, last, tail: Tail::default() }
    }

    /// The part of `from..to` that the log holds.
    pub(super) fn clip(&self, from: u64, to: u64) -> std::ops::Range<u64> {
        match (self.first, self.last) {
            (Some(first), Some(last)) => from.max(first)..to.min(last.index + 1),
            _ => 0..0,
        }
    }

    /// Where the part in memory begins: below it, the disk has every entry.
    pub(super) fn tail_start(&self) -> u64 {
        self.tail.first().unwrap_or_else(|| self.last.map_or(0, |last| last.index + 1))
    }

    /// Forgets the entries from `index` on; `last` is the id of the one before.
    pub(super) fn truncate(&mut self, index: u64, last: Option<LogId>) {
        if self.last.is_none_or(|last| last.index < index) {
            return;
        }
        self.tail.truncate(index);
        self.last = last.or(self.purged);
        if self.first.is_some_and(|first| first >= index) {
            self.first = None;
        }
    }

    pub(super) fn purge(&mut self, upto: LogId) {
        self.tail.purge(upto.index);
        self.purged = Some(upto);
        match self.last {
            Some(last) if last.index > upto.index => self.first = self.first.map(|first| first.max(upto.index + 1)),
            _ => {
                self.first = None;
                self.last = Some(upto);
            }
        }
    }
}
