//! Many signed-in readers of their own streams, who say when they are told that a drop is live.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::api::Account;
use crate::cluster::PATIENCE;
use crate::wait;
use crate::workload::reader::{Said, Stream};

/// Streams that are begun at one time.
const BEGUN_AT_ONCE: usize = 64;
/// Between two tries to begin one.
const AGAIN: Duration = Duration::from_millis(200);

/// Readers at work, each at the next node.
pub struct Listeners {
    count: usize,
    heard: mpsc::Receiver<(usize, Instant)>,
    shared: Arc<Shared>,
    _at_work: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    standing: AtomicUsize,
    /// How often a stream was begun.
    begun: AtomicU64,
}

impl Listeners {
    /// Begins a stream for each account and waits until all of them stand.
    pub async fn begin(urls: &Arc<Vec<String>>, accounts: &Arc<Vec<Account>>) -> Result<Self> {
        let client = Client::builder().no_proxy().connect_timeout(Duration::from_secs(10)).build()?;
        let (tell, heard) = mpsc::channel(accounts.len().max(1));
        let (shared, door) = (Arc::new(Shared::default()), Arc::new(Semaphore::new(BEGUN_AT_ONCE)));
        let mut at_work = JoinSet::new();
        for number in 0..accounts.len() {
            let listener = Listener {
                number,
                url: format!("{}/v1/events", urls[number % urls.len()]),
                accounts: accounts.clone(),
                client: client.clone(),
                door: door.clone(),
                shared: shared.clone(),
                tell: tell.clone(),
                last: None,
            };
            at_work.spawn(listener.listen());
        }
        let listeners = Listeners { count: accounts.len(), heard, shared, _at_work: at_work };
        wait::until("all to listen", 5 * PATIENCE, async || {
            let standing = listeners.shared.standing.load(Ordering::Relaxed);
            ensure!(standing == listeners.count, "{standing} of {} do", listeners.count);
            Ok(())
        })
        .await?;
        Ok(listeners)
    }

    /// How often a stream had to be begun again.
    pub fn begun_again(&self) -> u64 {
        self.shared.begun.load(Ordering::Relaxed).saturating_sub(self.count as u64)
    }

    /// When each was told, in no order. Waits for all of them, but not for longer than `patience`; fails when one was
    /// told twice.
    pub async fn told(&mut self, patience: Duration) -> Result<Vec<Instant>> {
        let (deadline, mut times) = (Instant::now() + patience, vec![None; self.count]);
        for _ in 0..self.count {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(next) = timeout(left, self.heard.recv()).await else { break };
            let (number, at) = next.context("readers go on for as long as they are held")?;
            ensure!(times[number].replace(at).is_none(), "reader {number} was told twice");
        }
        Ok(times.into_iter().flatten().collect())
    }
}

struct Listener {
    number: usize,
    url: String,
    accounts: Arc<Vec<Account>>,
    client: Client,
    door: Arc<Semaphore>,
    shared: Arc<Shared>,
    tell: mpsc::Sender<(usize, Instant)>,
    last: Option<(u64, u32)>,
}

impl Listener {
    async fn listen(mut self) {
        loop {
            // Why it ended does not matter: it goes on after the last event, and whoever is not told is missed.
            let _ended = self.stay().await;
            wait::pause(AGAIN).await;
        }
    }

    async fn stay(&mut self) -> Result<()> {
        let turn = self.door.acquire().await?;
        let account = &self.accounts[self.number];
        let mut stream = Stream::open(&self.client, &self.url, Some(account), self.last).await?;
        drop(turn);
        self.shared.begun.fetch_add(1, Ordering::Relaxed);
        while let Some(said) = stream.next().await? {
            for said in said {
                match said {
                    Said::Stands(at) => {
                        if self.last.replace(at).is_none() {
                            self.shared.standing.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    Said::Event(at, kind) => {
                        self.last = Some(at);
                        if kind == "drop.live" {
                            self.tell.send((self.number, Instant::now())).await?;
                        }
                    }
                    Said::Reset(at, _) => self.last = Some(at),
                    Said::Sample | Said::Bye => {}
                }
            }
        }
        Ok(())
    }
}
