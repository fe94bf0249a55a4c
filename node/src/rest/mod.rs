//! The REST API: the only place that knows HTTP.
//!
//! ```text
//!  connection ──► accept ──► front ──► router ──► a room's route ──► propose | read ──► answer
//!                 timeouts   id, limits,          orders, drops, …   (shop)
//!                            problems, metrics
//! ```
//!
//! A route reads what came, asks the shop, and shapes the answer. What may be asked of whom in which state is the
//! domain's to say; [`problem`] gives its rejections their status codes.

pub mod accept;
mod accounts;
mod admin;
mod answer;
mod body;
mod caching;
mod checks;
mod client;
mod cluster;
mod code;
mod context;
mod creators;
mod docs;
mod drops;
mod events;
mod exposition;
mod follows;
mod freshness;
mod front;
mod guess;
mod health;
mod identity;
mod inbox;
mod limits;
mod measures;
mod mint;
mod operator_token;
mod operators;
mod orders;
mod page;
mod password;
mod payments;
mod problem;
mod products;
mod rendered;
mod search;
mod sessions;
mod shop;
mod stripe;
#[cfg(test)]
pub(crate) mod tests;
mod text;
pub mod waiting;
mod waitlist;
mod webhooks;

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use livedrop_domain::{By, Command, Outcome, Reply, Request, Timestamp};
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use client::{Proxies, network};
pub use exposition::Exposition;
#[cfg(test)]
pub use exposition::assert_conventional;
pub use front::{Front, Limits};
pub use measures::install as install_metrics;
pub use operator_token::{OPERATOR_TOKEN_FILE, OperatorToken, operator_token};
pub use orders::order_shape;
pub use orders::pay::Terms as PaymentTerms;
pub use rendered::Rendered;
pub use shop::{Look, Seen, Shop, look};
#[cfg(test)]
pub(crate) use tests::double::Double;
pub use text::{time as rfc3339, time_micros as rfc3339_micros};

use crate::auth::Auth;
use crate::feed::Hub;
use crate::limits::Limits as CallerLimits;
use crate::payments::StripeDoor;
use crate::propose::Unanswered;
use crate::search::Search;
use crate::telemetry::Telemetry;
use measures::Measures;
use problem::Problem;

/// What every route can reach.
#[derive(Clone)]
pub struct Rest(Arc<Whole>);

struct Whole {
    parts: Parts,
    /// The API's description of itself, as JSON, once its routes are known.
    description: OnceLock<Bytes>,
}

/// What it is made of.
pub struct Parts {
    pub shop: Arc<dyn Shop>,
    pub auth: Arc<Auth>,
    /// How often callers may ask; nobody counts without.
    pub limits: Option<Arc<CallerLimits>>,
    /// Bodies of public answers that were written before.
    pub rendered: Rendered,
    pub node_id: u64,
    /// A digest of the token that whoever can read this node's data directory may use.
    pub operator_token: Option<OperatorToken>,
    pub metrics: Option<PrometheusHandle>,
    /// Remembers what became of requests.
    pub telemetry: Telemetry,
    /// What a payment is begun with.
    pub payments: PaymentTerms,
    /// Where Stripe's webhooks are looked after, when it is the gateway.
    pub stripe: Option<StripeDoor>,
    /// Whether creators' endpoints may be plain http and at private addresses.
    pub private_webhooks: bool,
    /// Where all event streams of this node come together.
    pub feed: Arc<Hub>,
    /// None when the node was told not to search.
    pub search: Option<Search>,
    /// Set when the node begins to stop: it is not ready any more, and requests in work end.
    pub draining: AtomicBool,
}

impl Deref for Rest {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl Rest {
    pub fn new(parts: Parts) -> Self {
        Rest(Arc::new(Whole { parts, description: OnceLock::new() }))
    }

    /// The service of all routes, to be given to [`accept::serve`].
    pub fn front(&self, limits: Limits) -> Front {
        let (router, document) = routes().split_for_parts();
        let measures = Measures::new(document.paths.paths.keys().cloned());
        let router = docs::pages(router).with_state(self.clone());
        self.0.description.get_or_init(|| document.to_pretty_json().expect("a description is JSON").into());
        Front::new(self.clone(), router, measures, limits)
    }

    /// What this node counts, in Prometheus' text format; None when it counts nothing.
    pub fn exposition(&self) -> Option<String> {
        let metrics = self.metrics.as_ref()?;
        measures::look_at_process();
        let mut collected = Exposition::default();
        self.shop.collect(&mut collected);
        self.rendered.collect(&mut collected);
        Some(metrics.render() + collected.text())
    }

    /// From now on `/readyz` says no, so that balancers send requests elsewhere; or yes again, if all is well.
    pub fn drain(&self, draining: bool) {
        self.draining.store(draining, Ordering::Relaxed);
    }

    fn is_operator_token(&self, token: &str) -> bool {
        self.operator_token.as_ref().is_some_and(|ours| ours.is(token))
    }

    fn description(&self) -> Bytes {
        self.0.description.get().cloned().unwrap_or_default()
    }

    fn now(&self) -> Timestamp {
        self.shop.now()
    }

    /// Has a command decided, and says what the state machine answered.
    async fn decide(
        &self,
        request_id: &context::RequestId,
        command: impl Into<Command>,
    ) -> Result<(Reply, u64), Problem> {
        self.decide_by(request_id, None, command).await
    }

    /// As [`decide`](Rest::decide), for a command that does not say who asks: an operator.
    async fn decide_by(
        &self,
        request_id: &context::RequestId,
        by: Option<By>,
        command: impl Into<Command>,
    ) -> Result<(Reply, u64), Problem> {
        let (traced, command) = (request_id.traced, command.into());
        let request_id = request_id.as_str().to_owned();
        settle(self.shop.propose_traced(Request { request_id, idempotency: None, command, by }, traced).await)
    }
}

/// The reply to a command and the log index that decided it, or the problem that it came to.
fn settle(outcome: Result<Outcome, Unanswered>) -> Result<(Reply, u64), Problem> {
    let Outcome { index, answer, .. } = outcome?;
    match answer {
        Ok(reply) => Ok((reply, index)),
        Err(rejection) => Err(Problem::from(rejection).at(index)),
    }
}

/// The table of contents of the API.
fn routes() -> OpenApiRouter<Rest> {
    docs::begin()
        .routes(routes!(accounts::create))
        .routes(routes!(accounts::me))
        .routes(routes!(password::change))
        .routes(routes!(sessions::sign_in, sessions::sign_out_everywhere))
        .routes(routes!(sessions::refresh))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(sessions::jwks))
        .routes(routes!(creators::read))
        .routes(routes!(follows::followers))
        .routes(routes!(follows::following))
        .routes(routes!(follows::follows, follows::follow, follows::unfollow))
        .routes(routes!(inbox::list))
        .routes(routes!(inbox::mark_read))
        .routes(routes!(inbox::preferences, inbox::set_preferences))
        .routes(routes!(products::create, products::list))
        .routes(routes!(products::read, products::edit, products::retire))
        .routes(routes!(search::find))
        .routes(routes!(search::suggest))
        .routes(routes!(drops::schedule::create, drops::list))
        .routes(routes!(drops::read, drops::schedule::edit))
        .routes(routes!(drops::steer::restock))
        .routes(routes!(drops::steer::pause))
        .routes(routes!(drops::steer::resume))
        .routes(routes!(drops::steer::end))
        .routes(routes!(drops::steer::cancel))
        .routes(routes!(drops::orders::list))
        .routes(routes!(waitlist::join, waitlist::read, waitlist::leave))
        .routes(routes!(drops::stats::read))
        .routes(routes!(events::of_drop))
        .routes(routes!(events::own))
        .routes(routes!(orders::place::place, orders::find))
        .routes(routes!(orders::read))
        .routes(routes!(orders::pay::pay))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::pay::refund))
        .routes(routes!(orders::mine))
        .routes(routes!(stripe::take))
        .routes(routes!(webhooks::create, webhooks::list))
        .routes(routes!(webhooks::read, webhooks::edit, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::deliveries::list))
        .routes(routes!(webhooks::deliveries::resend))
        .routes(routes!(cluster::read))
        .routes(routes!(admin::status))
        .routes(routes!(admin::hash))
        .routes(routes!(admin::errors::read))
        .routes(routes!(admin::drain::begin, admin::drain::end))
        .routes(routes!(events::feed::list))
        .routes(routes!(admin::accounts::create, admin::accounts::list))
        .routes(routes!(admin::accounts::read))
        .routes(routes!(admin::accounts::set_role))
        .routes(routes!(admin::accounts::set_password))
        .routes(routes!(admin::accounts::sign_out))
        .routes(routes!(admin::accounts::disable))
        .routes(routes!(admin::accounts::enable))
        .routes(routes!(admin::keys::list, admin::keys::rotate))
        .routes(routes!(admin::keys::revoke))
        .routes(routes!(admin::audit::list))
        .routes(routes!(admin::import::accounts))
        .routes(routes!(admin::import::followers))
        .routes(routes!(payments::list))
        .routes(routes!(payments::ledger))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(docs::problem))
        .routes(routes!(docs::document))
}
