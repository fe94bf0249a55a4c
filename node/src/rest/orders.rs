//! One buyer's units of a drop.

mod key;
pub mod place;
mod wait;
mod write;

use axum::extract::{OriginalUri, Path, State};
use http::{HeaderMap, StatusCode};
use livedrop_domain::accounts::Role;
use livedrop_domain::orders::{self, Cancel, Order};
use livedrop_domain::{OrderId, Reply, View, decided};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::orders as shape;

use super::Rest;
use super::answer::Answer;
use super::body::Params;
use super::context::Context;
use super::docs::Problems;
use super::freshness;
use super::identity::Caller;
use super::page::Wanted;
use super::problem::Problem;
use super::text;
use crate::auth::Identity;

/// One of the caller's orders. With `wait`, answers at its next change or after that time.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path, description = "`ord_…`"), shape::ReadOrder), responses(
    (status = 200, description = "The order.", body = shape::Order),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    Params(asked): Params<shape::ReadOrder>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
    let patience = wait::patience(asked.wait.as_deref())?;
    let get = |view: &dyn View| orders::get(view, id);
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Linearizable, get).await?;
    let order = seen.what.filter(|order| may_see(&caller.0, order));
    let order = order.ok_or_else(|| Problem::not_found("order").at(seen.index))?;
    match patience {
        Some(patience) if !order.status.is_final() => {
            let (order, index) = wait::next_change(&rest, order, seen.index, patience).await?;
            Ok(answer(StatusCode::OK, &order).at(index))
        }
        _ => Ok(answer(StatusCode::OK, &order).at(seen.index)),
    }
}

/// What an idempotency key of the caller decided: the order as it is now, or the problem that it was answered with.
#[utoipa::path(get, path = "/v1/orders", tag = "orders", security(("bearer" = [])), params(shape::FindOrder), responses(
    (status = 200, description = "The order.", body = shape::Order),
    (status = 404, description = "`not_found`: the key was never decided.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "The key was decided by this.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn find(
    State(rest): State<Rest>,
    caller: Caller,
    Params(asked): Params<shape::FindOrder>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    key::ensure_well_formed(asked.idempotency_key.as_bytes())?;
    let (account, key_hash) = (caller.account_id(), key::digest(asked.idempotency_key.as_bytes()));
    let get = |view: &dyn View| {
        let decided = decided(view, account, &key_hash)?;
        Ok(match decided.map(|decided| decided.outcome) {
            Some(outcome) => match outcome.answer {
                Ok(Reply::Orders(orders::Reply::Placed(order))) => orders::get(view, order.id)?.map(Ok),
                Ok(_) => None,
                Err(rejection) => Some(Err(Problem::from(rejection).at(outcome.index))),
            },
            None => None,
        })
    };
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Linearizable, get).await?;
    match seen.what {
        Some(Ok(order)) => Ok(answer(StatusCode::OK, &order).at(seen.index)),
        Some(Err(problem)) => Err(problem),
        None => Err(Problem::not_found("decided key").at(seen.index)),
    }
}

/// Gives the units of an order back, before it is confirmed.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path, description = "`ord_…`")), responses(
    (status = 200, description = "The order as it is now.", body = shape::Order),
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
    let command = orders::Command::Cancel(Cancel { order_id, buyer_id: caller.account_id() });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Orders(orders::Reply::Cancelled(order)), index) => Ok(answer(StatusCode::OK, &order).at(index)),
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/v1/me/orders", tag = "orders", security(("bearer" = [])), params(Page), responses(
    (status = 200, description = "A page.", body = rest::List<shape::Order>),
    Problems,
))]
pub async fn mine(
    State(rest): State<Rest>,
    caller: Caller,
    Params(asked): Params<Page>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let wanted = Wanted::<OrderId>::new(asked.limit, asked.cursor.as_deref())?;
    let buyer = caller.account_id();
    let get = |view: &dyn View| orders::of_buyer(view, buyer, wanted.after, wanted.look_for());
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Local, get).await?;
    let found = seen.what.iter().map(|order| (order.id, order_shape(order))).collect();
    Ok(wanted.answer(&uri, found).at(seen.index))
}

/// An order is for its buyer, and for operators. To everybody else it is not there.
fn may_see(identity: &Identity, order: &Order) -> bool {
    order.buyer_id == identity.account_id || identity.role == Role::Operator
}

pub(super) fn answer(status: StatusCode, order: &Order) -> Answer {
    Answer::written(status, "application/json", write::order(order))
}

pub fn order_shape(order: &Order) -> shape::Order {
    shape::Order {
        id: order.id.to_string(),
        drop_id: order.drop_id.to_string(),
        product_id: order.product_id.to_string(),
        buyer_id: order.buyer_id.to_string(),
        sku: order.sku.clone(),
        quantity: order.quantity,
        unit_price: text::money(order.unit_price),
        amount: text::money(order.amount()),
        status: text::order_status_shape(order.status),
        created_at: text::time(order.created_at),
        hold_expires_at: text::time(order.hold_expires_at),
        log_index: order.placed_index.into(),
    }
}
