//! The leader's teller: reads what happened, tells the caches, and notes in the log how far they were told.
//!
//! Each cache is told by itself, from where it is: one that is dead, or slow, is in the way of no other one. Only the
//! cursor in the log waits for all of them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use livedrop_domain::cdn::{self, Command, Told};
use livedrop_domain::{Fault, Request};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::progress::{Progress, Term};
use super::stretch::{self, Stretch};
use super::{Provider, Trouble, meter};
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

/// What it takes to tell caches.
pub struct Teller {
    shop: Arc<dyn Shop>,
    caches: Vec<Provider>,
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
    pub fn new(shop: Arc<dyn Shop>, caches: Vec<Provider>) -> Arc<Self> {
        meter::describe();
        Arc::new(Teller { shop, caches })
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
        let mut pause = Pause::new(PAUSE_MAX);
        loop {
            let began = Instant::now();
            match self.begin() {
                Ok(term) => {
                    let each = (0..self.caches.len()).map(|cache| Box::pin(self.keep_told(&term, cache)));
                    select_all(each).await;
                }
                Err(fault) => tracing::error!(%fault, "it could not be read how far caches were told"),
            }
            if began.elapsed() > PAUSE_MAX {
                pause.reset();
            }
            pause.wait().await;
        }
    }

    /// What a leader that begins knows.
    pub(super) fn begin(&self) -> Result<Term, Fault> {
        Ok(Term::at(look(&*self.shop, cdn::cursor)?.what.through, self.caches.len()))
    }

    /// Tells one cache, until somebody else turns out to have moved the cursor.
    async fn keep_told(&self, term: &Term, cache: usize) {
        let (mut progress, mut pause) = (Progress::at(term.cursor()), Pause::new(PAUSE_MAX));
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            match self.round(term, cache, &mut progress).await {
                Ok(Round::Done) => pause.reset(),
                Ok(Round::More) => {
                    pause.reset();
                    every.reset_immediately();
                }
                Ok(Round::Overtaken) => return,
                Ok(Round::Failed(trouble)) => {
                    let cache = self.caches[cache].name();
                    tracing::warn!(%cache, %trouble, "a cache could not be told");
                    pause.wait_at_least(trouble.at_least).await;
                }
                Err(fault) => {
                    tracing::error!(%fault, "events could not be read for caches");
                    pause.wait().await;
                }
            }
        }
    }

    /// Tells one cache what is to be told now.
    pub(super) async fn round(&self, term: &Term, cache: usize, progress: &mut Progress) -> Result<Round, Fault> {
        let (stretch, now) = (self.read(progress.seen).await?, self.shop.now());
        if stretch.news.is_everything() && progress.seen > 0 {
            let (seen, head) = (progress.seen, stretch.head);
            tracing::warn!(seen, head, "the journal does not reach back to what a cache knows: it forgets everything");
            meter::count_missed();
        }
        let waited_ms = stretch.since.map_or(0, |since| now.0.saturating_sub(since.0));
        term.note_lag(cache, stretch.head.saturating_sub(progress.seen), waited_ms);
        // What is due once more goes with what is new, in as few requests as may be.
        let again = progress.due_again(now);
        let mut news = stretch.news.clone();
        progress.again(again).for_each(|once| news.add(once));
        for call in news.calls() {
            let asked = self.caches[cache].ask(&call).await;
            meter::count(&call, asked.is_ok());
            if let Err(trouble) = asked {
                return Ok(Round::Failed(trouble));
            }
        }
        term.note_lag(cache, stretch.head.saturating_sub(stretch.through), 0);
        let more = stretch.more;
        progress.told(again, stretch, self.shop.now());
        match self.move_cursor(term, cache, progress).await {
            false => Ok(Round::Overtaken),
            true if more => Ok(Round::More),
            true => Ok(Round::Done),
        }
    }

    /// Puts in the log how far everything is settled, when that is worth an entry. A log that does not answer is told
    /// in the next round. Gives whether the cursor was where it was thought to be.
    async fn move_cursor(&self, term: &Term, cache: usize, progress: &mut Progress) -> bool {
        let Some(to) = term.settle(cache, progress) else { return true };
        let command = Command::Told(Told { from: to.from, through: to.through }).into();
        let request = Request { request_id: "teller".to_owned(), idempotency: None, command, by: None };
        match self.shop.propose(request).await {
            Ok(outcome) if outcome.answer.is_ok() => {
                term.moved(to);
                true
            }
            Ok(_) => false,
            Err(unanswered) => {
                tracing::debug!(%unanswered, "the log could not be told how far the caches are");
                term.not_moved();
                true
            }
        }
    }

    /// The events after `seen`, as many as one round tells.
    async fn read(&self, seen: u64) -> Result<Stretch, Fault> {
        let shop = self.shop.clone();
        let read = move || {
            let mut stretch = stretch::read(&*shop, seen)?;
            for _ in 1..LOOKS_MAX {
                if !stretch.more || stretch.news.tags() >= TAGS_MAX {
                    break;
                }
                let after = stretch::read(&*shop, stretch.through)?;
                stretch = stretch.and(after);
            }
            Ok(stretch)
        };
        let done = tokio::task::spawn_blocking(read).await;
        done.unwrap_or_else(|error| Err(Fault::new("reading events for caches", error)))
    }
}
