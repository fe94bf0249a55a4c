//! The leader's teller: reads what happened, tells the caches, and notes in the log how far they were told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::cdn::{self, Command, Told};
use livedrop_domain::{Fault, Request, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::stretch::{self, Stretch};
use super::{AGAIN_AFTER_MS, News, Provider, Trouble, meter};
use crate::payments::pause::Pause;
use crate::raft::{Leadership, leads};
use crate::rest::{Shop, look};

/// How often it looks for what happened: what is sold out is purged at most this much later.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// Tags that end a stretch, and how many looks at the journal do at most.
const TAGS_MAX: usize = 600;
const LOOKS_MAX: usize = 200;
/// A cursor that only passes by what caches need not know is put in the log this rarely. It is less than the journal
/// keeps of any log, so that the next leader finds the entry at the cursor.
const LAZY_ENTRIES: u64 = 500;

/// What it takes to tell caches.
pub struct Teller {
    shop: Arc<dyn Shop>,
    provider: Provider,
}

/// How far a leader is.
#[derive(Debug)]
pub(super) struct Progress {
    /// The cursor in the log.
    cursor: u64,
    /// Up to where caches were told twice, or need not be told.
    settled: u64,
    /// Up to where caches were told once.
    seen: u64,
    /// What they were told once, oldest first.
    once: VecDeque<Once>,
    /// Whether they were told something twice since the cursor moved.
    owes: bool,
}

#[derive(Debug)]
struct Once {
    news: News,
    through: u64,
    at: Timestamp,
}

/// What a round came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// Everything is told that is to be told now.
    Done,
    /// There is more, at once.
    More,
    /// Somebody else moved the cursor.
    Overtaken,
    /// The provider said no, or nothing.
    Failed(Trouble),
}

impl Teller {
    pub fn new(shop: Arc<dyn Shop>, provider: Provider) -> Arc<Self> {
        meter::describe();
        Arc::new(Teller { shop, provider })
    }

    /// Tells whenever this node leads, until stopped.
    pub async fn keep(self: Arc<Self>, mut leadership: watch::Receiver<Leadership>, stop: CancellationToken) {
        while stop.run_until_cancelled(leads(&mut leadership, true)).await == Some(true) {
            tokio::select! {
                () = self.lead() => {}
                _ = leads(&mut leadership, false) => {}
                () = stop.cancelled() => {}
            }
            meter::note_lag(0, 0);
        }
    }

    async fn lead(&self) {
        let (mut progress, mut pause) = (None, Pause::new(PAUSE_MAX));
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            match self.go_on(&mut progress).await {
                Ok(Round::Done) => pause.reset(),
                Ok(Round::More) => {
                    pause.reset();
                    every.reset_immediately();
                }
                Ok(Round::Overtaken) => pause.wait().await,
                Ok(Round::Failed(trouble)) => {
                    tracing::warn!(%trouble, "the caches could not be told");
                    pause.wait_at_least(trouble.at_least).await;
                }
                Err(fault) => {
                    tracing::error!(%fault, "events could not be read for caches");
                    pause.wait().await;
                }
            }
        }
    }

    /// One round of a leader that has just begun, or goes on.
    pub(super) async fn go_on(&self, progress: &mut Option<Progress>) -> Result<Round, Fault> {
        let begun = match progress {
            Some(begun) => begun,
            None => progress.insert(Progress::at(look(&*self.shop, cdn::cursor)?.what.through)),
        };
        let round = self.round(begun).await?;
        if round == Round::Overtaken {
            *progress = None;
        }
        Ok(round)
    }

    async fn round(&self, progress: &mut Progress) -> Result<Round, Fault> {
        let (stretch, now) = (self.read(progress.seen)?, self.shop.now());
        if stretch.news.is_everything() && progress.seen > 0 {
            let (seen, head) = (progress.seen, stretch.head);
            tracing::warn!(seen, head, "the journal does not reach back to what caches know: they forget everything");
            meter::count_missed();
        }
        let waited_ms = stretch.since.map_or(0, |since| now.0.saturating_sub(since.0));
        meter::note_lag(stretch.head.saturating_sub(progress.seen), waited_ms);
        // What is due once more goes with what is new, in as few requests as may be.
        let again = progress.due_again(now);
        let mut news = stretch.news.clone();
        progress.once.iter().take(again).for_each(|once| news.add(&once.news));
        for call in news.calls() {
            let asked = self.provider.ask(&call).await;
            meter::count(&call, asked.is_ok());
            if let Err(trouble) = asked {
                return Ok(Round::Failed(trouble));
            }
        }
        meter::note_lag(stretch.head.saturating_sub(stretch.through), 0);
        let more = stretch.more;
        progress.told(again, stretch, self.shop.now());
        match self.move_cursor(progress).await {
            false => Ok(Round::Overtaken),
            true if more => Ok(Round::More),
            true => Ok(Round::Done),
        }
    }

    /// Puts in the log how far everything is settled, when that is worth an entry. A log that does not answer is told
    /// in the next round. Gives whether the cursor was where it was thought to be.
    async fn move_cursor(&self, progress: &mut Progress) -> bool {
        let Progress { cursor: from, settled: through, owes, .. } = *progress;
        if through <= from || !owes && through < from + LAZY_ENTRIES {
            return true;
        }
        let command = Command::Told(Told { from, through }).into();
        let request = Request { request_id: "teller".to_owned(), idempotency: None, command, by: None };
        match self.shop.propose(request).await {
            Ok(outcome) if outcome.answer.is_ok() => {
                (progress.cursor, progress.owes) = (through, false);
                true
            }
            Ok(_) => false,
            Err(unanswered) => {
                tracing::debug!(%unanswered, "the log could not be told how far the caches are");
                true
            }
        }
    }

    /// The events after `seen`, as many as one round tells.
    fn read(&self, seen: u64) -> Result<Stretch, Fault> {
        let next = |from| Ok(look(&*self.shop, |view| stretch::read(view, from))?.what);
        let mut stretch: Stretch = next(seen)?;
        for _ in 1..LOOKS_MAX {
            if !stretch.more || stretch.news.tags() >= TAGS_MAX {
                break;
            }
            let after = next(stretch.through)?;
            stretch = stretch.and(after);
        }
        Ok(stretch)
    }
}

impl Progress {
    fn at(cursor: u64) -> Self {
        Progress { cursor, settled: cursor, seen: cursor, once: VecDeque::new(), owes: false }
    }

    /// How many of what was told once are to be told again now. A clock that was set back makes nothing wait.
    fn due_again(&self, now: Timestamp) -> usize {
        let is_due = |once: &&Once| now >= once.at.after_ms(AGAIN_AFTER_MS) || now < once.at;
        self.once.iter().take_while(is_due).count()
    }

    /// Notes that the first `again` of what was told once were told again, and a stretch for the first time.
    fn told(&mut self, again: usize, stretch: Stretch, now: Timestamp) {
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
