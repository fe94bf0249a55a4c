//! Waiting lines for what is sold out.

use axum::extract::{Path, State};
use http::HeaderMap;
use livedrop_domain::waitlist::{self, Command, Join, Leave, Position, QUANTITY_MAX, Standing};
use livedrop_domain::{AccountId, DropId, Fault, Reply, View, drops};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::waitlist as shape;

use super::Rest;
use super::answer::Answer;
use super::body::Json;
use super::context::Context;
use super::docs::Problems;
use super::freshness;
use super::identity::Caller;
use super::mint;
use super::problem::Problem;
use super::text;

/// Takes a place in line for what is sold out. Units that come back, or are added, are offered in the order of joining,
/// as orders that are held for ten minutes at least; nobody else gets them. Again, it keeps the place, and of an open
/// offer says what it is.
#[utoipa::path(put, path = "/v1/drops/{id}/waitlist", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), request_body = shape::JoinWaitlist, responses(
    (status = 200, description = "The place.", body = shape::WaitlistPlace),
    (status = 404, description = "`not_found`: no such drop.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "`units_available`, `already_waiting`, `limit_reached`, `line_full`, `drop_ended`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 425, description = "`drop_not_open`, with `opens_at`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn join(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    context: Context,
    Json(body): Json<shape::JoinWaitlist>,
) -> Result<Answer, Problem> {
    let (drop_id, account_id) = (parse(&id)?, caller.account_id());
    let quantity = body.quantity.unwrap_or(1);
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(Problem::field("/quantity", format!("must be 1 to {QUANTITY_MAX}")));
    }
    let join = Join { drop_id, account_id, sku: body.sku, quantity, order_id: mint::order(rest.now()) };
    let (reply, index) = rest.decide(&context.request_id, Command::Join(join)).await?;
    if !matches!(reply, Reply::Waitlist(waitlist::Reply::Waiting { .. } | waitlist::Reply::Offered { .. })) {
        return Err(Problem::unexpected(&reply));
    }
    // Where in line that is, and whether it is an offer by now, is read.
    let seen = freshness::read_back(&rest, index, |view| place(view, drop_id, account_id)).await?;
    let place = seen.what.ok_or_else(|| no_place().at(seen.index))?;
    Ok(Answer::ok(&place).at(seen.index))
}

/// The caller's place in line, or the open offer that it came to.
#[utoipa::path(get, path = "/v1/drops/{id}/waitlist", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), responses(
    (status = 200, description = "The place.", body = shape::WaitlistPlace),
    (status = 404, description = "`not_found`: not in line.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let (drop_id, account_id) = (parse(&id)?, caller.account_id());
    let get = |view: &dyn View| place(view, drop_id, account_id);
    let seen = freshness::read(&rest, &headers, None, Consistency::Linearizable, get).await?;
    let place = seen.what.ok_or_else(|| no_place().at(seen.index))?;
    Ok(Answer::ok(&place).at(seen.index))
}

/// Gives the place up. Whoever has none is out of line as well; an offer stays, and is cancelled as the order that it is.
#[utoipa::path(delete, path = "/v1/drops/{id}/waitlist", tag = "drops", security(("bearer" = [])),
    params(("id" = String, Path, description = "`drp_…`")), responses(
    (status = 204, description = "Not in line."),
    (status = 404, description = "`not_found`: no drop can have this id.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn leave(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    context: Context,
) -> Result<Answer, Problem> {
    let command = Command::Leave(Leave { drop_id: parse(&id)?, account_id: caller.account_id() });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Waitlist(waitlist::Reply::Left), index) => Ok(Answer::no_content().at(index)),
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

fn parse(id: &str) -> Result<DropId, Problem> {
    id.parse().map_err(|_| Problem::not_found("drop"))
}

fn no_place() -> Problem {
    Problem::not_found("place in line")
}

/// What the place of an account in the lines of a drop has come to, if it has one.
fn place(view: &dyn View, drop_id: DropId, account: AccountId) -> Result<Option<shape::WaitlistPlace>, Fault> {
    let Some(standing) = waitlist::standing(view, drop_id, account)? else { return Ok(None) };
    Ok(Some(match standing {
        Standing::Waiting { item, quantity, position } => {
            // No line is longer than this can say.
            let said = |number: u64| Some(u32::try_from(number).unwrap_or(u32::MAX));
            let (position, position_at_least) = match position {
                Position::Exactly(position) => (said(position), None),
                Position::AtLeast(position) => (None, said(position)),
            };
            shape::WaitlistPlace {
                drop_id: drop_id.to_string(),
                sku: sku(view, drop_id, item)?,
                quantity,
                status: shape::WaitlistStatus::Waiting,
                position,
                position_at_least,
                order_id: None,
                offer_expires_at: None,
            }
        }
        Standing::Offered(order) => shape::WaitlistPlace {
            drop_id: drop_id.to_string(),
            sku: order.sku.clone(),
            quantity: order.quantity,
            status: shape::WaitlistStatus::Offered,
            position: None,
            position_at_least: None,
            order_id: Some(order.id.to_string()),
            offer_expires_at: Some(text::time(order.held_until())),
        },
    }))
}

fn sku(view: &dyn View, drop_id: DropId, item: u16) -> Result<String, Fault> {
    let item = drops::stock(view, drop_id)?.0.into_iter().nth(item.into());
    Ok(item.ok_or_else(|| Fault::new("reading a place in line", format!("{drop_id} has no such variant")))?.sku)
}
