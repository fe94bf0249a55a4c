//! What operators see of payments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Money;
use super::orders::OrderStatus;

/// What exactly is being done about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStage {
    /// The gateway is asked to make a payment that is not confirmed.
    Creating,
    /// It is asked to take the money.
    Confirming,
    /// The buyer confirms with their bank.
    Acting,
    /// It was asked to take the money, and what came of that is not known. It is asked about.
    Unknown,
    /// It is asked to call the payment off.
    Cancelling,
    /// It has taken the money.
    Charged,
    /// It took no money and never will.
    Closed,
    /// The units went back before the gateway answered. It is still asked; money that it took is refunded.
    Abandoned,
}

/// `GET /v1/admin/payments`: one payment beside its order, and beside the sandbox's own books when that took the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentLine {
    /// `ord_…`
    pub order_id: String,
    pub order_status: OrderStatus,
    /// What the order costs.
    pub amount: Money,
    /// `sandbox` or `stripe`.
    pub gateway: String,
    pub stage: PaymentStage,
    /// The gateway's name for the payment; null before it has one.
    #[schema(required)]
    pub intent_id: Option<String>,
    /// What was taken, as the shop has it.
    pub charged: Money,
    /// What went back, as the shop has it.
    pub refunded: Money,
    /// What the sandbox has in its books; null with another gateway.
    #[schema(required)]
    pub ledger: Option<LedgerSums>,
    /// Whether somebody still has to talk to the gateway.
    pub open: bool,
}

/// The sums of one payment over a gateway's own books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerSums {
    pub charged: Money,
    pub refunded: Money,
}

/// What a movement in the sandbox's books did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    Charge,
    Refund,
}

/// `GET /v1/admin/payments/ledger`: a line of the sandbox's books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    #[schema(format = DateTime)]
    pub at: String,
    pub kind: MovementKind,
    /// `pi_sandbox_…`
    pub intent_id: String,
    /// `ord_…`
    pub order_id: String,
    pub amount: Money,
}

/// `POST /v1/webhooks/stripe`: what was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookTaken {
    /// Whether it concerned an order of this shop, which was looked at again.
    pub looked: bool,
}
