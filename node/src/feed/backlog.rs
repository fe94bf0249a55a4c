//! What a stream missed: from the ring, or from the journal when the ring does not reach back so far.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use livedrop_domain::notifications::Kind;
use livedrop_domain::{AccountId, Fault, journal, restored};

use super::Position;
use super::entry::{Entry, facts_of};
use super::following;
use super::hub::Hub;
use super::subscriber::Topic;
use crate::rest::look;
use crate::told::{self, Audience};

/// Entries that are taken from the ring at once.
const FROM_RING: usize = 256;
/// Entries that are read from the journal at once: apply waits while their bytes are copied.
const FROM_JOURNAL: usize = 16;

/// A stretch of what was missed.
#[derive(Debug, PartialEq, Eq)]
pub enum Page {
    /// Up to the place, which is after the one that was asked for, or at the end.
    Frames(Vec<Bytes>, Position),
    /// It is not kept any more; this is the oldest log index that is.
    TooOld(u64),
}

/// The next stretch of what happened after one place and not after another.
pub async fn page(hub: Arc<Hub>, topic: Topic, after: Position, until: Position) -> Result<Page, Fault> {
    let from_ring = hub.state().ring.from(after, FROM_RING);
    if let Some(entries) = from_ring {
        return select(hub, topic, after, until, entries, FROM_RING).await;
    }
    // The turn goes with the reading, which goes on when the stream is gone.
    let turn = hub.journal_readers.clone().acquire_owned().await.expect("the semaphore is never closed");
    let (shop, held_bytes) = (hub.shared_shop(), Arc::default());
    let read = move || {
        let _turn = turn;
        let rows = look(&*shop, |view| {
            // Of the entry that was read last, a part may be left.
            let rows = journal::stored_after(view, after.0.saturating_sub(1), FROM_JOURNAL)?;
            // Of the old cluster that this one was restored from, entries after the backup never happened here.
            let gap = restored::get(view)?.filter(|gap| gap.from < after.0 && after.0 < gap.to);
            Ok((gap.map_or(journal::floor(view)?, |gap| gap.to), rows))
        });
        let (floor, rows) = rows?.what;
        if after.0 < floor {
            return Ok(Err(floor));
        }
        let entry = |(index, stored): (u64, Vec<u8>)| {
            Ok(Arc::new(Entry::new(Arc::new(facts_of(index, journal::decode(&stored)?)), Arc::clone(&held_bytes))))
        };
        Ok(Ok(rows.into_iter().map(entry).collect::<Result<Vec<_>, Fault>>()?))
    };
    match off_the_way(read).await? {
        Ok(entries) => select(hub.clone(), topic, after, until, entries, FROM_JOURNAL).await,
        Err(floor) => Ok(Page::TooOld(floor)),
    }
}

/// The frames of those events between the two places that the topic is about; `asked` is how many entries were wanted.
async fn select(
    hub: Arc<Hub>,
    topic: Topic,
    after: Position,
    until: Position,
    entries: Vec<Arc<Entry>>,
    asked: usize,
) -> Result<Page, Fault> {
    let end = match entries.last() {
        Some(last) if entries.len() == asked => last.last().min(until),
        _ => until,
    };
    let frames = match topic {
        Topic::Drop(drop) => {
            let about = |audience| matches!(audience, Audience::Drop { drop_id, .. } if drop_id == drop);
            frames(&entries, after, until, |_, audience, _| about(audience))
        }
        Topic::Account(account) => off_the_way(move || of_account(&hub, account, after, until, &entries)).await?,
    };
    Ok(Page::Frames(frames, end))
}

fn of_account(
    hub: &Hub,
    account: AccountId,
    after: Position,
    until: Position,
    entries: &[Arc<Entry>],
) -> Result<Vec<Bytes>, Fault> {
    let mut asked = BTreeSet::new();
    each(entries, after, until, |_, _, audience, kind| {
        if let Audience::Drop { creator_id, .. } = audience {
            asked.insert((creator_id, kind));
        }
    });
    let since = following::of_account(hub.shop(), account, &asked.into_iter().collect::<Vec<_>>())?;
    Ok(frames(entries, after, until, |position, audience, kind| match audience {
        Audience::Account(told) => told == account,
        Audience::Drop { creator_id, .. } => {
            since.get(&(creator_id, kind)).copied().flatten().is_some_and(|since| since <= position.0)
        }
    }))
}

fn frames(
    entries: &[Arc<Entry>],
    after: Position,
    until: Position,
    about: impl Fn(Position, Audience, Option<Kind>) -> bool,
) -> Vec<Bytes> {
    let mut frames = Vec::new();
    each(entries, after, until, |entry, position, audience, kind| {
        if about(position, audience, kind) {
            frames.push(entry.frame(position));
        }
    });
    frames
}

/// Goes through the events between the two places that are anybody's business.
fn each(
    entries: &[Arc<Entry>],
    after: Position,
    until: Position,
    mut with: impl FnMut(&Entry, Position, Audience, Option<Kind>),
) {
    for entry in entries {
        for (position, event) in entry.events() {
            if position > after
                && position <= until
                && let Some(audience) = told::audience(event)
            {
                with(entry, position, audience, Kind::of(event));
            }
        }
    }
}

/// Does what blocks where it keeps no other stream from going on.
async fn off_the_way<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Fault::new("reading what a stream missed", error)))
}
