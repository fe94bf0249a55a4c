//! One buyer's units of a drop.

mod key;
mod keyed;
pub mod pay;
pub mod place;
mod shape;
mod wait;
mod write;

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use livedrop_domain::accounts::Role;
use livedrop_domain::orders::{self, Order};
use livedrop_domain::payments::{self, Payment};
use livedrop_domain::{Fault, OrderId, Reply, View, decided};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders as wire;

use super::Rest;
use super::answer::Answer;
use super::body::Params;
use super::context::Context;
use super::docs::Problems;
use super::freshness;
use super::identity::Caller;
use super::page::Paged;
use super::problem::Problem;
use crate::auth::Identity;

pub use shape::order as order_shape;

/// One of the caller's orders. With `wait`, answers at its next change or after that time.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path, description = "`ord_…`"), wire::ReadOrder), responses(
    (status = 200, description = "The order.", body = wire::Order),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    Params(asked): Params<wire::ReadOrder>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
    let patience = wait::patience(asked.wait.as_deref())?;
    let get = |view: &dyn View| whole(view, id);
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Linearizable, get).await?;
    let whole = seen.what.filter(|(order, _)| may_see(&caller.0, order));
    let whole = whole.ok_or_else(|| Problem::not_found("order").at(seen.index))?;
    let ((order, payment), index) = match patience {
        Some(patience) if !whole.0.status.is_final() => wait::next_change(&rest, whole, seen.index, patience).await?,
        _ => (whole, seen.index),
    };
    Ok(answer(StatusCode::OK, &order, payment.as_ref()).at(index))
}

/// What an idempotency key of the caller decided: the order as it is now, or the problem that it was answered with.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", security(("bearer" = [])), params(wire::FindOrder), responses(
    (status = 200, description = "The order.", body = wire::Order),
    (status = 404, description = "`not_found`: the key was never decided.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "The key was decided by this.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn find(
    State(rest): State<Rest>,
    caller: Caller,
    Params(asked): Params<wire::FindOrder>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    key::ensure_well_formed(asked.idempotency_key.as_bytes())?;
    let (account, key_hash) = (caller.account_id(), key::digest(asked.idempotency_key.as_bytes()));
    let get = |view: &dyn View| {
        let Some(decided) = decided(view, account, &key_hash)? else { return Ok(None) };
        Ok(match decided.outcome.answer {
            Ok(reply) => match order_of(&reply) {
                Some(id) => whole(view, id)?.map(Ok),
                None => None,
            },
            Err(rejection) => Some(Err(Problem::from(rejection).at(decided.outcome.index))),
        })
    };
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Linearizable, get).await?;
    match seen.what {
        Some(Ok((order, payment))) => Ok(answer(StatusCode::OK, &order, payment.as_ref()).at(seen.index)),
        Some(Err(problem)) => Err(problem),
        None => Err(Problem::not_found("decided key").at(seen.index)),
    }
}

/// The order that a reply is about.
fn order_of(reply: &Reply) -> Option<OrderId> {
    match reply {
        Reply::Orders(orders::Reply::Placed(order)) => Some(order.id),
        Reply::Payments(
            payments::Reply::Placed(order, _)
            | payments::Reply::Changed(order, _)
            | payments::Reply::Refunding(order, ..)
            | payments::Reply::Cancelled(order, _),
        ) => Some(order.id),
        _ => None,
    }
}

/// An order and its payment, if one has begun.
fn whole(view: &dyn View, id: OrderId) -> Result<Option<(Order, Option<Payment>)>, Fault> {
    let Some(order) = orders::get(view, id)? else { return Ok(None) };
    let payment = match order.status {
        // Nothing was paid; a read of a reserved order costs no look for it.
        orders::Status::Reserved => None,
        _ => payments::get(view, id)?,
    };
    Ok(Some((order, payment)))
}

/// Gives the units of an order back, before it is confirmed. A payment that has begun is called off first: the order
/// stays `paying` until the gateway has said so, and is `confirmed` when it had taken the money already.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path, description = "`ord_…`")), responses(
    (status = 200, description = "The order as it is now.", body = wire::Order),
    (status = 409, description = "`wrong_status`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn cancel(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    context: Context,
) -> Result<Answer, Problem> {
    let order_id = id.parse().map_err(|_| Problem::not_found("order"))?;
    let command = payments::Command::Cancel(payments::Cancel { order_id, buyer_id: caller.account_id() });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Payments(payments::Reply::Cancelled(order, payment)), index) => {
            Ok(answer(StatusCode::OK, &order, payment.as_deref()).at(index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/v1/me/orders", tag = "orders", security(("bearer" = [])), params(Page), responses(
    (status = 200, description = "A page.", body = rest::List<wire::Order>),
    Problems,
))]
pub async fn mine(State(rest): State<Rest>, caller: Caller, paged: Paged<OrderId>) -> Result<Answer, Problem> {
    let buyer = caller.account_id();
    let get = |view: &dyn View| orders::of_buyer(view, buyer, paged.wanted.after, paged.wanted.look_for());
    let seen = paged.read(&rest, get).await?;
    let found = seen.what.iter().map(|order| (order.id, order_shape(order, None))).collect();
    Ok(paged.answer(found).at(seen.index))
}

/// An order is for its buyer, and for operators. To everybody else it is not there.
fn may_see(identity: &Identity, order: &Order) -> bool {
    order.buyer_id == identity.account_id || identity.role == Role::Operator
}

pub(super) fn answer(status: StatusCode, order: &Order, payment: Option<&Payment>) -> Answer {
    Answer::written(status, "application/json", write::order(order, payment))
}
