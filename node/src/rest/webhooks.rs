//! Where creators' own servers are told what happens, and what became of each delivery.

pub mod deliveries;

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode, header};
use livedrop_domain::webhooks::{self, Command, EVENT_NAME_MAX, EVENTS_MAX, Endpoint, SecretBytes, URL_MAX};
use livedrop_domain::{AccountId, Reply, View, WebhookId};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::webhooks as shape;

use super::Rest;
use super::answer::Answer;
use super::body::Json;
use super::checks::Checks;
use super::context::Context;
use super::docs::Problems;
use super::freshness;
use super::identity::Seller;
use super::mint;
use super::problem::Problem;
use super::text;
use crate::told::KINDS;
use crate::webhooks::address::Address;
use crate::webhooks::sign::show_secret;

/// The longest time that an old secret stays good, and the usual one, in seconds.
const KEEP_OLD_SECONDS_MAX: u64 = 604_800;
const KEEP_OLD_SECONDS: u64 = 86_400;

/// Adds an endpoint. The answer has the secret that deliveries are signed with; it is shown this once.
#[utoipa::path(post, path = "/v1/webhook_endpoints", tag = "webhooks", security(("bearer" = [])), request_body = shape::CreateWebhookEndpoint, responses(
    (status = 201, description = "The endpoint, with its secret.", body = shape::WebhookEndpoint),
    (status = 409, description = "`too_many_endpoints`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn create(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    context: Context,
    Json(body): Json<shape::CreateWebhookEndpoint>,
) -> Result<Answer, Problem> {
    check(&rest, Some(&body.url), Some(&body.events))?;
    let shape::CreateWebhookEndpoint { url, events } = body;
    let (endpoint_id, secret) = (mint::webhook(rest.now()), SecretBytes(mint::secret()));
    let shown = show_secret(&secret.0);
    let command = Command::Create(webhooks::Create { endpoint_id, creator_id, url, events, secret });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Webhooks(webhooks::Reply::Created(endpoint)), index) => {
            let location = format!("/v1/webhook_endpoints/{}", endpoint.id);
            let made = shape::WebhookEndpoint { secret: Some(shown), ..look_of(&endpoint) };
            Ok(Answer::json(StatusCode::CREATED, &made).at(index).with_text(header::LOCATION, location))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// The caller's endpoints, oldest first: there are few.
#[utoipa::path(get, path = "/v1/webhook_endpoints", tag = "webhooks", security(("bearer" = [])), responses(
    (status = 200, description = "All of them.", body = rest::List<shape::WebhookEndpoint>),
    Problems,
))]
pub async fn list(State(rest): State<Rest>, Seller(creator_id): Seller, headers: HeaderMap) -> Result<Answer, Problem> {
    let get = |view: &dyn View| webhooks::endpoints(view, creator_id);
    let seen = freshness::read(&rest, &headers, None, Consistency::Local, get).await?;
    let items: Vec<_> = seen.what.iter().map(look_of).collect();
    Ok(Answer::ok(&rest::List { items, has_more: false, next_cursor: None }).at(seen.index))
}

/// One of the caller's endpoints.
#[utoipa::path(get, path = "/v1/webhook_endpoints/{id}", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, description = "`whk_…`")), responses(
    (status = 200, description = "The endpoint.", body = shape::WebhookEndpoint),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let id = parse(&id)?;
    let get = |view: &dyn View| webhooks::endpoint(view, creator_id, id);
    let seen = freshness::read(&rest, &headers, None, Consistency::Linearizable, get).await?;
    let endpoint = seen.what.ok_or_else(|| not_found().at(seen.index))?;
    Ok(Answer::ok(&look_of(&endpoint)).at(seen.index))
}

/// Changes an endpoint, or switches it off and on.
#[utoipa::path(patch, path = "/v1/webhook_endpoints/{id}", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, description = "`whk_…`")), request_body = shape::EditWebhookEndpoint, responses(
    (status = 200, description = "The endpoint as it is now.", body = shape::WebhookEndpoint),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn edit(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
    Json(body): Json<shape::EditWebhookEndpoint>,
) -> Result<Answer, Problem> {
    let endpoint_id = parse(&id)?;
    check(&rest, body.url.as_deref(), body.events.as_deref())?;
    let shape::EditWebhookEndpoint { url, events, enabled } = body;
    let command = Command::Edit(webhooks::Edit { endpoint_id, creator_id, url, events, enabled });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Webhooks(webhooks::Reply::Edited(endpoint)), index) => Ok(Answer::ok(&look_of(&endpoint)).at(index)),
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Takes an endpoint away, and all that was on its way to it.
#[utoipa::path(delete, path = "/v1/webhook_endpoints/{id}", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, description = "`whk_…`")), responses(
    (status = 204, description = "It is gone."),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn delete(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
) -> Result<Answer, Problem> {
    let command = Command::Delete(webhooks::Delete { endpoint_id: parse(&id)?, creator_id });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Webhooks(webhooks::Reply::Deleted), index) => Ok(Answer::no_content().at(index)),
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Makes a new secret. Deliveries are signed with the old one as well for a while, so that nothing is lost meanwhile.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/rotate", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, description = "`whk_…`")), request_body = shape::RotateWebhookSecret, responses(
    (status = 200, description = "The endpoint, with its new secret.", body = shape::WebhookEndpoint),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn rotate(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
    Json(body): Json<shape::RotateWebhookSecret>,
) -> Result<Answer, Problem> {
    let (endpoint_id, secret) = (parse(&id)?, SecretBytes(mint::secret()));
    let seconds = body.keep_old_seconds.unwrap_or(KEEP_OLD_SECONDS);
    let mut checks = Checks::default();
    let bound = format!("must be at most {KEEP_OLD_SECONDS_MAX}");
    checks.ensure(seconds <= KEEP_OLD_SECONDS_MAX, "/keep_old_seconds", bound);
    checks.done()?;
    let shown = show_secret(&secret.0);
    let rotate = webhooks::Rotate { endpoint_id, creator_id, secret, keep_old_ms: seconds * 1_000 };
    match rest.decide(&context.request_id, Command::Rotate(rotate)).await? {
        (Reply::Webhooks(webhooks::Reply::Rotated(endpoint)), index) => {
            Ok(Answer::ok(&shape::WebhookEndpoint { secret: Some(shown), ..look_of(&endpoint) }).at(index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

fn check(rest: &Rest, url: Option<&str>, events: Option<&[String]>) -> Result<(), Problem> {
    let mut checks = Checks::default();
    if let Some(url) = url {
        checks.ensure(url.len() <= URL_MAX, "/url", format!("must have at most {URL_MAX} bytes"));
        if let Err(refusal) = Address::parse(url, rest.private_webhooks) {
            checks.ensure(false, "/url", refusal.to_string());
        }
    }
    let events = events.unwrap_or_default();
    checks.ensure(events.len() <= EVENTS_MAX, "/events", format!("must be at most {EVENTS_MAX}"));
    let known = events.iter().all(|name| name.len() <= EVENT_NAME_MAX && KINDS.contains(&name.as_str()));
    checks.ensure(known, "/events", format!("must each be one of {}", KINDS.join(", ")));
    checks.done()
}

/// The endpoint of the caller's with this id. Somebody else's is not there.
fn own(view: &dyn View, creator_id: AccountId, id: WebhookId) -> Result<Option<Endpoint>, livedrop_domain::Fault> {
    webhooks::endpoint(view, creator_id, id)
}

fn parse(id: &str) -> Result<WebhookId, Problem> {
    id.parse().map_err(|_| not_found())
}

fn not_found() -> Problem {
    Problem::not_found("webhook endpoint")
}

fn look_of(endpoint: &Endpoint) -> shape::WebhookEndpoint {
    shape::WebhookEndpoint {
        id: endpoint.id.to_string(),
        url: endpoint.url.clone(),
        events: endpoint.events.clone(),
        enabled: endpoint.enabled,
        disabled_because: endpoint.disabled_because.clone(),
        failing_since: endpoint.failing_since.map(text::time),
        created_at: text::time(endpoint.created_at),
        secret: None,
    }
}
