//! Follows the facts, entry by entry, and gives each stream what it is about.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::accounts::Event as OfAccounts;
use livedrop_domain::notifications::Kind;
use livedrop_domain::{AccountId, DropId, Event, Fault, journal};
use livedrop_store::Facts;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Position;
use super::entry::{Entry, facts_of};
use super::following;
use super::hub::{Hub, present};
use super::subscriber::{Cut, Subscriber, Topic};
use crate::rest::look;
use crate::told::{self, Audience};

/// Journal rows that are read at once when facts were missed.
const STRETCH: usize = 16;
/// Before it is looked again where to go on, while that cannot be read.
const LOST_PAUSE: Duration = Duration::from_secs(1);

/// Tells the hub what happens, until stopped. `facts` must have been subscribed to before the hub was made.
pub async fn follow(hub: Arc<Hub>, mut facts: Receiver<Arc<Facts>>, stop: CancellationToken) {
    let mut find_at = None;
    loop {
        find_at = if hub.is_lost() { find_at.or_else(|| Some(Instant::now() + LOST_PAUSE)) } else { None };
        let (sample, find) = (until(hub.next_sample()), until(find_at));
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = sample => hub.sample_due(),
            () = find => {
                find_at = None;
                hub.begin_anew_at_present(Cut::Fault).await;
            }
            () = hub.joined.notified() => {}
            next = facts.recv() => match next {
                Ok(next) if next.resync => hub.catch_up().await,
                Ok(next) => hub.route(next).await,
                Err(RecvError::Lagged(_)) => hub.catch_up().await,
                Err(RecvError::Closed) => return,
            },
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Hub {
    /// Gives the events of one entry to everybody whom they concern. Entries come in order; one that came is skipped.
    async fn route(self: &Arc<Self>, facts: Arc<Facts>) {
        let entry = {
            let mut state = self.state();
            if facts.index <= state.through.0 || state.lost {
                return;
            }
            let entry = Arc::new(Entry::new(facts, state.ring.held_bytes()));
            state.ring.push(entry.clone());
            // Whoever joins from here on reads the entry from the ring.
            state.through = entry.last();
            if state.routes.open() == 0 {
                return;
            }
            entry
        };
        let mut touched = BTreeSet::new();
        for (position, event) in entry.events() {
            match told::audience(event) {
                Some(Audience::Drop { drop_id, creator_id }) => {
                    self.tell_watchers(&entry, position, drop_id);
                    self.tell_followers(&entry, position, creator_id, event).await;
                    touched.insert(drop_id);
                }
                Some(Audience::Account(account_id)) => {
                    self.tell(&entry, position, self.state().routes.of_account(account_id));
                    touched.extend(told::drop_of(event));
                }
                None => self.end_streams(event),
            }
        }
        self.meter.delivered(entry.applied_at().elapsed());
        for drop in touched {
            self.sample(drop);
        }
    }

    fn tell_watchers(&self, entry: &Entry, position: Position, drop: DropId) {
        self.tell(entry, position, self.state().routes.of_drop(drop));
    }

    /// Tells those accounts with a stream open that follow the creator. Who does is looked up now, in the rows: no node
    /// holds the followers of anybody in its memory.
    async fn tell_followers(self: &Arc<Self>, entry: &Entry, position: Position, creator: AccountId, event: &Event) {
        let (accounts, kind) = (self.state().routes.accounts(), Kind::of(event));
        if accounts.is_empty() {
            return;
        }
        let shop = self.shared_shop();
        let looked =
            tokio::task::spawn_blocking(move || following::of_creator(&*shop, creator, kind, position.0, &accounts));
        match looked.await {
            Ok(Ok(followers)) => {
                let state = self.state();
                let streams = followers.iter().flat_map(|account| state.routes.of_account(*account));
                self.tell(entry, position, streams);
            }
            Ok(Err(fault)) => self.break_off(&fault).await,
            // Lookups end early only when the node stops.
            Err(_) => {}
        }
    }

    fn tell<'a>(&self, entry: &Entry, position: Position, streams: impl Iterator<Item = &'a Arc<Subscriber>>) {
        let told = streams.filter(|stream| stream.push(position, || entry.frame(position)) == Ok(true)).count();
        self.meter.frames(told);
    }

    /// A stream ends with the session that it was begun in, and with what its token is good by.
    fn end_streams(&self, event: &Event) {
        let Event::Accounts(event) = event else { return };
        let state = self.state();
        match event {
            OfAccounts::SessionClosed { session_id } => {
                state.routes.of_session(*session_id).for_each(|stream| stream.bye());
            }
            OfAccounts::SessionsClosed { account_id, except } => {
                let own = state.routes.of_account(*account_id);
                own.filter(|stream| except.is_none() || stream.origin.session != *except)
                    .for_each(|stream| stream.bye());
            }
            // Which tokens a key has signed is not kept: whoever has another one comes back.
            OfAccounts::SigningKeyRevoked { .. } => {
                let own = state.routes.all().filter(|stream| matches!(stream.topic, Topic::Account(_)));
                own.for_each(|stream| stream.bye());
            }
            OfAccounts::Registered { .. }
            | OfAccounts::SigningKeyAdded { .. }
            | OfAccounts::SigningKeyRetired { .. } => {}
        }
    }

    /// Reads from the journal what was missed. What is not there any more was missed for good: then every stream is cut
    /// off, and its reader is told so when it comes back.
    async fn catch_up(self: &Arc<Self>) {
        // While it is not known where to go on, nothing is routed.
        while !self.is_lost() {
            let (after, _) = self.state().through;
            let read = move |shop: &dyn crate::rest::Shop| {
                look(shop, |view| Ok((journal::floor(view)?, journal::stored_after(view, after, STRETCH)?)))
            };
            let shop = self.shared_shop();
            let (floor, rows) = match tokio::task::spawn_blocking(move || read(&*shop)).await {
                Ok(Ok(seen)) => seen.what,
                Ok(Err(fault)) => return self.break_off(&fault).await,
                Err(_) => return,
            };
            if floor > after + 1 {
                tracing::warn!(after, floor, "the feed was missed for longer than it is kept");
                return self.begin_anew_at_present(Cut::Gap).await;
            }
            let more = rows.len() == STRETCH;
            for (index, stored) in rows {
                match journal::decode(&stored) {
                    Ok(journal) => self.route(Arc::new(facts_of(index, journal))).await,
                    Err(fault) => return self.break_off(&fault).await,
                }
            }
            if !more {
                return;
            }
        }
    }

    async fn break_off(&self, fault: &Fault) {
        tracing::error!(%fault, "the feed could not be read");
        self.begin_anew_at_present(Cut::Fault).await;
    }

    /// Cuts every stream off, and goes on from what is present. That is read before: whoever joins until then is cut
    /// off as well, and whoever joins after that is told all that follows.
    pub(super) async fn begin_anew_at_present(&self, why: Cut) {
        let shop = self.shared_shop();
        let read = tokio::task::spawn_blocking(move || present(&*shop)).await;
        let present = match read.unwrap_or_else(|error| Err(Fault::new("reading the newest event", error))) {
            Ok(present) => Some(present),
            Err(fault) => {
                tracing::error!(%fault, "the newest event could not be read; no stream begins until it can");
                None
            }
        };
        self.begin_anew(why, present);
    }

    fn is_lost(&self) -> bool {
        self.state().lost
    }
}
