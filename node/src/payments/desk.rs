//! The leader's desk: every order that waits for the gateway is in somebody's hand there, and in one hand only.
//!
//! ```text
//!  facts: an intent is in the log ─┐
//!  every open payment, now and then┴─► a task for each order: ask the gateway (steps.rs) ─► report ─► ask on …
//! ```
//!
//! What a deposed leader still does is done under the same keys as what its successor does, and what it reports is
//! stale by then. Nothing here is remembered: a new leader reads what is open from the state.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::payments::{self, Command, Event as Told, Payment};
use livedrop_domain::{Event, OrderId, Rejection, Reply, Request, Timestamp};
use livedrop_store::{Facts, Reader};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, Semaphore, broadcast, watch};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Gateways;
use super::meter;
use super::pause::Pause;
use super::steps::{self, Step};
use crate::raft::{Leadership, leads};
use crate::rest::{Shop, look};

/// How often all open payments are looked through for one that nobody has in hand.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Open payments that are read at once.
const STRETCH: usize = 500;
/// How often a payment is looked at that no gateway here can see to.
const UNCONFIGURED: Duration = Duration::from_secs(60);
/// The most orders in hand. Those beyond are found by a later look.
const IN_HAND_MAX: usize = 10_000;

/// How much the leader does at once.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Calls of the gateway at one time.
    pub calls: usize,
    /// The longest pause between two tries.
    pub pause_max: Duration,
}

/// What it takes to bring payments to their end.
pub struct Desk {
    shop: Arc<dyn Shop>,
    gateways: Gateways,
    calls: Semaphore,
    pause_max: Duration,
}

/// The orders that are being looked after.
#[derive(Default)]
struct Hands {
    tasks: JoinSet<()>,
    /// Who wakes the task of an order that waits.
    wakers: HashMap<OrderId, Arc<Notify>>,
    of_task: HashMap<Id, OrderId>,
}

impl Desk {
    pub fn new(shop: Arc<dyn Shop>, gateways: Gateways, bounds: &Bounds) -> Arc<Self> {
        let calls = Semaphore::new(bounds.calls);
        Arc::new(Desk { shop, gateways, calls, pause_max: bounds.pause_max })
    }

    /// Looks after all open payments whenever this node leads, until stopped.
    pub async fn keep(
        self: Arc<Self>,
        mut leadership: watch::Receiver<Leadership>,
        reader: Reader,
        stop: CancellationToken,
    ) {
        while stop.run_until_cancelled(leads(&mut leadership, true)).await == Some(true) {
            let facts = reader.facts();
            tokio::select! {
                () = self.clone().lead(facts) => {}
                _ = leads(&mut leadership, false) => {}
                () = stop.cancelled() => {}
            }
            meter::note_open(0, None);
        }
    }

    async fn lead(self: Arc<Self>, mut facts: broadcast::Receiver<Arc<Facts>>) {
        let mut pause = Pause::new(self.pause_max);
        // Before anything is asked of the gateway, this node has all that leaders before it were told.
        while self.shop.linearizable().await.is_err() {
            pause.wait().await;
        }
        let mut hands = Hands::default();
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = every.tick() => self.take_all(&mut hands),
                next = facts.recv() => match next {
                    Ok(facts) if facts.resync => self.take_all(&mut hands),
                    Ok(facts) => {
                        for event in &facts.events {
                            if let Event::Payments(Told::Due { order_id }) = event {
                                self.take(&mut hands, *order_id);
                            }
                        }
                    }
                    Err(RecvError::Lagged(_)) => self.take_all(&mut hands),
                    Err(RecvError::Closed) => return,
                },
                Some(ended) = hands.tasks.join_next_with_id() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    self.put_down(&mut hands, id);
                }
            }
        }
    }

    /// Takes everything that is open and in nobody's hand.
    fn take_all(self: &Arc<Self>, hands: &mut Hands) {
        let (mut after, mut open, mut oldest) = (None, 0, None);
        loop {
            let stretch = match look(&*self.shop, |view| payments::open(view, after, STRETCH)) {
                Ok(seen) => seen.what,
                Err(fault) => return tracing::error!(%fault, "open payments could not be read"),
            };
            open += stretch.len();
            oldest = stretch.iter().map(|payment| payment.started_at).chain(oldest).min();
            for payment in &stretch {
                if !hands.wakers.contains_key(&payment.order_id) {
                    self.take(hands, payment.order_id);
                }
            }
            match stretch.last() {
                Some(last) if stretch.len() == STRETCH && open < IN_HAND_MAX => after = Some(last.order_id),
                _ => break,
            }
        }
        meter::note_open(open, oldest.map(|at: Timestamp| self.shop.now().0.saturating_sub(at.0)));
    }

    /// Sees to an order at once.
    fn take(self: &Arc<Self>, hands: &mut Hands, order_id: OrderId) {
        if let Some(waker) = hands.wakers.get(&order_id) {
            return waker.notify_one();
        }
        if hands.wakers.len() >= IN_HAND_MAX {
            return;
        }
        let waker = Arc::new(Notify::new());
        hands.wakers.insert(order_id, waker.clone());
        let desk = self.clone();
        let task = hands.tasks.spawn(async move { desk.attend(order_id, &waker).await });
        hands.of_task.insert(task.id(), order_id);
    }

    /// Ends with an order, unless something came up after its task had looked for the last time.
    fn put_down(self: &Arc<Self>, hands: &mut Hands, task: Id) {
        let Some(order_id) = hands.of_task.remove(&task) else { return };
        hands.wakers.remove(&order_id);
        if self.read(order_id).is_some_and(|payment| payment.needs_gateway()) {
            self.take(hands, order_id);
        }
    }

    /// Brings one payment to where nobody needs the gateway any more.
    pub(crate) async fn attend(&self, order_id: OrderId, waker: &Notify) {
        let mut pause = Pause::new(self.pause_max);
        let mut known: Option<Payment> = None;
        loop {
            let (fresh, mut rest) = (known.is_some(), Duration::ZERO);
            let Some(payment) = known.take().or_else(|| self.read(order_id)) else { return };
            let Some(gateway) = self.gateways.of(payment.gateway) else {
                tracing::error!(%order_id, gateway = ?payment.gateway, "this payment is with a gateway that is not configured");
                pause.wait_for(waker, UNCONFIGURED).await;
                continue;
            };
            let step = {
                // The sandbox is the cluster itself, which has its own bounds, and it can be told to be slow.
                let _call = match payment.gateway {
                    payments::Gateway::Sandbox => None,
                    payments::Gateway::Stripe => Some(self.calls.acquire().await),
                };
                steps::next(gateway, &payment, fresh).await
            };
            match step {
                Step::Nothing => return,
                Step::Report(command) => known = self.report(command).await,
                Step::ReportAndWait(command, at_least) => {
                    rest = at_least;
                    drop(self.report(command).await);
                }
                Step::Later => {}
            }
            match known {
                Some(_) => pause.reset(),
                None => pause.wait_for(waker, rest).await,
            }
        }
    }

    /// Tells the log, and gives the payment as it is then; none when the log could not be told or knows better.
    async fn report(&self, command: Command) -> Option<Payment> {
        meter::count_report(&command);
        let request_id = format!("pay-{}", super::order_of(&command));
        let command = command.into();
        match self
            .shop
            .propose(Request { request_id, idempotency: None, command, by: None })
            .await
            .map(|seen| seen.answer)
        {
            Ok(Ok(Reply::Payments(payments::Reply::Changed(_, payment)))) => Some(*payment),
            Ok(Err(Rejection::Payments(payments::Rejection::Stale { .. }))) => None,
            Ok(answer) => {
                tracing::error!(?answer, "the log made something else of a payment's result");
                None
            }
            // It is read again, and asked about again.
            Err(unanswered) => {
                tracing::debug!(%unanswered, "a payment's result is not in the log yet");
                None
            }
        }
    }

    fn read(&self, order_id: OrderId) -> Option<Payment> {
        match look(&*self.shop, |view| payments::get(view, order_id)) {
            Ok(seen) => seen.what,
            Err(fault) => {
                tracing::error!(%fault, %order_id, "a payment could not be read");
                None
            }
        }
    }
}
