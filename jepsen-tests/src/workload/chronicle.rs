//! The whole feed, written down while it happens by an operator who reads it from the state of whichever node answers:
//! what the nodes themselves forget after a while is here to the end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::api::{Account, Api};
use crate::checker::event_order::{self, Position};
use crate::cluster::{Cluster, PATIENCE};
use crate::wait;
use crate::workload::following::{Span, Spans};
use crate::workload::reader::position;
use crate::workload::readers::{About, Notes};

/// Between two looks at the feed.
const EVERY: Duration = Duration::from_millis(100);

/// Everything that happened, in order.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    pub events: Vec<Happened>,
    /// Who was told of the creator's drops, and when.
    pub spans: Spans,
    /// Where the next page begins, as a node says it.
    next: String,
    /// The log index that all of it reflects.
    reflects: u64,
    /// Events went before they were written down.
    torn: Option<String>,
}

/// One event.
#[derive(Debug, Clone)]
pub struct Happened {
    pub at: Position,
    /// The drop that it is told of to everybody.
    pub drop: Option<String>,
    /// Whose business it is alone.
    pub account: Option<String>,
}

/// A feed that is being written down.
pub struct Chronicle {
    feed: Arc<Mutex<Feed>>,
    /// Where the nodes' feed begins by now.
    pub floor: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Drop for Chronicle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Chronicle {
    pub fn begin(cluster: &Cluster, api: &Api) -> Result<Self> {
        let nodes = cluster.ids().into_iter().map(|id| Ok((cluster.url(id).to_owned(), cluster.operator(id)?)));
        let (nodes, api) = (nodes.collect::<Result<Vec<_>>>()?, api.clone());
        let (feed, floor) = (Arc::<Mutex<Feed>>::default(), Arc::<AtomicU64>::default());
        let (written, known) = (feed.clone(), floor.clone());
        let task = tokio::spawn(async move {
            for (url, operator) in nodes.iter().cycle() {
                let next = written.lock().expect("no panic with the lock in hand").next.clone();
                // A node that is gone says nothing, and another one will.
                if let Ok(page) = page(&api, url, operator, &next).await {
                    known.fetch_max(page.oldest_index, Ordering::Relaxed);
                    let more = page.more;
                    written.lock().expect("no panic with the lock in hand").add(page);
                    if more {
                        continue;
                    }
                }
                wait::pause(EVERY).await;
            }
        });
        Ok(Chronicle { feed, floor, task })
    }

    /// All that happened up to a log index at least.
    pub async fn until(&self, index: u64, spans: Spans) -> Result<Feed> {
        let feed = wait::until("the feed to be written down", PATIENCE, async || {
            let feed = self.feed.lock().expect("no panic with the lock in hand");
            ensure!(feed.reflects >= index, "up to {} of {index}", feed.reflects);
            Ok(feed.clone())
        });
        let feed = feed.await?;
        match &feed.torn {
            Some(torn) => bail!("{torn}: nothing can be judged by what was written down"),
            None => Ok(Feed { spans, ..feed }),
        }
    }
}

struct Page {
    events: Vec<Happened>,
    next: String,
    more: bool,
    oldest_index: u64,
    reflects: u64,
}

async fn page(api: &Api, url: &str, operator: &Account, next: &str) -> Result<Page> {
    let after = if next.is_empty() { String::new() } else { format!("&after={next}") };
    let answer = api.get(&format!("{url}/v1/admin/events?limit=1000{after}"), Some(operator)).await?;
    let answer = answer.expect(200, "reading the feed")?;
    let text = |name: &str| answer.body[name].as_str().with_context(|| format!("a page says {name}"));
    Ok(Page {
        events: answer.body["items"]
            .as_array()
            .context("a page has items")?
            .iter()
            .map(happened)
            .collect::<Result<_>>()?,
        next: text("next_after")?.to_owned(),
        more: answer.body["has_more"] == json!(true),
        oldest_index: text("oldest_index")?.parse()?,
        reflects: answer.index.context("a page says what it reflects")?,
    })
}

fn happened(item: &Value) -> Result<Happened> {
    let text = |name: &str| item[name].as_str().map(str::to_owned);
    let account = text("account_id");
    let drop = text("drop_id").filter(|_| account.is_none());
    Ok(Happened { at: position(&text("id").context("an event has an id")?)?, drop, account })
}

impl Feed {
    fn add(&mut self, page: Page) {
        let through = position(&self.next).unwrap_or_default();
        if !self.next.is_empty() && page.oldest_index > through.0 + 1 {
            self.torn = Some(format!("what came after {} was gone before it was read", self.next));
        }
        if position(&page.next).unwrap_or_default() > through {
            self.next = page.next;
        }
        self.events.extend(page.events);
        if !page.more {
            self.reflects = self.reflects.max(page.reflects);
        }
    }

    /// The last event that a reader must be told.
    pub fn last(&self, notes: &Notes) -> Option<Position> {
        let last = self.events.iter().rev().filter(|event| event.at > notes.from);
        last.map(|event| (event, self.concerns(event, &notes.about, None)))
            .find(|(_, it)| *it == Concern::Yes)
            .map(|it| it.0.at)
    }

    /// What a reader was told, beside what it should have been: up to the end of `earlier` at least, and of what it was
    /// told after that.
    pub fn chain(&self, notes: Notes, earlier: &Feed) -> event_order::Chain {
        let end = earlier.last(&notes).max(notes.chain.told.iter().max().copied());
        let told: std::collections::BTreeSet<_> = notes.chain.told.iter().copied().collect();
        let of_drops = self.events.iter().filter(|event| event.drop.is_some() && told.contains(&event.at));
        let seen: Vec<Position> = of_drops.map(|event| event.at).collect();
        let (mut owed, mut optional) = (Vec::new(), Vec::new());
        for event in self.events.iter().filter(|event| event.at > notes.from && Some(event.at) <= end) {
            match self.concerns(event, &notes.about, Some(&seen)) {
                Concern::Yes => owed.push(event.at),
                Concern::Perhaps => optional.push(event.at),
                Concern::No => {}
            }
        }
        event_order::Chain { owed, optional, ..notes.chain }
    }

    /// `seen` is what a reader was told of drops, when that is known.
    fn concerns(&self, event: &Happened, about: &About, seen: Option<&[Position]>) -> Concern {
        let own = match about {
            About::Drop(drop) => return Concern::of(event.drop.as_ref() == Some(drop)),
            About::Own(account) => &account.id,
        };
        if event.drop.is_none() {
            return Concern::of(event.account.as_ref() == Some(own));
        }
        let spans = self.spans.get(own).map(Vec::as_slice).unwrap_or_default();
        let each = spans.iter().map(|span| span.concern(event.at, seen.unwrap_or_default()));
        each.max().unwrap_or(Concern::No)
    }
}

/// Whether an event is for a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    No,
    /// It may have been told and may not.
    Perhaps,
    Yes,
}

impl Concern {
    fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Span {
    /// Whoever does not follow any more is not told of what happened while it did and was away. So of a span that has
    /// ended, only what came before the last that was told of it is owed: events are looked up in order.
    fn concern(&self, at: Position, seen: &[Position]) -> Concern {
        let ended_after = self.ended.map_or(u64::MAX, |ended| ended.after);
        let ended_by = self.ended.map_or(u64::MAX, |ended| ended.by);
        if at.0 <= self.began.after || at.0 > ended_by {
            return Concern::No;
        }
        let told_later = || seen.iter().any(|later| *later >= at && later.0 <= ended_after);
        let surely = at.0 >= self.began.by && at.0 <= ended_after && (self.ended.is_none() || told_later());
        if surely { Concern::Yes } else { Concern::Perhaps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::following::Between;

    #[test]
    fn what_happened_while_somebody_surely_followed_is_owed() {
        let began = Between { after: 10, by: 12 };
        let span = Span { began, ended: None };
        let concern =
            |span: &Span, seen: &[Position]| [10, 11, 12, 20, 29, 30, 31].map(|at| span.concern((at, 0), seen));
        use Concern::{No, Perhaps, Yes};
        assert_eq!(concern(&span, &[]), [No, Perhaps, Yes, Yes, Yes, Yes, Yes]);
        let ended = Span { began, ended: Some(Between { after: 28, by: 30 }) };
        assert_eq!(concern(&ended, &[]), [No, Perhaps, Perhaps, Perhaps, Perhaps, Perhaps, No]);
        assert_eq!(concern(&ended, &[(20, 0)]), [No, Perhaps, Yes, Yes, Perhaps, Perhaps, No]);
    }

    #[test]
    fn a_page_that_begins_after_the_last_one_ended_tears_the_feed() {
        let page = |oldest_index, next: &str| Page {
            events: vec![],
            next: next.into(),
            more: false,
            oldest_index,
            reflects: 1,
        };
        let mut feed = Feed::default();
        feed.add(page(4, "9-0"));
        feed.add(page(10, "30-1"));
        assert_eq!(feed.torn, None);
        feed.add(page(32, "50-0"));
        assert!(feed.torn.is_some());
    }
}
