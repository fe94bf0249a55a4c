//! A double of Stripe in this process: the part of its API that the shop speaks, with idempotency keys, states and
//! webhooks as Stripe has them, and with faults where a test wants them. It keeps books of every cent, which are what
//! a run is judged by: the shop's own account of its payments is not trusted.
//!
//! ```text
//!  request ─► plan (a fault?) ─► keys (asked before?) ─► intents (what may be done) ─► books
//!                                                             └─► webhooks, as unreliable as they are told to be
//! ```
//!
//! It remembers for as long as it lives, through outages too.

mod answer;
pub mod books;
mod call;
mod clock;
mod intents;
mod keys;
pub mod meeting;
pub mod plan;
mod serve;
pub mod webhooks;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Result;
use tokio::task::JoinHandle;

use books::Books;
pub use clock::now_s;
use intents::Intents;
use keys::Keys;
use plan::Plan;
use serve::Door;
pub use serve::Line;
use webhooks::{Delivery, Post};

/// The double. Its connections end with it.
pub struct Gateway {
    address: SocketAddr,
    desk: Arc<Desk>,
    door: Door,
    server: JoinHandle<()>,
}

/// What all connections share.
struct Desk {
    state: Mutex<State>,
    post: Post,
}

/// All that it knows. One lock: a call is done as a whole.
struct State {
    intents: Intents,
    keys: Keys,
    plan: Plan,
    /// Calls that changed something and had no idempotency key.
    without_key: usize,
}

impl Gateway {
    /// Starts on a free port.
    pub async fn start() -> Result<Self> {
        let post = Post::new()?;
        let state = State { intents: Intents::default(), keys: Keys::default(), plan: Plan::default(), without_key: 0 };
        let desk = Arc::new(Desk { state: Mutex::new(state), post });
        let (address, door, server) = serve::open(call::router(desk.clone())).await?;
        Ok(Gateway { address, desk, door, server })
    }

    /// Where its API is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes or cuts its line, and returns when that is so.
    pub async fn set_line(&self, line: Line) {
        self.door.set(line).await;
    }

    /// Changes what goes wrong from now on.
    pub fn plan(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.desk.state().plan);
    }

    /// Whom it tells, and how well. It tells nobody before.
    pub fn tell(&self, listeners: webhooks::Listeners) {
        self.desk.post.tell(listeners);
    }

    /// The buyer has authenticated, or failed to. Fails when no authentication is asked for.
    pub fn authenticate(&self, intent_id: &str, success: bool) -> Result<()> {
        let events = self.desk.state().intents.authenticate(intent_id, success)?;
        self.desk.post.send(events);
        Ok(())
    }

    /// Every charge and refund so far.
    pub fn books(&self) -> Books {
        self.desk.state().intents.books.clone()
    }

    /// The status of each payment of an order, oldest first.
    pub fn statuses(&self, order_id: &str) -> Vec<&'static str> {
        self.desk.state().intents.statuses(order_id)
    }

    /// How often something was asked to be done without a key, which nobody should.
    pub fn calls_without_key(&self) -> usize {
        self.desk.state().without_key
    }

    /// Every webhook that was tried, with what became of it.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.desk.post.deliveries()
    }

    /// Webhooks that are still on their way.
    pub fn webhooks_on_their_way(&self) -> usize {
        self.desk.post.on_their_way()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while the state is theirs")
    }
}
