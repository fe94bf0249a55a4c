//! One log entry's events, each rendered when somebody first gets it, and then never again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use livedrop_domain::Event;
use livedrop_domain::journal::Journal;
use livedrop_store::Facts;

use super::{Position, frame};

/// The events of one entry with their frames.
pub struct Entry {
    facts: Arc<Facts>,
    frames: Box<[OnceLock<Bytes>]>,
    /// What this entry takes, until it is gone, is part of this.
    held_bytes: Arc<AtomicUsize>,
}

impl Entry {
    /// `held_bytes` counts what all entries take that were given it.
    pub fn new(facts: Arc<Facts>, held_bytes: Arc<AtomicUsize>) -> Self {
        let entry = Entry { frames: facts.events.iter().map(|_| OnceLock::new()).collect(), facts, held_bytes };
        entry.held_bytes.fetch_add(entry.own_bytes(), Ordering::Relaxed);
        entry
    }

    pub fn index(&self) -> u64 {
        self.facts.index
    }

    pub fn applied_at(&self) -> Instant {
        self.facts.applied_at
    }

    /// The place of the last event; that of an entry without events is as if it had one.
    pub fn last(&self) -> Position {
        (self.index(), u32::try_from(self.facts.events.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// The events with their places.
    pub fn events(&self) -> impl Iterator<Item = (Position, &Event)> {
        let events = self.facts.events.iter().enumerate();
        events.map(|(ordinal, event)| ((self.index(), u32::try_from(ordinal).unwrap_or(u32::MAX)), event))
    }

    /// The frame of an event of this entry.
    pub fn frame(&self, (_, ordinal): Position) -> Bytes {
        let ordinal = ordinal as usize;
        let rendered = self.frames[ordinal].get_or_init(|| {
            let (position, at) = ((self.index(), ordinal as u32), self.facts.proposed_at);
            let frame = frame::event(position, at, &self.facts.events[ordinal]);
            self.held_bytes.fetch_add(frame.len(), Ordering::Relaxed);
            frame
        });
        rendered.clone()
    }

    fn own_bytes(&self) -> usize {
        size_of::<Entry>() + self.facts.events.len() * (size_of::<Event>() + size_of::<OnceLock<Bytes>>())
    }
}

/// What an entry made known, as its journal tells it later.
pub fn facts_of(index: u64, journal: Journal) -> Facts {
    let Journal { at, events, .. } = journal;
    Facts { index, proposed_at: at, events, applied_at: Instant::now(), resync: false }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let rendered: usize = self.frames.iter().filter_map(OnceLock::get).map(Bytes::len).sum();
        self.held_bytes.fetch_sub(self.own_bytes() + rendered, Ordering::Relaxed);
    }
}
