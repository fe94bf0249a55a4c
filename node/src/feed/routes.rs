//! Who is listening to what, and how many may.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use livedrop_domain::{AccountId, DropId, SessionId};

use super::Settings;
use super::samples::Sampled;
use super::subscriber::{Subscriber, Topic};

/// Why a stream is not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The node is stopping.
    Closed,
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

    /// What was last sampled of a drop that somebody watches.
    pub fn sampled(&mut self, drop: DropId) -> Option<&mut Sampled> {
        self.drops.get_mut(&drop).map(|watched| &mut watched.sampled)
    }

    /// What was last sampled of every drop that somebody watches.
    pub fn all_sampled(&self) -> impl Iterator<Item = (DropId, &Sampled)> {
        self.drops.iter().map(|(drop, watched)| (*drop, &watched.sampled))
    }
}

#[cfg(test)]
mod tests {
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
