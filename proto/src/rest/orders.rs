//! One buyer's units of a drop.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Consistency, Money, Wide};

/// `POST /v1/orders`, with an `Idempotency-Key` of 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// `drp_…`
    #[schema(example = "drp_01KAS0FJX0D2W8NMC0D3F5H7KA")]
    pub drop_id: String,
    /// Which variant; may be left out when the drop has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64)]
    pub sku: Option<String>,
    /// Units, 1 to 1,000.
    #[schema(minimum = 1, maximum = 1_000)]
    pub quantity: u32,
    /// Starts the payment at once, as `POST /v1/orders/{id}/pay` does later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255, example = "pm_card_ok")]
    pub payment_method: Option<String>,
}

/// `POST /v1/orders/{id}/pay`, with an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayOrder {
    /// The gateway's name of a means of payment. The sandbox has `pm_card_ok`, `pm_card_declined`,
    /// `pm_card_insufficient_funds`, `pm_card_slow` (5 s) and `pm_card_timeout` (charged, the answer is lost).
    #[schema(min_length = 1, max_length = 255, example = "pm_card_ok")]
    pub payment_method: String,
}

/// `POST /v1/orders/{id}/refund`, with an `Idempotency-Key`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// Of the currency's minor unit; all that was not refunded yet when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub amount: Option<u64>,
    /// Whether the units can be bought again; only with a refund of all that is left.
    #[serde(default)]
    pub restock: bool,
}

/// Where an order stands. Units are held from `reserved`, sold at `confirmed`, given back exactly once otherwise.
///
/// ```text
/// reserved ── pay ──► paying ── charged ──► confirmed ── refund ──► refunding ──► refunded
///    │                  ├── declined ──► failed                        ▲
///    ├── time ──────────┼──► expired ──── charged after all ───────────┤
///    └── cancel ────────┴──► cancelled ── charged after all ───────────┘
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Units are held until `hold_expires_at`.
    Reserved,
    /// Units are sold.
    Confirmed,
    /// The buyer gave the units back.
    Cancelled,
    /// The hold ran out.
    Expired,
    /// Units are held while the buyer pays.
    Paying,
    /// The payment was declined.
    Failed,
    /// All of the money is on its way back.
    Refunding,
    /// All of the money went back.
    Refunded,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The gateway is being asked.
    Processing,
    /// The buyer must go to `redirect_url`.
    RequiresAction,
    /// It is being called off.
    Cancelling,
    /// The money was taken.
    Charged,
    /// No money was taken, and none will be.
    NotCharged,
}

/// The payment of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    pub status: PaymentStatus,
    pub method: String,
    /// Why the gateway said no, as in `card_declined`; null when it did not.
    #[schema(required)]
    pub declined: Option<String>,
    /// Where the buyer confirms the payment with their bank; null when nobody asks for that.
    #[schema(required)]
    pub redirect_url: Option<String>,
    /// What went back so far.
    pub refunded: Money,
    /// What went back and what is on its way, oldest first.
    pub refunds: Vec<Refund>,
}

/// Money that goes back to a buyer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refund {
    /// The first of an order is 1.
    pub number: u32,
    pub amount: Money,
    #[schema(format = DateTime)]
    pub requested_at: String,
    /// When the gateway had done it; null before.
    #[schema(format = DateTime, required)]
    pub done_at: Option<String>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// `ord_…`
    pub id: String,
    /// `drp_…`
    pub drop_id: String,
    /// `prd_…`
    pub product_id: String,
    /// `usr_…`
    pub buyer_id: String,
    pub sku: String,
    /// Units.
    pub quantity: u32,
    /// Of one unit.
    pub unit_price: Money,
    /// Of all units.
    pub amount: Money,
    pub status: OrderStatus,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Until when units are, or were, held while the order is `reserved` or `paying`.
    #[schema(format = DateTime)]
    pub hold_expires_at: String,
    /// The log index that placed it. Orders of all nodes are decided in this order.
    #[schema(value_type = String)]
    pub log_index: Wide,
    /// Absent before a payment began, and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
}

/// `GET /v1/orders?idempotency_key=…`: the order that a key of the caller decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FindOrder {
    /// As it was sent in `Idempotency-Key`.
    #[param(min_length = 1, max_length = 255)]
    pub idempotency_key: String,
    /// `linearizable` when absent.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
}

/// `GET /v1/orders/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReadOrder {
    /// Answers at the next change of the order, or after this time: seconds as in `10s`, at most `30s`.
    #[param(pattern = "^[0-9]{1,2}s$", example = "10s")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// `linearizable` when absent.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<Consistency>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_field_is_refused() {
        assert!(serde_json::from_str::<PlaceOrder>(r#"{"drop_id":"drp_1","quantity":1}"#).is_ok());
        assert!(serde_json::from_str::<PlaceOrder>(r#"{"drop_id":"drp_1","quantity":1,"skuu":"L"}"#).is_err());
    }
}
