//! How far a leader is: with each cache by itself, and in the log, which follows the last of them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use livedrop_domain::Timestamp;

use super::stretch::Stretch;
use super::{AGAIN_AFTER_MS, News, meter};

/// A cursor that only passes by what caches need not know is put in the log this rarely. It is less than the journal
/// keeps of any log, so that the next leader finds the entry at the cursor.
const LAZY_ENTRIES: u64 = 500;

/// How far one cache was told.
#[derive(Debug)]
pub(super) struct Progress {
    /// Up to where it was told twice, or need not be told.
    settled: u64,
    /// Up to where it was told once.
    pub seen: u64,
    /// What it was told once, oldest first.
    once: VecDeque<Once>,
    /// Whether it was told something twice since that was last asked.
    owes: bool,
}

#[derive(Debug)]
struct Once {
    news: News,
    through: u64,
    at: Timestamp,
}

/// The time in which one leader tells: the cursor in the log, and how far the caches are.
pub(super) struct Term(Mutex<State>);

struct State {
    /// The cursor in the log.
    cursor: u64,
    /// Up to where each cache is settled, and how many entries and milliseconds it is behind.
    settled: Vec<u64>,
    lags: Vec<(u64, u64)>,
    /// Whether some cache was told something twice since the cursor moved.
    owes: bool,
    /// Somebody is moving the cursor.
    moving: bool,
}

/// A cursor that is to be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    pub from: u64,
    pub through: u64,
}

impl Progress {
    pub fn at(cursor: u64) -> Self {
        Progress { settled: cursor, seen: cursor, once: VecDeque::new(), owes: false }
    }

    /// How many of what was told once are to be told again now. A clock that was set back makes nothing wait.
    pub fn due_again(&self, now: Timestamp) -> usize {
        let is_due = |once: &&Once| now >= once.at.after_ms(AGAIN_AFTER_MS) || now < once.at;
        self.once.iter().take_while(is_due).count()
    }

    /// What the first so many of what was told once were.
    pub fn again(&self, count: usize) -> impl Iterator<Item = &News> {
        self.once.iter().take(count).map(|once| &once.news)
    }

    /// Notes that the first `again` of what was told once were told again, and a stretch for the first time.
    pub fn told(&mut self, again: usize, stretch: Stretch, now: Timestamp) {
        for once in self.once.drain(..again) {
            (self.settled, self.owes) = (once.through, true);
        }
        self.seen = stretch.through;
        if !stretch.news.is_empty() {
            self.once.push_back(Once { news: stretch.news, through: stretch.through, at: now });
        }
        if self.once.is_empty() {
            self.settled = self.seen;
        }
    }
}

impl Term {
    pub fn at(cursor: u64, caches: usize) -> Self {
        let (settled, lags) = (vec![cursor; caches], vec![(0, 0); caches]);
        Term(Mutex::new(State { cursor, settled, lags, owes: false, moving: false }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it counts")
    }

    /// Where every cache begins.
    pub fn cursor(&self) -> u64 {
        self.state().cursor
    }

    /// Shows how far the one that is furthest behind is.
    pub fn note_lag(&self, cache: usize, entries: u64, ms: u64) {
        let mut state = self.state();
        state.lags[cache] = (entries, ms);
        let most = |of: fn(&(u64, u64)) -> u64| state.lags.iter().map(of).max().unwrap_or_default();
        meter::note_lag(most(|lag| lag.0), most(|lag| lag.1));
    }

    /// Takes note of how far a cache is, and says how the cursor is to be moved, when that is worth an entry and nobody
    /// is doing it. It is where the cache is that is furthest behind. Whoever is told to move it says how that ended.
    pub fn settle(&self, cache: usize, progress: &mut Progress) -> Option<Move> {
        let mut state = self.state();
        state.settled[cache] = progress.settled;
        state.owes |= std::mem::take(&mut progress.owes);
        let (from, through) = (state.cursor, state.settled.iter().copied().min()?);
        if state.moving || through <= from || !state.owes && through < from + LAZY_ENTRIES {
            return None;
        }
        state.moving = true;
        Some(Move { from, through })
    }

    /// The cursor was moved.
    pub fn moved(&self, to: Move) {
        let mut state = self.state();
        (state.cursor, state.owes, state.moving) = (to.through, false, false);
    }

    /// It could not be moved now.
    pub fn not_moved(&self) {
        self.state().moving = false;
    }
}
