//! The one place of a node that all its streams are joined to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use livedrop_domain::{Fault, View, journal, restored};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::meter::Meter;
use super::ring::Ring;
use super::routes::{Refused, Routes};
use super::subscriber::{Cut, Line, Origin, Subscriber, Topic};
use super::{Position, Settings};
use crate::rest::{Shop, look};

/// Streams that read the journal from the disk at one time.
const JOURNAL_READERS: usize = 4;

/// Where all streams of a node come together.
pub struct Hub {
    shop: Arc<dyn Shop>,
    pub(super) settings: Settings,
    pub(super) meter: Meter,
    pub(super) journal_readers: Arc<Semaphore>,
    /// A stream has joined that has no sample of its drop yet.
    pub(super) joined: Notify,
    state: Mutex<State>,
}

pub(super) struct State {
    pub ring: Ring,
    /// The last event that was routed. Whoever joins gets those after it as they come.
    pub through: Position,
    pub routes: Routes,
    /// A part was missed, and where the rest begins could not be read yet: nobody joins before it is known.
    pub lost: bool,
    closed: bool,
}

/// What a stream wants to be told.
pub struct Wanted {
    pub topic: Topic,
    pub origin: Origin,
    /// What happened after this first, then what happens; only what happens from now on when absent.
    pub after: Option<Position>,
    /// What to tear down when the stream is cut off.
    pub line: Option<Arc<dyn Line>>,
}

/// A stream's place in the hub, until it is dropped.
pub struct Subscription {
    pub(super) hub: Arc<Hub>,
    pub(super) subscriber: Arc<Subscriber>,
    number: u64,
    /// What is to be read before what waits: events after the one place, up to the other.
    pub(super) behind: Option<(Position, Position)>,
    /// Where the stream begins, when its reader did not say.
    pub(super) begins_after: Option<Position>,
    /// The log index after which things are told as they happen.
    pub begins_at: u64,
}

impl Hub {
    /// A hub that knows what happens from now on. [`super::follow`] tells it.
    pub fn new(shop: Arc<dyn Shop>, settings: Settings) -> Result<Arc<Self>, Fault> {
        let through = present(&*shop)?;
        let ring = Ring::new(through.0, settings.buffer_bytes);
        let meter = Meter::new(ring.held_bytes());
        let state = State { ring, through, routes: Routes::default(), lost: false, closed: false };
        Ok(Arc::new(Hub {
            shop,
            settings,
            meter,
            journal_readers: Arc::new(Semaphore::new(JOURNAL_READERS)),
            joined: Notify::new(),
            state: Mutex::new(state),
        }))
    }

    pub(super) fn shop(&self) -> &dyn Shop {
        &*self.shop
    }

    pub(super) fn shared_shop(&self) -> Arc<dyn Shop> {
        self.shop.clone()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it routes")
    }

    pub(super) fn held_bytes(&self) -> Arc<AtomicUsize> {
        self.state().ring.held_bytes()
    }

    /// Joins a stream. One that does not say where it begins is told what happens after all that this node has applied,
    /// which the router may not have told yet.
    ///
    /// Errors: `Closed`, `Lost`, `Full`, `Account`, `Address`, in this order.
    pub fn subscribe(self: &Arc<Self>, wanted: Wanted) -> Result<Subscription, Refused> {
        let Wanted { topic, origin, after, line } = wanted;
        let applied = self.shop.applied();
        let mut state = self.state();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.lost {
            return Err(Refused::Lost);
        }
        state.routes.admit(&self.settings, topic, origin.address)?;
        // From here to the end of the lock nothing is routed: what is behind and what comes meet without a seam.
        let through = state.through;
        let present = if through.0 < applied { (applied, u32::MAX) } else { through };
        let subscriber = Arc::new(Subscriber::new(topic, origin, line, after.unwrap_or(present).max(through)));
        let number = state.routes.join(&subscriber);
        if let Topic::Drop(drop) = topic {
            match state.routes.last_sample(drop) {
                // What everybody else was told last. Where something has changed since, all get the next one.
                Some(sample) => subscriber.sample(sample),
                None => {
                    state.routes.mark_for_sample(drop, Instant::now());
                    self.joined.notify_one();
                }
            }
        }
        self.meter.streams(state.routes.open());
        drop(state);
        let behind = after.filter(|after| *after < through).map(|after| (after, through));
        let begins_after = after.is_none().then_some(present);
        Ok(Subscription { hub: self.clone(), subscriber, number, behind, begins_after, begins_at: present.0 })
    }

    /// Ends every stream politely, and takes no more.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.routes.all().for_each(|subscriber| subscriber.bye());
    }

    /// Cuts every stream off, and goes on from `present`: at once, so that nobody joins in between. Readers come back,
    /// and are told what there still is to tell. Without a present nobody joins until there is one.
    pub(super) fn begin_anew(&self, why: Cut, present: Option<Position>) {
        let mut state = self.state();
        state.routes.all().for_each(|subscriber| subscriber.cut(why));
        state.lost = present.is_none();
        if let Some(present) = present {
            state.ring.begin_anew(present.0);
            state.through = present;
        }
    }

    /// The place up to which everything was told.
    pub fn through(&self) -> Position {
        self.state().through
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.state().routes.open()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        state.routes.leave(&self.subscriber, self.number);
        self.hub.meter.streams(state.routes.open());
        drop(state);
        if let Some(why) = self.subscriber.is_cut() {
            self.hub.meter.cut(why.name());
        }
    }
}

/// The place of the newest event, or of what would be one.
pub(super) fn present(shop: &dyn Shop) -> Result<Position, Fault> {
    let newest = |view: &dyn View| {
        let index = journal::meta(view)?.index;
        // Between the last entry of a backup and the first one after it nothing ever happened, though somebody may have
        // been told of such places before.
        if let Some(gap) = restored::get(view)?.filter(|gap| index <= gap.from) {
            return Ok((gap.to, 0));
        }
        Ok((index, journal::at(view, index)?.map_or(0, |journal| journal.events.len().saturating_sub(1))))
    };
    let (index, ordinal) = look(shop, newest)?.what;
    Ok((index, u32::try_from(ordinal).unwrap_or(u32::MAX)))
}

/// What the ring holds, for those who only want to know.
impl Hub {
    pub fn ring_bytes(&self) -> usize {
        self.held_bytes().load(Ordering::Relaxed)
    }
}
