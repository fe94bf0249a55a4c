//! Reading the journal: what the next stretch of it means to caches.

use livedrop_domain::{Fault, Timestamp, View, journal};

use super::News;

/// Entries that are looked through at once: apply waits meanwhile.
const ENTRIES: usize = 32;

/// What a stretch of the journal comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    pub news: News,
    /// Where the next one begins once caches know this one.
    pub through: u64,
    /// When the first of the news happened.
    pub since: Option<Timestamp>,
    /// The newest entry there is.
    pub head: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// Looks through the events after `seen`. Where the journal does not reach back to it, everything is news.
pub fn read(view: &dyn View, seen: u64) -> Result<Stretch, Fault> {
    let meta = journal::meta(view)?;
    let head = meta.index;
    if head <= seen {
        return Ok(Stretch { through: seen, head, ..Stretch::default() });
    }
    // Rows go from the oldest on: while the one at the cursor is there, so are all after it.
    if journal::at(view, seen)?.is_none() {
        let since = Some(meta.clock);
        return Ok(Stretch { news: News::everything(), through: head, since, head, more: false });
    }
    let entries = journal::after(view, seen, ENTRIES)?;
    let mut stretch = Stretch { through: seen, head, more: entries.len() == ENTRIES, ..Stretch::default() };
    for (index, entry) in entries {
        entry.events.iter().for_each(|event| stretch.news.note(event));
        stretch.since = stretch.since.or((!stretch.news.is_empty()).then_some(entry.at));
        stretch.through = index;
    }
    Ok(stretch)
}

impl Stretch {
    /// Puts the stretch after it to its end.
    pub fn and(self, next: Stretch) -> Stretch {
        let Stretch { mut news, since, .. } = self;
        news.add(&next.news);
        Stretch { news, since: since.or(next.since), ..next }
    }
}
