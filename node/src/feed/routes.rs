//! Who is listening to what, and how many may.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use livedrop_domain::drops::Stock;
use livedrop_domain::{AccountId, DropId, SessionId};
use tokio::time::Instant;

use super::Settings;
use super::samples::Sampled;
use super::subscriber::{Subscriber, Topic};

/// Why a stream is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The node is stopping.
    Closed,
    /// It has missed a part of what happened, and cannot read yet where to go on.
    Lost,
    /// It has as many streams as it can serve.
    Full,
    /// The account has as many as one may have.
    Account,
    /// The address has as many as one may have.
    Address,
}

/// The streams of this node. Each has a number, so that leaving costs what joining costs.
#[derive(Default)]
pub struct Routes {
    drops: BTreeMap<DropId, Watched>,
    accounts: BTreeMap<AccountId, BTreeMap<u64, Arc<Subscriber>>>,
    sessions: BTreeMap<SessionId, BTreeSet<(AccountId, u64)>>,
    addresses: BTreeMap<IpAddr, usize>,
    /// When the next sample of a drop is due, of those for which one is.
    due: BTreeSet<(Instant, DropId)>,
    open: usize,
    next_number: u64,
}

/// A drop that somebody watches.
#[derive(Default)]
struct Watched {
    subscribers: BTreeMap<u64, Arc<Subscriber>>,
    sampled: Sampled,
}

impl Routes {
    /// Whether one more stream may begin.
    ///
    /// Errors: `Full`, `Account`, `Address`, in this order.
    pub fn admit(&self, settings: &Settings, topic: Topic, address: Option<IpAddr>) -> Result<(), Refused> {
        if self.open >= settings.streams_max {
            return Err(Refused::Full);
        }
        if let Topic::Account(account) = topic
            && self.accounts.get(&account).is_some_and(|own| own.len() >= settings.per_account_max)
        {
            return Err(Refused::Account);
        }
        let from_address = address.and_then(|address| self.addresses.get(&address)).copied().unwrap_or_default();
        if from_address >= settings.per_address_max { Err(Refused::Address) } else { Ok(()) }
    }

    /// Adds a stream, and gives the number under which it leaves.
    pub fn join(&mut self, subscriber: &Arc<Subscriber>) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.open += 1;
        if let Some(address) = subscriber.origin.address {
            *self.addresses.entry(address).or_default() += 1;
        }
        match subscriber.topic {
            Topic::Drop(drop) => {
                self.drops.entry(drop).or_default().subscribers.insert(number, subscriber.clone());
            }
            Topic::Account(account) => {
                self.accounts.entry(account).or_default().insert(number, subscriber.clone());
                if let Some(session) = subscriber.origin.session {
                    self.sessions.entry(session).or_default().insert((account, number));
                }
            }
        }
        number
    }

    pub fn leave(&mut self, subscriber: &Subscriber, number: u64) {
        self.open -= 1;
        if let Some(address) = subscriber.origin.address
            && let Some(count) = self.addresses.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&address);
            }
        }
        match subscriber.topic {
            Topic::Drop(drop) => {
                if let Some(watched) = self.drops.get_mut(&drop) {
                    watched.subscribers.remove(&number);
                    if watched.subscribers.is_empty() {
                        watched.sampled.due().map(|at| self.due.remove(&(at, drop)));
                        self.drops.remove(&drop);
                    }
                }
            }
            Topic::Account(account) => {
                if let Some(own) = self.accounts.get_mut(&account) {
                    own.remove(&number);
                    if own.is_empty() {
                        self.accounts.remove(&account);
                    }
                }
                if let Some(session) = subscriber.origin.session
                    && let Some(of_session) = self.sessions.get_mut(&session)
                {
                    of_session.remove(&(account, number));
                    if of_session.is_empty() {
                        self.sessions.remove(&session);
                    }
                }
            }
        }
    }

    pub fn open(&self) -> usize {
        self.open
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Subscriber>> {
        let watching = self.drops.values().flat_map(|watched| watched.subscribers.values());
        watching.chain(self.accounts.values().flat_map(BTreeMap::values))
    }

    pub fn of_drop(&self, drop: DropId) -> impl Iterator<Item = &Arc<Subscriber>> {
        self.drops.get(&drop).into_iter().flat_map(|watched| watched.subscribers.values())
    }

    pub fn of_account(&self, account: AccountId) -> impl Iterator<Item = &Arc<Subscriber>> {
        self.accounts.get(&account).into_iter().flat_map(BTreeMap::values)
    }

    pub fn of_session(&self, session: SessionId) -> impl Iterator<Item = &Arc<Subscriber>> {
        let of_session = self.sessions.get(&session).into_iter().flatten();
        of_session.filter_map(|(account, number)| self.accounts.get(account)?.get(number))
    }

    /// The accounts that have a stream of their own open.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.accounts.keys().copied().collect()
    }

    pub fn is_watched(&self, drop: DropId) -> bool {
        self.drops.contains_key(&drop)
    }

    /// What was last said of the stock of a drop that somebody watches.
    pub fn last_sample(&self, drop: DropId) -> Option<Bytes> {
        self.drops.get(&drop)?.sampled.last()
    }

    /// Something has happened to a drop, or somebody has come who has no sample of it yet.
    pub fn mark_for_sample(&mut self, drop: DropId, now: Instant) {
        self.with_sampled(drop, |sampled| sampled.mark(now));
    }

    /// The frame to send for this stock of a drop, if one is to be sent now.
    pub fn take_sample(&mut self, drop: DropId, stock: &Stock, now: Instant) -> Option<Bytes> {
        self.with_sampled(drop, |sampled| {
            sampled.mark(now);
            sampled.take(drop, stock, now)
        })?
    }

    /// The stock of a drop could not be read: it is tried again later.
    pub fn put_off_sample(&mut self, drop: DropId, now: Instant) {
        self.with_sampled(drop, |sampled| sampled.put_off(now));
    }

    /// When the next sample is due, if any is.
    pub fn next_sample(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The drops whose samples are due.
    pub fn due_samples(&self, now: Instant) -> Vec<DropId> {
        self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, drop)| *drop).collect()
    }

    /// Changes what is known of the stock of a drop that somebody watches; when it is due is kept in order.
    fn with_sampled<T>(&mut self, drop: DropId, change: impl FnOnce(&mut Sampled) -> T) -> Option<T> {
        let sampled = &mut self.drops.get_mut(&drop)?.sampled;
        let before = sampled.due();
        let changed = change(sampled);
        if sampled.due() != before {
            before.map(|at| self.due.remove(&(at, drop)));
            self.due.extend(sampled.due().map(|at| (at, drop)));
        }
        Some(changed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::feed::subscriber::Origin;

    const ACCOUNT: AccountId = AccountId::from_u128(7);
    const SESSION: SessionId = SessionId::from_u128(8);
    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn subscriber(topic: Topic) -> Arc<Subscriber> {
        let session = matches!(topic, Topic::Account(_)).then_some(SESSION);
        Arc::new(Subscriber::new(topic, Origin { session, address: Some(ADDRESS) }, None, (0, 0)))
    }

    #[test]
    fn each_limit_holds_and_whoever_leaves_makes_room() {
        let settings = Settings { streams_max: 4, per_account_max: 1, per_address_max: 3, ..Settings::default() };
        let (own, drop) = (Topic::Account(ACCOUNT), Topic::Drop(DropId::from_u128(1)));
        let mut routes = Routes::default();
        let first = subscriber(own);
        let number = routes.join(&first);
        assert_eq!(routes.admit(&settings, own, None), Err(Refused::Account));
        let others: Vec<_> = (0..2).map(|_| subscriber(drop)).map(|other| (routes.join(&other), other)).collect();
        assert_eq!(routes.admit(&settings, drop, Some(ADDRESS)), Err(Refused::Address));
        assert_eq!(routes.admit(&settings, drop, None), Ok(()));
        let nowhere = Arc::new(Subscriber::new(drop, Origin::default(), None, (0, 0)));
        routes.join(&nowhere);
        assert_eq!(routes.admit(&settings, drop, None), Err(Refused::Full));
        routes.leave(&first, number);
        assert_eq!(routes.admit(&settings, own, Some(ADDRESS)), Ok(()));
        for (number, other) in others {
            routes.leave(&other, number);
        }
        assert!(routes.accounts.is_empty() && routes.sessions.is_empty() && routes.addresses.is_empty());
    }

    #[test]
    fn samples_are_due_in_order_and_not_any_more_when_nobody_watches() {
        let (start, mut routes) = (Instant::now(), Routes::default());
        let after = |ms| start + Duration::from_millis(ms);
        let watching = |n, routes: &mut Routes| {
            let watcher = subscriber(Topic::Drop(DropId::from_u128(n)));
            (routes.join(&watcher), watcher)
        };
        let watchers: Vec<_> = (1..=3).map(|n| watching(n, &mut routes)).collect();
        for (n, ms) in [(1, 30), (2, 10), (3, 20), (4, 5)] {
            routes.mark_for_sample(DropId::from_u128(n), after(ms));
        }
        assert_eq!(routes.due_samples(after(25)), [2, 3].map(DropId::from_u128));
        routes.mark_for_sample(DropId::from_u128(2), after(40));
        assert_eq!(routes.next_sample(), Some(after(10)), "it was due already");
        assert!(routes.take_sample(DropId::from_u128(2), &Stock(vec![]), after(25)).is_some());
        assert_eq!(routes.next_sample(), Some(after(20)));
        routes.put_off_sample(DropId::from_u128(3), after(25));
        assert_eq!(routes.next_sample(), Some(after(30)), "what cannot be read does not come at once again");
        for (number, watcher) in watchers {
            routes.leave(&watcher, number);
        }
        assert_eq!(routes.next_sample(), None);
    }

    #[test]
    fn streams_are_found_by_what_they_are_about_and_by_their_session() {
        let drop = DropId::from_u128(1);
        let mut routes = Routes::default();
        for topic in [Topic::Drop(drop), Topic::Drop(drop), Topic::Account(ACCOUNT)] {
            routes.join(&subscriber(topic));
        }
        assert_eq!((routes.of_drop(drop).count(), routes.of_account(ACCOUNT).count()), (2, 1));
        assert_eq!((routes.of_session(SESSION).count(), routes.all().count(), routes.open()), (1, 3, 3));
    }
}
