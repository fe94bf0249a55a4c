//! Reading the journal: what the next stretch of it means to caches.

use livedrop_domain::{Fault, Timestamp, View, journal};

use super::News;
use crate::rest::{Shop, look};

/// Entries that are read at once: apply waits while their bytes are copied.
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

/// Looks through the events after `seen`. Where the journal does not reach back to it, and where nobody was ever told
/// anything, everything is news.
pub fn read(shop: &dyn Shop, seen: u64) -> Result<Stretch, Fault> {
    let rows = |view: &dyn View| {
        Ok((journal::meta(view)?, journal::floor(view)?, journal::stored_after(view, seen, ENTRIES)?))
    };
    let (meta, floor, rows) = look(shop, rows)?.what;
    let head = meta.index;
    if head <= seen {
        return Ok(Stretch { through: seen, head, ..Stretch::default() });
    }
    if seen == 0 || floor > seen + 1 {
        let since = Some(meta.clock);
        return Ok(Stretch { news: News::everything(), through: head, since, head, more: false });
    }
    let mut stretch = Stretch { through: seen, head, more: rows.len() == ENTRIES, ..Stretch::default() };
    for (index, stored) in rows {
        let entry = journal::decode(&stored)?;
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
