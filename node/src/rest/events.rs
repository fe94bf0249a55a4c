//! Streams of what happens (WHATWG HTML, server-sent events).

pub mod feed;

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use livedrop_domain::drops;
use livedrop_proto::rest;
use livedrop_proto::rest::events as shape;
use tokio::time::Instant;

use super::Rest;
use super::accept::{Connection, Streaming};
use super::answer::Answer;
use super::body::Params;
use super::client::network;
use super::code;
use super::context::Context;
use super::docs::Problems;
use super::drops::parse;
use super::identity::{Caller, stands};
use super::problem::Problem;
use super::shop::look;
use crate::feed::{self as streams, Origin, Position, Refused, Topic, Wanted};
use crate::told;

/// Tells proxies to pass on what they get, when they get it.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// When somebody who has too many streams may try again, in seconds.
const RETRY_S: u64 = 5;

/// What happens to a drop, as it happens, and samples of its stock (`event: stock`), at most five a second.
///
/// The `id` of an event is the same on every node: `Last-Event-ID` goes on after it, on any node, with no gap and no
/// duplicate. One whose id is too old gets one `event: reset` first. A stream that ends says `event: bye`.
#[utoipa::path(get, path = "/v1/drops/{id}/events", tag = "events",
    params(("id" = String, Path, description = "`drp_…`"), shape::FollowEvents,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen; only what happens from now on when absent.")),
    responses(
    (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
    (status = 400, description = "`bad_request`: no event has this id.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn of_drop(
    State(rest): State<Rest>,
    Path(id): Path<String>,
    Params(asked): Params<shape::FollowEvents>,
    Extension(connection): Extension<Connection>,
    context: Context,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let drop = parse(&id)?;
    let after = after(&rest, &headers, &asked).await?;
    let is_there = || look(&*rest.shop, |view| drops::get(view, drop));
    if is_there()?.what.is_none() {
        // A node that lags may not have heard of it yet.
        rest.shop.linearizable().await?;
        is_there()?.what.ok_or_else(|| Problem::not_found("drop"))?;
    }
    let origin = Origin { session: None, address: Some(network(context.client)) };
    begin(&rest, Wanted { topic: Topic::Drop(drop), origin, after, line: Some(connection.0) }, None)
}

/// What concerns the caller, as it happens: the caller's orders, and the drops of creators that the caller follows.
///
/// Ends with the token that it was asked for with, or with the session. As for the rest, see `/v1/drops/{id}/events`.
#[utoipa::path(get, path = "/v1/events", tag = "events", security(("bearer" = [])),
    params(shape::FollowEvents,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen; only what happens from now on when absent.")),
    responses(
    (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
    (status = 400, description = "`bad_request`: no event has this id.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn own(
    State(rest): State<Rest>,
    caller: Caller,
    Params(asked): Params<shape::FollowEvents>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let Caller(identity) = caller;
    let after = after(&rest, &headers, &asked).await?;
    let origin = Origin { session: Some(identity.session_id), address: None };
    let left = Duration::from_millis(identity.expires_at.0.saturating_sub(rest.now().0));
    let topic = Topic::Account(identity.account_id);
    let answer = begin(&rest, Wanted { topic, origin, after, line: Some(connection.0) }, Some(Instant::now() + left))?;
    // The session may have ended between the look at it and the joining: then nobody would end the stream.
    match stands(&rest, &identity)? {
        true => Ok(answer),
        false => Err(Problem::unauthenticated("The session has ended. Sign in again.")),
    }
}

fn begin(rest: &Rest, wanted: Wanted, ends_at: Option<Instant>) -> Result<Answer, Problem> {
    let subscription = rest.feed.subscribe(wanted)?;
    let index = subscription.begins_at;
    let mut response = axum::response::Response::new(Body::from_stream(streams::Body::new(subscription, ends_at)));
    response.extensions_mut().insert(Streaming);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(shape::MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(Answer::from(response).at(index))
}

/// The event after which the stream begins. One that this node has not applied yet is waited for.
async fn after(rest: &Rest, headers: &HeaderMap, asked: &shape::FollowEvents) -> Result<Option<Position>, Problem> {
    let unreadable =
        || Problem::new(&code::BAD_REQUEST, "Last-Event-ID must be the id of an event: `<index>-<ordinal>`.");
    let header = headers.get(shape::LAST_EVENT_ID_HEADER).map(|id| id.to_str().map_err(|_| unreadable()));
    let Some(id) = header.transpose()?.or(asked.last_event_id.as_deref()).filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let position = told::parse_id(id).ok_or_else(unreadable)?;
    if rest.shop.applied() < position.0 && rest.shop.at_least(position.0).await.is_err() {
        let index = rest.shop.linearizable().await?.max(rest.shop.applied());
        if index < position.0 {
            let detail = format!("Nothing has happened yet after {id}: the log ends at {index}.");
            return Err(Problem::new(&code::BAD_REQUEST, detail));
        }
    }
    Ok(Some(position))
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let too_many = |whose| Problem::new(&code::TOO_MANY_REQUESTS, format!("Too many streams of {whose} are open."));
        match refused {
            Refused::Closed => Problem::new(&code::STOPPING, "Follow the events at another node."),
            Refused::Lost => {
                Problem::new(&code::BEHIND, "This node cannot read what happened; follow it at another one.")
            }
            Refused::Full => Problem::new(&code::OVERLOADED, "The node has as many streams as it can serve."),
            Refused::Account => too_many("this account"),
            Refused::Address => too_many("this address"),
        }
        .retry_after(RETRY_S)
    }
}
