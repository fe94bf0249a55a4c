//! What readers have of the index, and how it is asked.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use livedrop_domain::ProductId;
use tantivy::TantivyError;
use tantivy::query::{EnableScoring, Query};
use tokio::sync::{Notify, watch};

use super::collect::{Page, PageCollector, Place};
use super::facets::Facets;
use super::query::{Reading, query, suggestions};
use super::question::Question;
use super::queue::Queue;
use super::shown::{Answered, FirstPage, Shown};
use super::{Filters, Highlighter, Sort, meter};

/// With fewer answers than this to what was typed, words may have letters wrong.
const ENOUGH: u64 = 10;

/// Search on this node. Clones share what they know.
#[derive(Clone)]
pub struct Search(Arc<Shared>);

struct Shared {
    shown: ArcSwapOption<Shown>,
    /// The log index that it reflects; 0 while there is none.
    indexed: watch::Sender<u64>,
    /// Wakes the follower when somebody waits for an index.
    awaited: Notify,
    /// Set by whoever found that the index cannot be read.
    damaged: watch::Sender<bool>,
    queue: Queue,
}

/// Why nothing was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// The index is being made.
    Rebuilding,
    /// It would wait too long.
    Overloaded,
    /// This very question has a fault of ours in it.
    Failed,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Asked {
    pub text: String,
    pub filters: Filters,
    pub sort: Sort,
    /// Where the page before ended, and whether words could have letters wrong there.
    pub after: Option<(Place, bool)>,
    pub limit: usize,
}

/// A page of answers.
pub struct Found {
    pub places: Vec<Place>,
    /// Whether more may follow after the last of them.
    pub more: bool,
    /// Whether words could have letters wrong: to be asked again for the next page.
    pub forgiving: bool,
    /// All answers, on whatever page.
    pub total: u64,
    /// Of the first page only.
    pub facets: Option<Facets>,
    /// The log index that the index reflects.
    pub index: u64,
    pub highlighter: Highlighter,
}

impl Default for Search {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Search(Arc::new(Shared {
            shown: ArcSwapOption::empty(),
            indexed: watch::Sender::new(0),
            awaited: Notify::new(),
            damaged: watch::Sender::new(false),
            queue: Queue::new(cores),
        }))
    }
}

impl Search {
    /// Answers a question. What was found may have changed since: read its rows.
    pub async fn find(&self, asked: Asked) -> Result<Found, Unavailable> {
        self.work(move |shown| {
            let started = std::time::Instant::now();
            let found = find(shown, asked);
            meter::answered(started.elapsed());
            found
        })
        .await
    }

    /// At most `limit` products, the best first, whose names have words that begin as the text does.
    pub async fn suggest(&self, text: String, limit: usize) -> Result<(Vec<ProductId>, u64), Unavailable> {
        self.work(move |shown| suggest(shown, &text, limit)).await
    }

    /// Waits until the index reflects `index`, so long at most; says whether it does.
    pub async fn reaches(&self, index: u64, patience: Duration) -> bool {
        let mut indexed = self.0.indexed.subscribe();
        self.0.awaited.notify_one();
        tokio::time::timeout(patience, indexed.wait_for(|indexed| *indexed >= index))
            .await
            .is_ok_and(|seen| seen.is_ok())
    }

    /// The log index that the index reflects; 0 while there is none.
    pub fn indexed(&self) -> u64 {
        *self.0.indexed.borrow()
    }

    pub(super) fn show(&self, shown: Shown) {
        let index = shown.index;
        self.0.shown.store(Some(Arc::new(shown)));
        self.0.indexed.send_replace(index);
    }

    /// The index is found to reflect more than it was shown with: nothing happened that it is about.
    pub(super) fn still_good_at(&self, index: u64) {
        if let Some(shown) = self.0.shown.load_full().filter(|shown| shown.index != index) {
            self.show(shown.at(index));
        }
    }

    /// What readers have now.
    pub(super) fn shown(&self) -> Option<Arc<Shown>> {
        self.0.shown.load_full()
    }

    /// Returns when somebody waits for the index.
    pub(super) async fn awaited(&self) {
        self.0.awaited.notified().await;
    }

    /// Returns when a reader has found that the index is damaged, once for each time.
    pub(super) async fn damaged(&self) {
        let mut damaged = self.0.damaged.subscribe();
        // The sender lives as long as this does.
        let _told = damaged.wait_for(|damaged| *damaged).await;
        self.0.damaged.send_replace(false);
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shown) -> tantivy::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let turn = self.0.queue.enter().await?;
        let shown = self.shown().ok_or(Unavailable::Rebuilding)?;
        // The turn ends with the work, not with whoever waits for it.
        let in_turn = move || {
            let done = work(&shown);
            drop(turn);
            done
        };
        match tokio::task::spawn_blocking(in_turn).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) if is_damage(&error) => {
                tracing::error!(%error, "the search index cannot be read; it is made anew");
                self.0.shown.store(None);
                self.0.damaged.send_replace(true);
                Err(Unavailable::Rebuilding)
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "a search could not be answered");
                Err(Unavailable::Failed)
            }
            Err(error) => {
                tracing::error!(%error, "a search did not end");
                Err(Unavailable::Failed)
            }
        }
    }
}

/// Whether an error says that the files are not what they were: then only another index helps.
fn is_damage(error: &TantivyError) -> bool {
    use TantivyError::*;
    matches!(error, IoError(_) | OpenReadError(_) | OpenDirectoryError(_) | DataCorruption(_) | IncompatibleIndex(_))
}

fn find(shown: &Shown, asked: Asked) -> tantivy::Result<Found> {
    let question = Question::read(&asked.text);
    let answered = match asked.after {
        Some(_) => Arc::new(answer(shown, &question, &asked)?),
        None => {
            let Asked { text, filters, sort, limit, .. } = asked.clone();
            let page = FirstPage { text, filters, sort, limit };
            shown.first_pages.get_or_insert_with(&page, || answer(shown, &question, &asked).map(Arc::new))?
        }
    };
    Ok(Found {
        places: answered.places.clone(),
        more: answered.more,
        forgiving: answered.forgiving,
        total: answered.total,
        facets: asked.after.is_none().then(|| answered.facets.clone()),
        index: shown.index,
        highlighter: Highlighter::of(&question, answered.forgiving),
    })
}

fn answer(shown: &Shown, question: &Question, asked: &Asked) -> tantivy::Result<Answered> {
    let Asked { filters, sort, after, limit, .. } = asked;
    let sort = if *sort == Sort::Relevance && !question.is_about_something() { Sort::Newest } else { *sort };
    let ask = |reading| {
        let collector = PageCollector {
            columns: shown.columns.clone(),
            sort,
            after: after.map(|(place, _)| place),
            // One more says whether there are more.
            limit: limit + 1,
            count_facets: after.is_none(),
        };
        search(shown, &*query(&shown.fields, question, filters, reading), &collector)
    };
    let mut forgiving = after.is_some_and(|(_, forgiving)| forgiving);
    let mut page = ask(if forgiving { Reading::Forgiving } else { Reading::Exact })?;
    // Whoever has seen a first page goes on as it was made, however many answers there are by now.
    if after.is_none() && page.total < ENOUGH && !question.words.is_empty() {
        forgiving = true;
        page = ask(Reading::Forgiving)?;
    }
    let Page { mut places, total, counts } = page;
    let more = places.len() > *limit;
    places.truncate(*limit);
    Ok(Answered { places, more, forgiving, total, facets: counts.facets() })
}

fn suggest(shown: &Shown, text: &str, limit: usize) -> tantivy::Result<(Vec<ProductId>, u64)> {
    let question = Question::read(text);
    let columns = shown.columns.clone();
    let collector = PageCollector { columns, sort: Sort::Relevance, after: None, limit, count_facets: false };
    let mut page = Page::default();
    for reading in [Reading::Exact, Reading::Forgiving] {
        page = search(shown, &*suggestions(&shown.fields, &question, reading), &collector)?;
        if page.places.len() == limit {
            break;
        }
    }
    Ok((page.places.iter().map(Place::product).collect(), shown.index))
}

/// Scores do not depend on what else is in the index, so its statistics are not read.
fn search(shown: &Shown, query: &dyn Query, collector: &PageCollector) -> tantivy::Result<Page> {
    use tantivy::collector::Collector;
    let searcher = &shown.searcher;
    let scoring = if collector.requires_scoring() {
        EnableScoring::enabled_from_searcher(searcher)
    } else {
        EnableScoring::disabled_from_searcher(searcher)
    };
    searcher.search_with_executor(query, collector, searcher.index().search_executor(), scoring)
}
