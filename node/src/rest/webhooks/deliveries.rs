//! What became of each delivery, and sending one once more.

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use livedrop_domain::webhooks::{self, Command, Delivery, Position, State as Standing};
use livedrop_domain::{Reply, View};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::webhooks as shape;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::context::Context;
use super::super::docs::Problems;
use super::super::freshness;
use super::super::identity::Seller;
use super::super::page::Paged;
use super::super::problem::Problem;
use super::super::text;
use super::{not_found, own, parse};
use crate::webhooks::{message_id, parse_message_id};

/// The deliveries to one of the caller's endpoints, newest event first, for seven days.
#[utoipa::path(get, path = "/v1/webhook_endpoints/{id}/deliveries", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, description = "`whk_…`"), Page), responses(
    (status = 200, description = "A page.", body = rest::List<shape::Delivery>),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn list(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    paged: Paged<Position>,
) -> Result<Answer, Problem> {
    let id = parse(&id)?;
    let get = |view: &dyn View| {
        let found = webhooks::deliveries(view, id, paged.wanted.after, paged.wanted.look_for())?;
        Ok(own(view, creator_id, id)?.map(|_| found))
    };
    let seen = paged.read(&rest, get).await?;
    let found = seen.what.ok_or_else(|| not_found().at(seen.index))?;
    let found = found.iter().map(|(position, delivery)| (*position, look_of(*position, delivery))).collect();
    Ok(paged.answer(found).at(seen.index))
}

/// Sends a delivery once more, now, whatever became of it before.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/deliveries/{delivery}/resend", tag = "webhooks", security(("bearer" = [])),
    params(("id" = String, Path, description = "`whk_…`"), ("delivery" = String, Path, description = "`evt_…`")), responses(
    (status = 202, description = "It is on its way; the delivery as it is now.", body = shape::Delivery),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "`wrong_status`: the endpoint is switched off.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn resend(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path((id, delivery)): Path<(String, String)>,
    headers: HeaderMap,
    context: Context,
) -> Result<Answer, Problem> {
    let endpoint_id = parse(&id)?;
    let position = parse_message_id(&delivery).ok_or_else(|| Problem::not_found("delivery"))?;
    let (index, ordinal) = position;
    let command = Command::Resend(webhooks::Resend { endpoint_id, creator_id, index, ordinal });
    let decided = match rest.decide(&context.request_id, command).await? {
        (Reply::Webhooks(webhooks::Reply::Resent { .. }), index) => index,
        (other, _) => return Err(Problem::unexpected(&other)),
    };
    let get = |view: &dyn View| webhooks::delivery(view, endpoint_id, position);
    let seen = freshness::read(&rest, &headers, None, Consistency::Linearizable, get).await?;
    let delivery = seen.what.ok_or_else(|| Problem::not_found("delivery").at(decided))?;
    Ok(Answer::json(StatusCode::ACCEPTED, &look_of(position, &delivery)).at(seen.index))
}

fn look_of(position: Position, delivery: &Delivery) -> shape::Delivery {
    let attempt = |attempt: &webhooks::Try| shape::DeliveryTry {
        at: text::time(attempt.at),
        status: attempt.status,
        error: attempt.error.clone(),
        duration_ms: attempt.duration_ms,
    };
    shape::Delivery {
        id: message_id(position),
        kind: delivery.kind.clone(),
        state: match delivery.state {
            Standing::Pending => shape::DeliveryState::Pending,
            Standing::Delivered => shape::DeliveryState::Delivered,
            Standing::Failed => shape::DeliveryState::Failed,
        },
        created_at: text::time(delivery.created_at),
        next_try_at: delivery.due_at.map(text::time),
        tries: delivery.tries.iter().map(attempt).collect(),
    }
}
