//! An order as JSON, written straight into its buffer: the answer to every purchase.

use std::io::Write;

use livedrop_domain::Money;
use livedrop_domain::orders::Order;
use livedrop_domain::payments::Payment;

use super::super::text::{self, Rfc3339};
use super::shape;

/// Enough for an order with a long sku.
const BYTES: usize = 640;

/// The same JSON as the shape [`livedrop_proto::rest::orders::Order`] gives, in one pass and one allocation.
pub fn order(order: &Order, payment: Option<&Payment>) -> Vec<u8> {
    let mut json = Vec::with_capacity(BYTES);
    write(&mut json, order, payment).expect("writing into memory cannot fail");
    json
}

fn write(json: &mut Vec<u8>, order: &Order, payment: Option<&Payment>) -> std::io::Result<()> {
    let Order { id, drop_id, product_id, buyer_id, quantity, placed_index, .. } = order;
    write!(json, r#"{{"id":"{id}","drop_id":"{drop_id}","product_id":"{product_id}","buyer_id":"{buyer_id}","sku":"#)?;
    serde_json::to_writer(&mut *json, &order.sku)?;
    write!(json, r#","quantity":{quantity},"unit_price":"#)?;
    money(json, order.unit_price)?;
    write!(json, r#","amount":"#)?;
    money(json, order.amount())?;
    let (status, created_at) = (text::order_status(order.status), Rfc3339(order.created_at));
    let hold_expires_at = Rfc3339(order.held_until());
    write!(json, r#","status":"{status}","created_at":"{created_at}","hold_expires_at":"{hold_expires_at}","#)?;
    write!(json, r#""log_index":"{placed_index}""#)?;
    if let Some(payment) = payment {
        write!(json, r#","payment":"#)?;
        serde_json::to_writer(&mut *json, &shape::payment(payment))?;
    }
    write!(json, "}}")
}

fn money(json: &mut Vec<u8>, money: Money) -> std::io::Result<()> {
    write!(json, r#"{{"amount":{},"currency":"{}"}}"#, money.amount, money.currency)
}

#[cfg(test)]
mod tests {
    use livedrop_domain::orders::Status;
    use livedrop_domain::payments::{Gateway, Stage};
    use livedrop_domain::{AccountId, Currency, DropId, OrderId, ProductId, Timestamp};

    use super::super::order_shape;
    use super::*;

    fn payment(order: &Order) -> Payment {
        Payment {
            order_id: order.id,
            gateway: Gateway::Stripe,
            method: "pm_card_visa".into(),
            amount: order.amount(),
            stage: Stage::Acting,
            attempt: 2,
            intent_id: Some("pi_1".into()),
            started_at: order.created_at,
            give_up_ms: 1,
            give_up_at: None,
            end: None,
            declined: None,
            next_action: Some("https://bank.example/3ds?a=\"b\"".into()),
            refunds: vec![],
            version: 9,
        }
    }

    #[test]
    fn an_order_is_written_as_its_shape_says() {
        for (status, sku) in [
            (Status::Reserved, "default"),
            (Status::Confirmed, "L \"large\" \\ \u{7}"),
            (Status::Cancelled, "größe/ä"),
            (Status::Expired, ""),
        ] {
            let placed = Order {
                id: OrderId::from_u128(u128::MAX),
                buyer_id: AccountId::from_u128(1),
                drop_id: DropId::from_u128(2 << 80),
                product_id: ProductId::from_u128(3),
                sku: sku.into(),
                quantity: 1_000,
                unit_price: Money { amount: 4_999, currency: Currency::EUR },
                status,
                created_at: Timestamp(1_795_000_000_123),
                hold_expires_at: Timestamp(1_795_000_600_123),
                placed_index: u64::MAX,
                version: 7,
                extended_to: None,
            };
            for payment in [None, Some(payment(&placed))] {
                let expected = serde_json::to_vec(&order_shape(&placed, payment.as_ref())).expect("a shape is JSON");
                assert_eq!(String::from_utf8(order(&placed, payment.as_ref())), String::from_utf8(expected));
            }
        }
    }
}
