//! Follows what the node applies, and keeps the index up with it. One thread of its own, behind everything else.
//!
//! ```text
//!  open ──► usable? ──yes──► catch up from the journal ──► show ──► follow facts, commit now and then ──► stop
//!              │                    │ it does not reach back              │ failed, damaged
//!              └──no───► rebuild ◄──┴─────────────────────────────────────┘
//! ```
//!
//! Events say which products changed, and their rows are read when they are indexed: an event that comes twice, or
//! late, does no harm. So a restart that applies entries again, after an index that had got further, is no special case.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use livedrop_domain::{Fault, View, drops, journal, products};
use livedrop_store::Facts;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::changed::Changed;
use super::document::{of_product, subject};
use super::shown::Shown;
use super::volume::{self, Label, Unusable, Volume};
use super::{Identity, Search, meter, schema};
use crate::payments::pause::Pause;
use crate::rest::{Seen, Shop, look};

/// Rows that are read in one look: apply waits meanwhile.
const PRODUCTS_A_LOOK: usize = 20;
const JOURNALS_A_LOOK: usize = 8;
/// So many entries without a change are written down all the same, so that a restart finds them in the journal.
const LABEL_EVERY: u64 = 10_000;
/// The longest pause before an index that failed is made anew.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How much less than others this thread, and those that it starts, get of the machine (`nice`).
const NICENESS: i32 = 5;

/// Where the index is and how it is kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A directory for this alone.
    pub root: PathBuf,
    pub identity: Identity,
    /// Memory for what is not written yet.
    pub writer_bytes: usize,
    /// How long a change may wait for others to be committed with.
    pub commit_every: Duration,
}

/// What is followed.
pub struct Source {
    pub shop: Arc<dyn Shop>,
    pub facts: broadcast::Receiver<Arc<Facts>>,
}

/// Keeps `search` up with what the node applies, on a thread of its own, until stopped.
pub fn follow(settings: Settings, source: Source, search: Search, stop: CancellationToken) -> io::Result<Following> {
    meter::describe();
    let keep = move || {
        // A thread that is as eager as the others does the same work.
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::debug!(%error, "the search thread is as eager as the others");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        match runtime {
            Ok(runtime) => runtime.block_on(Follower { settings, source, search }.keep(&stop)),
            Err(error) => tracing::error!(%error, "search could not be started"),
        }
    };
    thread::Builder::new().name("search".to_owned()).spawn(keep)
}

/// The thread that keeps the index.
pub type Following = thread::JoinHandle<()>;

pub(super) struct Follower {
    pub settings: Settings,
    pub source: Source,
    pub search: Search,
}

/// An index that is kept up, and what it does not reflect yet.
pub(super) struct Kept {
    pub volume: Volume,
    /// Everything up to this log index was seen; what changed by it is in the index or in `changed`.
    pub seen: u64,
    /// Of the last commit.
    pub committed: u64,
    /// Something may have happened after `seen` that no fact will tell: the journal has to.
    behind: bool,
    changed: Changed,
    /// The label that the index came with, until the state is far enough to see whether it is of this history.
    unproved: Option<Label>,
}

/// Why an index is not kept any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the state could not be read")]
    State(#[from] Fault),
    #[error("the journal does not reach back to it")]
    TooOld,
    #[error("it is of another history of the state")]
    OtherHistory,
    #[error("a reader could not read it")]
    Damaged,
}

impl Follower {
    pub async fn keep(mut self, stop: &CancellationToken) {
        let mut pause = Pause::new(PAUSE_MAX);
        let mut failed_before = false;
        let mut opened = self.open();
        while !stop.is_cancelled() {
            let began = Instant::now();
            let ended = match opened {
                Ok(kept) => self.keep_up(kept, stop).await,
                Err(why) => Err(why),
            };
            let Err(why) = ended else { return };
            tracing::info!(why = format!("{:#}", anyhow::Error::from(why)), "the search index is made anew");
            if began.elapsed() > PAUSE_MAX {
                (failed_before, pause) = (false, Pause::new(PAUSE_MAX));
            }
            if failed_before {
                stop.run_until_cancelled(pause.wait()).await;
            }
            failed_before = true;
            opened = self.rebuild(stop);
        }
    }

    /// The index as this node left it.
    pub fn open(&self) -> Result<Kept, Lost> {
        let Settings { root, identity, writer_bytes, .. } = &self.settings;
        let (volume, label) = Volume::open(root, identity, *writer_bytes)?;
        // After a crash the state may be older than the index, and apply entries again.
        let seen = label.index.min(self.source.shop.applied());
        Ok(Kept {
            volume,
            seen,
            committed: label.index,
            behind: true,
            changed: Changed::default(),
            unproved: Some(label),
        })
    }

    /// Makes an index from the rows, page by page, while the old one, if there is one, goes on answering.
    pub fn rebuild(&mut self, stop: &CancellationToken) -> Result<Kept, Lost> {
        meter::rebuilt();
        let Settings { root, writer_bytes, .. } = &self.settings;
        let volume = Volume::create(root, *writer_bytes)?;
        let path = volume.path().to_owned();
        let filled = self.fill(volume, stop);
        if filled.is_err() {
            volume::remove(&path);
        }
        filled
    }

    fn fill(&mut self, volume: Volume, stop: &CancellationToken) -> Result<Kept, Lost> {
        let seen = look(&*self.source.shop, |_| Ok(()))?.index;
        let changed = Changed::default();
        let mut kept = Kept { volume, seen, committed: 0, behind: true, changed, unproved: None };
        let (mut before, mut gapless) = (None, true);
        loop {
            let page = look(&*self.source.shop, |view| {
                let page = products::list(view, products::Which::All, before, PRODUCTS_A_LOOK)?;
                page.into_iter().map(|product| of_product(view, product)).collect::<Result<Vec<_>, _>>()
            })?;
            for subject in &page.what {
                kept.volume.add(subject)?;
            }
            self.take_waiting(&mut kept, &mut gapless);
            before = page.what.last().map(|subject| subject.id());
            if page.what.len() < PRODUCTS_A_LOOK || stop.is_cancelled() {
                break;
            }
        }
        if stop.is_cancelled() {
            // Half an index has no label, and is removed by the next start.
            return Ok(kept);
        }
        self.catch_up(&mut kept)?;
        self.index_changed(&mut kept)?;
        self.commit(&mut kept)?;
        tracing::info!(documents = kept.volume.searcher().num_docs(), index = kept.seen, "search has a new index");
        Ok(kept)
    }

    async fn keep_up(&mut self, mut kept: Kept, stop: &CancellationToken) -> Result<(), Lost> {
        if stop.is_cancelled() {
            return Ok(());
        }
        self.bring_up(&mut kept)?;
        self.show(&kept)?;
        volume::remove_others(&self.settings.root, kept.volume.path());
        let mut every = tokio::time::interval(self.settings.commit_every);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let search = self.search.clone();
        let mut damaged = std::pin::pin!(search.damaged());
        loop {
            tokio::select! {
                fact = self.source.facts.recv(), if !kept.behind => match fact {
                    Ok(facts) => kept.take(&facts),
                    Err(RecvError::Lagged(_)) => kept.behind = true,
                    // Nothing will happen any more.
                    Err(RecvError::Closed) => stop.cancelled().await,
                },
                _ = every.tick() => self.bring_up(&mut kept)?,
                () = search.awaited() => self.look_ahead(&mut kept)?,
                () = &mut damaged => return Err(Lost::Damaged),
                () = stop.cancelled() => break,
            }
        }
        self.bring_up(&mut kept)?;
        if kept.committed < kept.seen {
            self.commit(&mut kept)?;
        }
        kept.volume.close();
        Ok(())
    }

    /// Brings the index up to what the node has applied, and shows it.
    pub fn bring_up(&mut self, kept: &mut Kept) -> Result<(), Lost> {
        // Facts come right after the index that they are of; for what comes without, there is the journal.
        kept.behind |= kept.changed.is_empty() && kept.seen < self.source.shop.applied();
        if kept.behind {
            self.catch_up(kept)?;
        }
        self.prove(kept)?;
        if !kept.changed.is_empty() {
            let since = kept.changed.since;
            self.index_changed(kept)?;
            self.commit(kept)?;
            self.show(kept)?;
            if let Some(since) = since {
                meter::lagged(self.source.shop.now().0.saturating_sub(since.0));
            }
        } else if kept.committed + LABEL_EVERY <= kept.seen {
            self.commit(kept)?;
            self.show(kept)?;
        } else {
            self.search.still_good_at(kept.seen);
        }
        meter::indexed(kept.seen);
        Ok(())
    }

    /// Sees whether the index reflects more than it says, for somebody who waits. What changed is committed in its turn.
    fn look_ahead(&mut self, kept: &mut Kept) -> Result<(), Lost> {
        kept.behind |= kept.changed.is_empty() && kept.seen < self.source.shop.applied();
        if kept.behind {
            self.catch_up(kept)?;
        }
        if kept.changed.is_empty() {
            self.prove(kept)?;
            self.search.still_good_at(kept.seen);
        }
        Ok(())
    }

    /// Takes the facts that wait already. While none was missed, the journal need not reach back to before them.
    fn take_waiting(&mut self, kept: &mut Kept, gapless: &mut bool) {
        loop {
            match self.source.facts.try_recv() {
                Ok(facts) => {
                    *gapless &= !facts.resync;
                    if *gapless {
                        kept.take(&facts);
                    }
                }
                Err(TryRecvError::Lagged(_)) => *gapless = false,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    /// Learns from the journal what happened after what was seen.
    fn catch_up(&mut self, kept: &mut Kept) -> Result<(), Lost> {
        loop {
            let after = kept.seen;
            let Seen { what: (floor, rows), index } = look(&*self.source.shop, |view| {
                Ok((journal::floor(view)?, journal::stored_after(view, after, JOURNALS_A_LOOK)?))
            })?;
            if floor > after.saturating_add(1) && after < index {
                return Err(Lost::TooOld);
            }
            for (at, stored) in &rows {
                let journal = journal::decode(stored)?;
                kept.changed.note(journal.at, &journal.events);
                kept.seen = *at;
            }
            if rows.len() < JOURNALS_A_LOOK {
                kept.seen = kept.seen.max(index);
                kept.behind = false;
                return Ok(());
            }
        }
    }

    /// Whether the index that was found belongs to this history of the state, once that can be said.
    fn prove(&self, kept: &mut Kept) -> Result<(), Lost> {
        let Some(label) = kept.unproved.take_if(|label| label.index <= kept.seen) else { return Ok(()) };
        match hash_at(&*self.source.shop, label.index)? == label.hash {
            true => Ok(()),
            false => Err(Lost::OtherHistory),
        }
    }

    /// Puts into the index what has changed, as it is now.
    fn index_changed(&mut self, kept: &mut Kept) -> Result<(), Lost> {
        let Changed { mut products, drops, .. } = std::mem::take(&mut kept.changed);
        for some in Vec::from_iter(drops).chunks(PRODUCTS_A_LOOK) {
            let of_drops = |view: &dyn View| some.iter().map(|id| drops::get(view, *id)).collect::<Result<Vec<_>, _>>();
            let found = look(&*self.source.shop, of_drops)?.what;
            products.extend(found.into_iter().flatten().map(|drop| drop.product_id));
        }
        for some in Vec::from_iter(products).chunks(PRODUCTS_A_LOOK) {
            let subjects = |view: &dyn View| some.iter().map(|id| subject(view, *id)).collect::<Result<Vec<_>, _>>();
            let found = look(&*self.source.shop, subjects)?.what;
            for (id, subject) in some.iter().zip(found) {
                kept.volume.replace(*id, subject.as_ref())?;
            }
        }
        Ok(())
    }

    fn commit(&self, kept: &mut Kept) -> Result<(), Lost> {
        let label = Label {
            form: schema::FORM,
            identity: self.settings.identity.clone(),
            index: kept.seen,
            hash: hash_at(&*self.source.shop, kept.seen)?,
        };
        kept.volume.commit(&label)?;
        kept.committed = kept.seen;
        Ok(())
    }

    pub fn show(&self, kept: &Kept) -> Result<(), Lost> {
        let searcher = kept.volume.searcher();
        meter::shown(searcher.num_docs(), volume::bytes(kept.volume.path()));
        let before = self.search.shown();
        let shown = Shown::new(searcher, kept.volume.fields, kept.seen, before.as_deref()).map_err(Unusable::from)?;
        self.search.show(shown);
        Ok(())
    }
}

impl Kept {
    fn take(&mut self, facts: &Facts) {
        if facts.resync {
            self.behind = true;
        } else if facts.index > self.seen {
            self.changed.note(facts.proposed_at, &facts.events);
            self.seen = facts.index;
        }
    }
}

fn hash_at(shop: &dyn Shop, index: u64) -> Result<Option<String>, Fault> {
    let hash = look(shop, |view| journal::hash_at(view, index))?.what;
    Ok(hash.map(|hash| blake3::Hash::from_bytes(hash).to_hex().to_string()))
}
