//! One buyer's units of a drop.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Consistency, Money, Wide};

/// `POST /v1/orders`, with an `Idempotency-Key` of 1 to 255 visible ASCII characters. There are no payments yet, so a
/// `payment_method` is refused with 422, as every unknown field is.
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
}

/// Where an order stands. Units are held from `reserved`, sold at `confirmed`, given back exactly once otherwise.
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
    /// Until when units are, or were, held while the order is `reserved`.
    #[schema(format = DateTime)]
    pub hold_expires_at: String,
    /// The log index that placed it. Orders of all nodes are decided in this order.
    #[schema(value_type = String)]
    pub log_index: Wide,
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
