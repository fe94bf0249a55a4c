//! Webhooks as a shop gets them in bad times: twice, late, out of order, old, and from somebody who is not the
//! gateway. Every listener is told everything, and told again until it says that it has understood.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Result;
use aws_lc_rs::hmac;
use reqwest::Client;
use serde_json::json;
use tokio::sync::watch;

use super::clock;
use super::intents::Told;
use crate::seed::Seed;
use crate::wait;

/// How long a listener may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often an event is tried in all. Stripe goes on for three days.
const TRIES: u32 = 6;
const FIRST_GAP: Duration = Duration::from_millis(100);
/// How much too old an old one is, in seconds; five minutes are allowed.
const AGE: u64 = 3_600;

/// Whom to tell, and how.
pub struct Listeners {
    pub urls: Vec<String>,
    pub secret: String,
    /// One is drawn for each event.
    pub habits: Vec<Habit>,
    pub seed: Seed,
}

/// How an event is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    Normal,
    Twice,
    /// It is held back until the next event has been sent.
    Reordered,
    /// It is told after this time.
    Late(Duration),
    /// It is signed with a secret that is not the listener's, once.
    Forged,
    /// It is signed well, long ago, once.
    OldTimestamp,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub url: String,
    pub event_id: String,
    pub kind: &'static str,
    pub habit: Habit,
    /// Of the answer; none when there was none.
    pub status: Option<u16>,
}

/// The sender. Clones are the same.
#[derive(Clone)]
pub(super) struct Post {
    client: Client,
    desk: Arc<Mutex<Desk>>,
    on_their_way: watch::Sender<usize>,
}

#[derive(Default)]
struct Desk {
    listeners: Option<Listeners>,
    held_back: Option<Letter>,
    deliveries: Vec<Delivery>,
    count: u64,
}

/// An event on its way.
#[derive(Clone)]
struct Letter {
    urls: Vec<String>,
    secret: String,
    event_id: String,
    kind: &'static str,
    habit: Habit,
    body: String,
}

impl Post {
    pub fn new() -> Result<Self> {
        let client = Client::builder().timeout(ANSWER_WITHIN).no_proxy().build()?;
        Ok(Post { client, desk: Arc::default(), on_their_way: watch::Sender::new(0) })
    }

    pub fn tell(&self, listeners: Listeners) {
        assert!(!listeners.habits.is_empty(), "there is a habit to choose");
        self.desk().listeners = Some(listeners);
    }

    /// Sends each event on its own, without waiting.
    pub fn send(&self, events: Vec<Told>) {
        for event in events {
            let letters = self.desk().write(event);
            for letter in letters {
                for url in letter.urls.clone() {
                    self.on_their_way.send_modify(|count| *count += 1);
                    tokio::spawn(self.clone().deliver(url, letter.clone()));
                }
            }
        }
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.desk().deliveries.clone()
    }

    pub fn on_their_way(&self) -> usize {
        *self.on_their_way.borrow()
    }

    async fn deliver(self, url: String, letter: Letter) {
        let times = match letter.habit {
            Habit::Late(time) => {
                tokio::time::sleep(time).await;
                1
            }
            Habit::Twice => 2,
            _ => 1,
        };
        for _ in 0..times {
            self.deliver_once(&url, &letter).await;
        }
        self.on_their_way.send_modify(|count| *count -= 1);
    }

    /// Until the listener has understood. What ought to be refused is tried once.
    async fn deliver_once(&self, url: &str, letter: &Letter) {
        let tries = if matches!(letter.habit, Habit::Forged | Habit::OldTimestamp) { 1 } else { TRIES };
        let mut gap = FIRST_GAP;
        for _ in 0..tries {
            let request = self.client.post(url).header("stripe-signature", letter.signature());
            let answer = request.header("content-type", "application/json").body(letter.body.clone()).send().await;
            let status = answer.ok().map(|answer| answer.status().as_u16());
            let Letter { event_id, kind, habit, .. } = letter.clone();
            self.desk().deliveries.push(Delivery { url: url.to_owned(), event_id, kind, habit, status });
            if status.is_some_and(|status| (200..300).contains(&status)) {
                return;
            }
            wait::pause(gap).await;
            gap *= 2;
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("nobody panics while the desk is theirs")
    }
}

impl Desk {
    /// The letters that go out now. One that is held back goes after the next.
    fn write(&mut self, (kind, object): Told) -> Vec<Letter> {
        let Some(listeners) = &mut self.listeners else { return Vec::new() };
        let habit = listeners.habits[listeners.seed.below(listeners.habits.len() as u64) as usize];
        self.count += 1;
        let event_id = format!("evt_double_{:08}", self.count);
        let body = json!({
            "id": event_id, "object": "event", "type": kind, "created": clock::now_s(), "data": { "object": object },
        });
        let (urls, secret) = (listeners.urls.clone(), listeners.secret.clone());
        let letter = Letter { urls, secret, event_id, kind, habit, body: body.to_string() };
        match (habit, self.held_back.take()) {
            (Habit::Reordered, None) => {
                self.held_back = Some(letter);
                Vec::new()
            }
            (_, held_back) => std::iter::once(letter).chain(held_back).collect(),
        }
    }
}

impl Letter {
    fn signature(&self) -> String {
        let at = if self.habit == Habit::OldTimestamp { clock::now_s() - AGE } else { clock::now_s() };
        let secret = if self.habit == Habit::Forged { "whsec_of_a_forger" } else { self.secret.as_str() };
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{at}.{}", self.body).as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at},v1={hex}")
    }
}
