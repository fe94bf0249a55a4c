//! Many readers of streams at once, who come and go as they like, and write down what they were told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::Account;
use crate::checker::event_order::{Chain, Position, Reset};
use crate::seed::Seed;
use crate::wait;
use crate::workload::reader::{Said, Stream};

/// Between two tries to connect.
const AGAIN: Duration = Duration::from_millis(100);
/// A stream says something every 15 seconds; whoever hears nothing for longer is at a node that is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// How long a reader stays at one node, in milliseconds: from none to this.
const STAYS_MS: u64 = 8_000;
/// Of so many readers two, of different kinds, stay away whenever they have left, until the feed does not reach back to
/// them any more.
const SLEEPS: usize = 20;

/// What a stream is about.
#[derive(Debug, Clone)]
pub enum About {
    /// Everybody may follow a drop.
    Drop(String),
    /// An account's own orders, and the drops of creators whom it follows.
    Own(Account),
}

/// What one reader has been told.
#[derive(Debug, Clone)]
pub struct Notes {
    pub about: About,
    /// Where it began.
    pub from: Position,
    pub chain: Chain,
    last: Position,
}

/// Readers at work.
pub struct Readers {
    notes: Vec<Arc<Mutex<Option<Notes>>>>,
    at_work: JoinSet<()>,
    shared: Arc<Shared>,
}

/// What all readers know.
struct Shared {
    connections: AtomicU64,
    resets: AtomicU64,
    /// Where the feed begins.
    floor: Arc<AtomicU64>,
    /// Nobody stays away any more.
    over: AtomicBool,
}

impl Readers {
    /// One reader for each of `about`, each with luck of its own. `floor` is where the feed begins, as far as is known.
    pub fn begin(urls: &Arc<Vec<String>>, about: Vec<About>, floor: Arc<AtomicU64>, seed: &mut Seed) -> Result<Self> {
        let (mut notes, mut at_work) = (Vec::new(), JoinSet::new());
        let (connections, resets, over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { connections, resets, floor, over });
        for (number, about) in about.into_iter().enumerate() {
            // A client of its own: readers do not share connections.
            let client = Client::builder().no_proxy().connect_timeout(Duration::from_secs(2)).build()?;
            let kept: Arc<Mutex<Option<Notes>>> = Arc::default();
            notes.push(kept.clone());
            let (urls, luck, shared) = (urls.clone(), Seed::new(seed.draw()), shared.clone());
            at_work.spawn(async move {
                let mut reader = Reader { number, client, urls, about, kept, luck, shared };
                loop {
                    // Why a stream ended does not matter: what counts is that the next one goes on.
                    let _ended = reader.stay().await;
                    wait::pause(AGAIN).await;
                    while reader.sleeps() {
                        wait::pause(AGAIN).await;
                    }
                }
            });
        }
        Ok(Readers { notes, at_work, shared })
    }

    /// How often readers were told that they had missed something.
    pub fn resets(&self) -> u64 {
        self.shared.resets.load(Ordering::Relaxed)
    }

    /// Waits until every reader stands somewhere: what happens from then on must be told to all of them.
    pub async fn stand(&self, deadline: Duration) -> Result<()> {
        wait::until("every reader to have a stream", deadline, async || {
            let waiting = self.notes.iter().filter(|notes| locked(notes).is_none()).count();
            ensure!(waiting == 0, "{waiting} of {} have none", self.notes.len());
            Ok(())
        })
        .await
    }

    /// Waits until every reader was told the last event that concerns it, given by `last` for what it is about, or until
    /// the deadline: then a checker says who was not. Gives the notes of all of them, and how often they connected.
    pub async fn finish(
        mut self,
        deadline: Duration,
        last: impl Fn(&Notes) -> Option<Position>,
    ) -> Result<(Vec<Notes>, u64)> {
        self.shared.over.store(true, Ordering::Relaxed);
        let told_all = wait::until("every reader to be told everything", deadline, async || {
            let behind = self.notes.iter().filter(|notes| {
                let notes = locked(notes);
                notes.as_ref().is_none_or(|notes| last(notes).is_some_and(|last| notes.last < last))
            });
            let behind = behind.count();
            ensure!(behind == 0, "{behind} are behind");
            Ok(())
        });
        if let Err(late) = told_all.await {
            eprintln!("{late:#}");
        }
        self.at_work.shutdown().await;
        let notes = self.notes.iter().map(|notes| locked(notes).clone().context("a reader never had a stream"));
        Ok((notes.collect::<Result<Vec<_>>>()?, self.shared.connections.load(Ordering::Relaxed)))
    }
}

fn locked(notes: &Mutex<Option<Notes>>) -> std::sync::MutexGuard<'_, Option<Notes>> {
    notes.lock().expect("no reader panics with the lock in hand")
}

struct Reader {
    number: usize,
    client: Client,
    urls: Arc<Vec<String>>,
    about: About,
    kept: Arc<Mutex<Option<Notes>>>,
    luck: Seed,
    shared: Arc<Shared>,
}

impl Reader {
    /// Whether it stays away for a while longer.
    fn sleeps(&self) -> bool {
        let over = self.shared.over.load(Ordering::Relaxed);
        let reaches = |last: Position| last.0 >= self.shared.floor.load(Ordering::Relaxed);
        let last = locked(&self.kept).as_ref().map(|notes| notes.last);
        self.number % SLEEPS < 2 && !over && last.is_some_and(reaches)
    }

    /// Reads at one node until it ends, or until the reader wants to be elsewhere.
    async fn stay(&mut self) -> Result<()> {
        let node = &self.urls[usize::try_from(self.luck.below(self.urls.len() as u64))?];
        let (url, who) = match &self.about {
            About::Drop(id) => (format!("{node}/v1/drops/{id}/events"), None),
            About::Own(account) => (format!("{node}/v1/events"), Some(account)),
        };
        let after = locked(&self.kept).as_ref().map(|notes| notes.last);
        let mut stream = timeout(SILENCE, Stream::open(&self.client, &url, who, after)).await??;
        self.shared.connections.fetch_add(1, Ordering::Relaxed);
        let leaves = tokio::time::Instant::now() + Duration::from_millis(self.luck.below(STAYS_MS));
        loop {
            let next = tokio::select! {
                next = timeout(SILENCE, stream.next()) => next??,
                () = tokio::time::sleep_until(leaves) => return Ok(()),
            };
            let Some(said) = next else { return Ok(()) };
            for said in said {
                if said == Said::Bye {
                    return Ok(());
                }
                self.note(said);
            }
        }
    }

    fn note(&self, said: Said) {
        let mut kept = locked(&self.kept);
        let begin = |from| Notes {
            about: self.about.clone(),
            from,
            chain: Chain { reader: format!("reader {} of {}", self.number, name(&self.about)), ..Chain::default() },
            last: from,
        };
        match (said, &mut *kept) {
            (Said::Stands(at), None) => *kept = Some(begin(at)),
            (Said::Stands(at), Some(notes)) => notes.last = notes.last.max(at),
            (Said::Event(at, _), Some(notes)) => {
                notes.chain.told.push(at);
                notes.last = notes.last.max(at);
            }
            (Said::Reset(at, oldest_index), Some(notes)) => {
                notes.chain.resets.push(Reset { stood: notes.last, began: at, oldest_index });
                notes.last = at;
                self.shared.resets.fetch_add(1, Ordering::Relaxed);
            }
            // A stream without an id of the reader's begins by saying where it stands.
            (Said::Event(..) | Said::Reset(..), None) | (Said::Sample | Said::Bye, _) => {}
        }
    }
}

fn name(about: &About) -> &str {
    match about {
        About::Drop(id) => id,
        About::Own(account) => &account.name,
    }
}

/// How many readers there are of each kind, for the report.
pub fn kinds(notes: &[Notes]) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    for notes in notes {
        let kind = match notes.about {
            About::Drop(_) => "of drops",
            About::Own(_) => "of their own",
        };
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}
