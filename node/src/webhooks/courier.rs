//! The leader's courier: makes deliveries of what happened, and sends what is due until it has arrived.
//!
//! At least once: a delivery is in the log before it is sent, and what came of it after. Between the two a leader may
//! go, and the next one sends again, under the same `webhook-id`.

use std::collections::BTreeSet;
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
use crate::raft::{Leadership, leads};
use crate::rest::{Shop, look};

/// How often it looks for what happened and for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(200);
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
                _ = every.tick() => seen = self.enqueue(seen).await,
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

    /// Puts in the log what creators asked to be told since; gives how far it has looked.
    async fn enqueue(&self, mut seen: u64) -> u64 {
        loop {
            let gathered = match look(&*self.shop, |view| gather(view, seen)) {
                Ok(seen) => seen.what,
                Err(fault) => {
                    tracing::error!(%fault, "events could not be read for webhooks");
                    return seen;
                }
            };
            for command in gathered.commands {
                // Refused when another leader was faster: then the next look begins at its cursor.
                if self.tell(command).await != Some(true) {
                    return seen;
                }
            }
            seen = gathered.through;
            if !gathered.more {
                return seen;
            }
        }
    }

    /// What is to be sent now and is not on its way, as much as may be.
    fn due(&self, carried: &BTreeSet<Waiting>) -> Vec<Parcel> {
        let room = self.at_once.saturating_sub(carried.len());
        let now = self.shop.now();
        let get = |view: &dyn View| {
            let mut parcels = Vec::new();
            if room == 0 {
                return Ok(parcels);
            }
            for waiting in webhooks::due(view, now, room + carried.len())? {
                if parcels.len() < room && !carried.contains(&waiting) {
                    parcels.extend(parcel(view, waiting)?);
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
        self.tell(Command::Attempted(attempted)).await;
        waiting
    }

    /// Whether the log has taken a command; none when it could not be told.
    async fn tell(&self, command: Command) -> Option<bool> {
        let request = Request { request_id: "courier".to_owned(), idempotency: None, command: command.into() };
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
