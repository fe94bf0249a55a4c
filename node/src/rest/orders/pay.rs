//! Paying for an order, and paying back.

use axum::extract::{Path, State};
use http::{HeaderMap, HeaderValue, StatusCode};
use livedrop_domain::accounts::Role;
use livedrop_domain::payments::{self, METHOD_MAX, With};
use livedrop_domain::{OrderId, Reply};
use livedrop_proto::rest;
use livedrop_proto::rest::orders as shape;

use super::super::Rest;
use super::super::answer::{Answer, REPLAYED};
use super::super::body;
use super::super::code;
use super::super::context::Context;
use super::super::docs::Problems;
use super::super::identity::Caller;
use super::super::problem::Problem;
use super::keyed::{self, Decided};
use super::{answer, key};

/// Who takes the money, and how long is waited for it: what a payment is begun with.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub gateway: payments::Gateway,
    pub hold_ms: u64,
    pub give_up_ms: u64,
}

impl Terms {
    /// What the log is told of a payment by this method. Rejects what cannot be a method.
    pub fn with(&self, method: String) -> Result<With, Problem> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if !(1..=METHOD_MAX).contains(&method.len()) || !method.bytes().all(allowed) {
            return Err(bad_method());
        }
        let Terms { gateway, hold_ms, give_up_ms } = *self;
        Ok(With { gateway, method, hold_ms, give_up_ms })
    }
}

pub fn bad_method() -> Problem {
    Problem::field("/payment_method", format!("must be 1 to {METHOD_MAX} of A-Z, a-z, 0-9, _ and -"))
}

/// Begins the payment of a reserved order. It goes on by itself; `GET /v1/orders/{id}?wait=10s` tells what comes of it.
#[utoipa::path(post, path = "/v1/orders/{id}/pay", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path, description = "`ord_…`"), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 255)),
    request_body = shape::PayOrder, responses(
    (status = 202, description = "The payment has begun; the order as it is now.", body = shape::Order),
    (status = 400, description = "`idempotency_key_required`, `bad_request`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "`wrong_status`, `hold_ended`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`, `idempotency_key_reused`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn pay(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    context: Context,
) -> Result<Answer, Problem> {
    let buyer_id = caller.account_id();
    let idempotency = key::required(&headers, buyer_id, "POST", &format!("/v1/orders/{id}/pay"), &context.body)?;
    let order_id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
    let wanted: shape::PayOrder = body::parse(&headers, &context.body)?;
    let with = rest.payments.with(wanted.payment_method)?;
    let command = payments::Command::Pay(payments::Pay { order_id, buyer_id, with });
    accepted(keyed::decide(&rest, &context, idempotency, command).await?)
}

/// Gives the money of a confirmed order back, all of it or a part, to whom it came from. For the drop's creator and for
/// operators.
#[utoipa::path(post, path = "/v1/orders/{id}/refund", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path, description = "`ord_…`"), ("Idempotency-Key" = String, Header, min_length = 1, max_length = 255)),
    request_body = shape::RefundOrder, responses(
    (status = 202, description = "The refund is on its way; the order as it is now.", body = shape::Order),
    (status = 400, description = "`idempotency_key_required`, `bad_request`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 403, description = "`forbidden`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "`wrong_status`, `too_many_refunds`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`, `idempotency_key_reused`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn refund(
    State(rest): State<Rest>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    context: Context,
) -> Result<Answer, Problem> {
    let by = caller.account_id();
    let idempotency = key::required(&headers, by, "POST", &format!("/v1/orders/{id}/refund"), &context.body)?;
    let order_id: OrderId = id.parse().map_err(|_| Problem::not_found("order"))?;
    let wanted: shape::RefundOrder = body::parse(&headers, &context.body)?;
    let operator = match caller.0.role {
        Role::Operator => true,
        Role::Creator => false,
        Role::Buyer => return Err(Problem::new(&code::FORBIDDEN, "Only its creator and operators may pay back.")),
    };
    let shape::RefundOrder { amount, restock } = wanted;
    let command = payments::Command::Refund(payments::AskRefund { order_id, by, operator, amount, restock });
    accepted(keyed::decide(&rest, &context, idempotency, command).await?)
}

fn accepted(decided: Decided) -> Result<Answer, Problem> {
    let (order, payment) = match decided.reply {
        Reply::Payments(payments::Reply::Changed(order, payment) | payments::Reply::Refunding(order, payment, _)) => {
            (order, payment)
        }
        other => return Err(Problem::unexpected(&other)),
    };
    let answer = answer(StatusCode::ACCEPTED, &order, Some(&payment)).at(decided.index);
    Ok(match decided.replayed {
        true => answer.with(REPLAYED, HeaderValue::from_static("true")),
        false => answer,
    })
}
