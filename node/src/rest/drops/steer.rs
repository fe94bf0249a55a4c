//! Changing a drop that is under way: more units, a pause, an end.

use axum::extract::{Path, State};
use http::header;
use livedrop_domain::drops::{self, STOCK_MAX, Steer};
use livedrop_domain::{AccountId, Reply};
use livedrop_proto::rest;
use livedrop_proto::rest::drops as shape;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::body::Json;
use super::super::checks::Checks;
use super::super::context::{Context, RequestId};
use super::super::docs::Problems;
use super::super::identity::Seller;
use super::super::problem::Problem;
use super::super::shop::look;
use super::{Whole, parse, product};

/// Adds units of one variant.
#[utoipa::path(post, path = "/v1/drops/{id}/restock", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), request_body = shape::Restock, responses(
    (status = 200, description = "The drop as it is now.", body = shape::Drop),
    Problems,
))]
pub async fn restock(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
    Json(body): Json<shape::Restock>,
) -> Result<Answer, Problem> {
    let drop_id = parse(&id)?;
    let mut checks = Checks::default();
    checks.ensure((1..=STOCK_MAX).contains(&body.quantity), "/quantity", format!("must be 1 to {STOCK_MAX}"));
    checks.done()?;
    let sku = match body.sku {
        Some(sku) => sku,
        None => only_sku(&rest, drop_id).await?,
    };
    let command = drops::Command::Restock(drops::Restock { drop_id, creator_id, sku, quantity: body.quantity });
    changed(&rest, &context.request_id, command).await
}

/// Stops selling for a while.
#[utoipa::path(post, path = "/v1/drops/{id}/pause", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), responses(
    (status = 200, description = "The drop as it is now.", body = shape::Drop),
    (status = 409, description = "`wrong_status`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn pause(rest: State<Rest>, seller: Seller, id: Path<String>, context: Context) -> Result<Answer, Problem> {
    steer(rest, seller, id, context, drops::Command::Pause).await
}

/// Goes on selling.
#[utoipa::path(post, path = "/v1/drops/{id}/resume", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), responses(
    (status = 200, description = "The drop as it is now.", body = shape::Drop),
    (status = 409, description = "`wrong_status`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn resume(rest: State<Rest>, seller: Seller, id: Path<String>, context: Context) -> Result<Answer, Problem> {
    steer(rest, seller, id, context, drops::Command::Resume).await
}

/// Stops selling for good.
#[utoipa::path(post, path = "/v1/drops/{id}/end", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), responses(
    (status = 200, description = "The drop as it is now.", body = shape::Drop),
    (status = 409, description = "`wrong_status`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn end(rest: State<Rest>, seller: Seller, id: Path<String>, context: Context) -> Result<Answer, Problem> {
    steer(rest, seller, id, context, drops::Command::End).await
}

/// Calls a drop off for good. What is held goes back, payments under way are called off, and every confirmed order is
/// refunded, one after the other; each order tells how far that is.
#[utoipa::path(post, path = "/v1/drops/{id}/cancel", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), responses(
    (status = 200, description = "The drop as it is now.", body = shape::Drop),
    (status = 409, description = "`wrong_status`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn cancel(rest: State<Rest>, seller: Seller, id: Path<String>, context: Context) -> Result<Answer, Problem> {
    steer(rest, seller, id, context, drops::Command::Cancel).await
}

async fn steer(
    State(rest): State<Rest>,
    Seller(creator_id): Seller,
    Path(id): Path<String>,
    context: Context,
    command: fn(Steer) -> drops::Command,
) -> Result<Answer, Problem> {
    let command = command(Steer { drop_id: parse(&id)?, creator_id });
    changed(&rest, &context.request_id, command).await
}

/// Has a command on a drop decided and answers with the drop as it is then.
pub async fn changed(rest: &Rest, request_id: &RequestId, command: drops::Command) -> Result<Answer, Problem> {
    match rest.decide(request_id, command).await? {
        (Reply::Drops(drops::Reply::Changed(drop, stock)), index) => {
            let product = product(rest, drop.product_id).await?;
            let whole = Whole { drop, stock, product };
            Ok(Answer::ok(&whole.shape(rest.now())).at(index).with(header::ETAG, whole.etag()))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// The only variant of a drop, which need not be named.
async fn only_sku(rest: &Rest, id: livedrop_domain::DropId) -> Result<String, Problem> {
    rest.shop.linearizable().await?;
    let stock = look(&*rest.shop, |view| match drops::get(view, id)? {
        Some(drop) => drops::stock(view, drop.id).map(Some),
        None => Ok(None),
    })?;
    match &stock.what.ok_or_else(|| Problem::not_found("drop"))?.0[..] {
        [only] => Ok(only.sku.clone()),
        _ => Err(Problem::field("/sku", "must be given when there are several")),
    }
}

/// The drop's creator, whose it must be. Somebody else's drop is not there.
pub fn must_be_own(drop: Option<drops::Drop>, creator_id: AccountId) -> Result<drops::Drop, Problem> {
    drop.filter(|drop| drop.creator_id == creator_id).ok_or_else(|| Problem::not_found("drop"))
}
