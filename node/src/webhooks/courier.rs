//! The leader's courier: makes deliveries of what happened, and sends what is due until it has arrived.
//!
//! At least once: a delivery is in the log before it is sent, and what came of it after. Between the two a leader may
//! go, and the next one sends again, under the same `webhook-id`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::webhooks::{self, Attempted, Command, Delivery, ERROR_MAX, Endpoint, Waiting};
use livedrop_domain::{Fault, Request, View};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::enqueue::gather;
use super::message_id;
use super::send::{Sender, Sent};
use crate::payments::pause::Pause;
use crate::raft::{Leadership, leads};
use crate::rest::{Shop, look};

/// How often it looks for what happened and for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Deliveries to one endpoint at a time: a slow one must not keep the others waiting.
const ENDPOINT_AT_ONCE: usize = 4;
/// Deliveries that are looked at together, and how many times that at most.
const PAGE: usize = 100;
const PAGES_MAX: usize = 20;
/// How often, and how far apart at most, the log is told of an attempt before the delivery is given up to the next look.
const TELLS_MAX: usize = 20;
const TELL_PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long to wait before the second try, the third, and so on; then as long as the last, each time.
const PAUSES_S: [u64; 11] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 18_000, 36_000, 50_400, 72_000];

/// What it takes to deliver.
pub struct Courier {
    shop: Arc<dyn Shop>,
    sender: Sender,
    at_once: usize,
}

/// A delivery, and where it goes.
struct Parcel {
    waiting: Waiting,
    endpoint: Endpoint,
    delivery: Delivery,
}

impl Courier {
    /// `at_once` deliveries are on their way at one time.
    pub fn new(shop: Arc<dyn Shop>, sender: Sender, at_once: usize) -> Arc<Self> {
        describe();
        Arc::new(Courier { shop, sender, at_once })
    }

    /// Delivers whenever this node leads, until stopped.
    pub async fn keep(self: Arc<Self>, mut leadership: watch::Receiver<Leadership>, stop: CancellationToken) {
        while stop.run_until_cancelled(leads(&mut leadership, true)).await == Some(true) {
            tokio::select! {
                () = self.clone().lead() => {}
                _ = leads(&mut leadership, false) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn lead(self: Arc<Self>) {
        let (mut on_their_way, mut seen) = (JoinSet::new(), 0);
        let mut carried: BTreeSet<Waiting> = BTreeSet::new();
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => {
                    let more;
                    (seen, more) = self.enqueue(seen).await;
                    if more {
                        every.reset_immediately();
                    }
                }
                Some(ended) = on_their_way.join_next() => {
                    if let Ok(waiting) = ended {
                        carried.remove(&waiting);
                    }
                }
            }
            for parcel in self.due(&carried) {
                carried.insert(parcel.waiting);
                let courier = self.clone();
                on_their_way.spawn(async move { courier.carry(parcel).await });
            }
        }
    }

    /// Puts in the log what creators asked to be told of the next stretch of events; gives how far it has looked, and
    /// whether there is more.
    async fn enqueue(&self, seen: u64) -> (u64, bool) {
        let gathered = match look(&*self.shop, |view| gather(view, seen)) {
            Ok(seen) => seen.what,
            Err(fault) => {
                tracing::error!(%fault, "events could not be read for webhooks");
                return (seen, false);
            }
        };
        for command in gathered.commands {
            // Refused when another leader was faster: then the next look begins at its cursor.
            if self.tell(command).await != Some(true) {
                return (seen, false);
            }
        }
        if let Some(missed) = &gathered.missed {
            let (from, through) = (missed.start(), missed.end());
            tracing::warn!(from, through, "the journal let events go before they were enqueued for webhooks");
            metrics::counter!("livedrop_webhook_missed_entries_total").increment(through - from + 1);
        }
        (gathered.through, gathered.more)
    }

    /// What is to be sent now and is not on its way, as much as may be.
    fn due(&self, carried: &BTreeSet<Waiting>) -> Vec<Parcel> {
        let room = self.at_once.saturating_sub(carried.len());
        let now = self.shop.now();
        let get = |view: &dyn View| {
            let mut parcels = Vec::new();
            let mut page = if room == 0 { Vec::new() } else { webhooks::due(view, now, PAGE)? };
            let mut of_endpoint = BTreeMap::new();
            for waiting in carried {
                *of_endpoint.entry(waiting.endpoint_id).or_insert(0) += 1;
            }
            for _ in 0..PAGES_MAX {
                for waiting in &page {
                    let busy = of_endpoint.entry(waiting.endpoint_id).or_insert(0);
                    if parcels.len() < room && *busy < ENDPOINT_AT_ONCE && !carried.contains(waiting) {
                        *busy += 1;
                        parcels.extend(parcel(view, *waiting)?);
                    }
                }
                match page.last() {
                    Some(last) if parcels.len() < room && page.len() == PAGE => {
                        page = webhooks::due_after(view, last, now, PAGE)?;
                    }
                    _ => break,
                }
            }
            Ok(parcels)
        };
        match look(&*self.shop, get) {
            Ok(seen) => seen.what,
            Err(fault) => {
                tracing::error!(%fault, "due deliveries could not be read");
                Vec::new()
            }
        }
    }

    async fn carry(&self, parcel: Parcel) -> Waiting {
        let Parcel { waiting, endpoint, delivery } = parcel;
        let now = self.shop.now();
        let secrets: Vec<&[u8]> = endpoint.secrets_at(now).map(|secret| &secret.0[..]).collect();
        let id = message_id((waiting.index, waiting.ordinal));
        let Sent { status, error, duration_ms } =
            self.sender.post(&endpoint.url, &secrets, &id, now.0 / 1_000, delivery.body).await;
        let arrived = status.is_some_and(|status| (200..300).contains(&status));
        let result = if arrived { "delivered" } else { "failed" };
        metrics::counter!("livedrop_webhook_attempts_total", "result" => result).increment(1);
        let attempted = Attempted {
            endpoint_id: waiting.endpoint_id,
            creator_id: waiting.creator_id,
            index: waiting.index,
            ordinal: waiting.ordinal,
            attempt: delivery.attempt,
            status,
            error: error.map(shorten),
            duration_ms,
            retry_in_ms: retry_in_ms(delivery.attempt, getrandom::u32().unwrap_or(u32::MAX / 2)),
            gone: false,
        };
        // Until the log knows, the delivery is due, and would be sent again at once.
        let mut pause = Pause::new(TELL_PAUSE_MAX);
        for _ in 0..TELLS_MAX {
            if self.tell(Command::Attempted(attempted.clone())).await.is_some() {
                break;
            }
            pause.wait().await;
        }
        waiting
    }

    /// Whether the log has taken a command; none when it could not be told.
    async fn tell(&self, command: Command) -> Option<bool> {
        let request =
            Request { request_id: "courier".to_owned(), idempotency: None, command: command.into(), by: None };
        match self.shop.propose(request).await {
            Ok(outcome) => Some(outcome.answer.is_ok()),
            Err(unanswered) => {
                tracing::debug!(%unanswered, "the log could not be told of deliveries");
                None
            }
        }
    }
}

/// A delivery with its endpoint, which are there while it waits.
fn parcel(view: &dyn View, waiting: Waiting) -> Result<Option<Parcel>, Fault> {
    let endpoint = webhooks::endpoint(view, waiting.creator_id, waiting.endpoint_id)?;
    let delivery = webhooks::delivery(view, waiting.endpoint_id, (waiting.index, waiting.ordinal))?;
    Ok(endpoint.zip(delivery).map(|(endpoint, delivery)| Parcel { waiting, endpoint, delivery }))
}

/// How long to wait after try `attempt`, a tenth more or less. `random` is any number.
fn retry_in_ms(attempt: u32, random: u32) -> u64 {
    let place = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES_S.len() - 1);
    let pause = PAUSES_S[place] * 1_000;
    pause - pause / 10 + pause / 5 * u64::from(random) / u64::from(u32::MAX)
}

fn shorten(mut error: String) -> String {
    let end = (0..=ERROR_MAX.min(error.len())).rev().find(|end| error.is_char_boundary(*end));
    error.truncate(end.unwrap_or_default());
    error
}

fn describe() {
    metrics::describe_counter!(
        "livedrop_webhook_attempts_total",
        "On the leader: tries to deliver to creators' servers, by what came of them."
    );
    metrics::describe_counter!(
        "livedrop_webhook_missed_entries_total",
        "On the leader: log entries that the journal let go of before their events were enqueued for webhooks."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_seconds_to_most_of_a_day() {
        assert_eq!((retry_in_ms(1, 0), retry_in_ms(1, u32::MAX)), (4_500, 5_500));
        assert_eq!(retry_in_ms(11, u32::MAX / 2) / 3_600_000, 19);
        assert_eq!(retry_in_ms(99, 0), retry_in_ms(11, 0));
    }

    #[test]
    fn a_long_error_is_cut_between_characters() {
        assert_eq!(shorten("short".into()), "short");
        assert_eq!(shorten("é".repeat(200)).len(), ERROR_MAX);
    }
}
