//! What operators see of payments: every payment beside its order, and the sandbox's own books.

use axum::extract::State;
use livedrop_domain::orders::Order;
use livedrop_domain::payments::{self, Payment, Stage};
use livedrop_domain::sandbox::{self, IntentId, Kind};
use livedrop_domain::{Fault, Money, OrderId, View};
use livedrop_proto::rest;
use livedrop_proto::rest::list::Page;
use livedrop_proto::rest::payments as shape;

use super::Rest;
use super::answer::Answer;
use super::docs::Problems;
use super::identity::Operator;
use super::page::Paged;
use super::problem::Problem;
use super::text;

/// Every payment, oldest order first, beside the sandbox's books where that took the money.
#[utoipa::path(get, path = "/v1/admin/payments", tag = "operations", security(("bearer" = [])), params(Page), responses(
    (status = 200, description = "A page.", body = rest::List<shape::PaymentLine>),
    Problems,
))]
pub async fn list(State(rest): State<Rest>, _: Operator, paged: Paged<OrderId>) -> Result<Answer, Problem> {
    let get = |view: &dyn View| {
        let found = payments::list(view, paged.wanted.after, paged.wanted.look_for())?;
        found.into_iter().map(|(payment, order)| line(view, &payment, &order)).collect::<Result<Vec<_>, Fault>>()
    };
    let seen = paged.read(&rest, get).await?;
    Ok(paged.answer(seen.what).at(seen.index))
}

/// The sandbox's books, line by line, oldest first: what it took and what it gave back.
#[utoipa::path(get, path = "/v1/admin/payments/ledger", tag = "operations", security(("bearer" = [])), params(Page), responses(
    (status = 200, description = "A page.", body = rest::List<shape::Movement>),
    Problems,
))]
pub async fn ledger(State(rest): State<Rest>, _: Operator, paged: Paged<sandbox::Position>) -> Result<Answer, Problem> {
    let get = |view: &dyn View| sandbox::ledger(view, paged.wanted.after, paged.wanted.look_for());
    let seen = paged.read(&rest, get).await?;
    let movement = |movement: &sandbox::Movement| shape::Movement {
        at: text::time(movement.at),
        kind: match movement.kind {
            Kind::Charge => shape::MovementKind::Charge,
            Kind::Refund => shape::MovementKind::Refund,
        },
        intent_id: movement.intent.to_string(),
        order_id: movement.order_id.to_string(),
        amount: text::money(movement.amount),
    };
    let found = seen.what.iter().map(|(position, line)| (*position, movement(line))).collect();
    Ok(paged.answer(found).at(seen.index))
}

fn line(view: &dyn View, payment: &Payment, order: &Order) -> Result<(OrderId, shape::PaymentLine), Fault> {
    let money = |amount| text::money(Money { amount, currency: payment.amount.currency });
    let id = payment.intent_id.as_deref().and_then(|id| id.parse::<IntentId>().ok());
    let ledger = match (payment.gateway, id) {
        (payments::Gateway::Sandbox, Some(id)) => sandbox::get(view, id)?
            .map(|intent| shape::LedgerSums { charged: money(intent.charged()), refunded: money(intent.refunded()) }),
        _ => None,
    };
    let line = shape::PaymentLine {
        order_id: order.id.to_string(),
        order_status: text::order_status_shape(order.status),
        amount: text::money(payment.amount),
        gateway: match payment.gateway {
            payments::Gateway::Sandbox => "sandbox".to_owned(),
            payments::Gateway::Stripe => "stripe".to_owned(),
        },
        stage: stage(payment.stage),
        intent_id: payment.intent_id.clone(),
        charged: money(payment.charged()),
        refunded: money(payment.refunded()),
        ledger,
        open: payment.needs_gateway(),
    };
    Ok((order.id, line))
}

fn stage(stage: Stage) -> shape::PaymentStage {
    match stage {
        Stage::Creating => shape::PaymentStage::Creating,
        Stage::Confirming => shape::PaymentStage::Confirming,
        Stage::Acting => shape::PaymentStage::Acting,
        Stage::Unknown => shape::PaymentStage::Unknown,
        Stage::Cancelling => shape::PaymentStage::Cancelling,
        Stage::Charged => shape::PaymentStage::Charged,
        Stage::Closed => shape::PaymentStage::Closed,
        Stage::Abandoned => shape::PaymentStage::Abandoned,
    }
}
