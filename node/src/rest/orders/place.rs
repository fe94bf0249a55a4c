//! The purchase: what everything else here must not slow down.

use std::borrow::Cow;

use axum::extract::State;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use livedrop_domain::orders::{self, Place, QUANTITY_MAX};
use livedrop_domain::{Command, Reply, payments};
use livedrop_proto::rest;
use livedrop_proto::rest::orders as shape;
use serde::Deserialize;

use super::super::Rest;
use super::super::answer::{Answer, REPLAYED};
use super::super::body;
use super::super::context::Context;
use super::super::docs::Problems;
use super::super::identity::Caller;
use super::super::mint;
use super::super::problem::Problem;
use super::keyed::{self, Decided};
use super::{answer, key};

/// The body, borrowed from its bytes: [`shape::PlaceOrder`] without copies.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted<'a> {
    #[serde(borrow)]
    drop_id: Cow<'a, str>,
    sku: Option<String>,
    quantity: u32,
    payment_method: Option<String>,
}

/// Holds units of a drop for the caller, and with a `payment_method` begins to pay for them.
#[utoipa::path(post, path = "/v1/orders", tag = "orders", security(("bearer" = [])),
    params(("Idempotency-Key" = String, Header, min_length = 1, max_length = 255, description = "Of the caller's own making, the same for every try of this request.")),
    request_body = shape::PlaceOrder, responses(
    (status = 201, description = "The order; `Location` names it. With `Idempotent-Replayed: true`, the first answer to the key.", body = shape::Order),
    (status = 400, description = "`idempotency_key_required`, `bad_request`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`: no such drop.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "`sold_out`, `limit_reached`, `drop_paused`, `drop_ended`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`, `idempotency_key_reused`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 425, description = "`drop_not_open`, with `opens_at`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 503, description = "`no_quorum`, `outcome_unknown`, `overloaded`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn place(State(rest): State<Rest>, context: Context, headers: HeaderMap) -> Result<Answer, Problem> {
    purchase(&rest, &headers, &context).await
}

/// Where [`place`] is. The front knows it too, so that a purchase pays for no look-up of its route and no boxed future.
pub const PATH: &str = "/v1/orders";

/// The purchase, without the router.
pub async fn purchase(rest: &Rest, headers: &HeaderMap, context: &Context) -> Result<Answer, Problem> {
    let buyer_id = Caller::of(rest, headers).await?.account_id();
    let idempotency = key::required(headers, buyer_id, "POST", PATH, &context.body)?;
    let wanted: Wanted = body::parse(headers, &context.body)?;
    if !(1..=QUANTITY_MAX).contains(&wanted.quantity) {
        return Err(Problem::field("/quantity", format!("must be 1 to {QUANTITY_MAX}")));
    }
    let order_id = mint::order(rest.now());
    let place = Place {
        order_id,
        buyer_id,
        drop_id: wanted.drop_id.parse().map_err(|_| Problem::not_found("drop"))?,
        sku: wanted.sku,
        quantity: wanted.quantity,
    };
    let command = match wanted.payment_method {
        None => Command::Orders(orders::Command::Place(place)),
        Some(method) => {
            let with = rest.payments.with(method)?;
            payments::Command::PlaceAndPay(payments::PlaceAndPay { place, with }).into()
        }
    };
    let Decided { reply, index, replayed } = keyed::decide(rest, context, idempotency, command).await?;
    let (order, payment) = match reply {
        Reply::Orders(orders::Reply::Placed(order)) => (order, None),
        Reply::Payments(payments::Reply::Placed(order, payment)) => (order, Some(payment)),
        other => return Err(Problem::unexpected(&other)),
    };
    let location = format!("/v1/orders/{}", order.id);
    let answer = answer(StatusCode::CREATED, &order, payment.as_deref()).at(index);
    let answer = answer.with_text(header::LOCATION, location);
    // The write path may have repeated this very request: then the first answer is this one.
    Ok(match replayed && order.id != order_id {
        true => answer.with(REPLAYED, HeaderValue::from_static("true")),
        false => answer,
    })
}
