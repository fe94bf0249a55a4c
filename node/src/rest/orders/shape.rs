//! How orders and their payments look outside.

use livedrop_domain::Money;
use livedrop_domain::orders::Order;
use livedrop_domain::payments::{Payment, Refund, Stage};
use livedrop_proto::rest::orders as shape;

use super::super::text;

pub fn order(order: &Order, payment: Option<&Payment>) -> shape::Order {
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
        hold_expires_at: text::time(order.held_until()),
        log_index: order.placed_index.into(),
        payment: payment.map(self::payment),
    }
}

pub fn payment(payment: &Payment) -> shape::Payment {
    let money = |amount| text::money(Money { amount, currency: payment.amount.currency });
    let refund = |refund: &Refund| shape::Refund {
        number: refund.number,
        amount: money(refund.amount),
        requested_at: text::time(refund.requested_at),
        done_at: refund.done_at.map(text::time),
    };
    shape::Payment {
        status: status(payment.stage),
        method: payment.method.clone(),
        declined: payment.declined.clone(),
        redirect_url: payment.next_action.clone().filter(|url| payment.stage == Stage::Acting && !url.is_empty()),
        refunded: money(payment.refunded()),
        refunds: payment.refunds.iter().map(refund).collect(),
    }
}

/// What a buyer needs to know of what exactly is being done.
fn status(stage: Stage) -> shape::PaymentStatus {
    match stage {
        Stage::Creating | Stage::Confirming | Stage::Unknown => shape::PaymentStatus::Processing,
        Stage::Acting => shape::PaymentStatus::RequiresAction,
        Stage::Cancelling | Stage::Abandoned => shape::PaymentStatus::Cancelling,
        Stage::Charged => shape::PaymentStatus::Charged,
        Stage::Closed => shape::PaymentStatus::NotCharged,
    }
}
