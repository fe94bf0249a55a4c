//! What is said of an event.

use livedrop_domain::{Event, Timestamp, drops, waitlist};
use serde_json::{Map, Value, json};

use super::{Audience, audience, id, kind, of_order};
use crate::rest::rfc3339;

/// Variants that a restocked drop names at most. The longest names of so many fit into a delivery, and into the buffer
/// of a stream.
const ITEMS_TOLD: usize = 20;

/// All that is said of the event at this place: its id, its type, when it happened, whom it concerns, and its
/// [`fields`]. An event without a name has the type null.
pub fn data(position: (u64, u32), at: Timestamp, event: &Event) -> Value {
    let mut said = Map::new();
    said.insert("id".into(), id(position).into());
    said.insert("type".into(), kind(event).into());
    said.insert("occurred_at".into(), rfc3339(at).into());
    match audience(event) {
        Some(Audience::Drop { creator_id, .. }) => said.insert("creator_id".into(), creator_id.to_string().into()),
        Some(Audience::Account(account_id)) => said.insert("account_id".into(), account_id.to_string().into()),
        None => None,
    };
    said.extend(fields(event));
    Value::Object(said)
}

/// What an event says by itself: which drop or order it is of, and what is particular to its kind.
pub fn fields(event: &Event) -> Map<String, Value> {
    let said = match event {
        Event::Drops(event) => of_drop(event),
        Event::Orders(event) => {
            let (told, _) = of_order(event);
            let (order_id, drop_id) = (told.order_id.to_string(), told.drop_id.to_string());
            json!({ "order_id": order_id, "drop_id": drop_id, "quantity": told.quantity })
        }
        Event::Waitlist(waitlist::Event::Offered { drop_id, order_id, quantity, expires_at, .. }) => {
            let (order_id, drop_id) = (order_id.to_string(), drop_id.to_string());
            let expires_at = rfc3339(*expires_at);
            json!({ "order_id": order_id, "drop_id": drop_id, "quantity": quantity, "expires_at": expires_at })
        }
        _ => Value::Null,
    };
    match said {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn of_drop(event: &drops::Event) -> Value {
    use drops::Event::*;
    match event {
        Scheduled { drop_id, starts_at, .. } | Edited { drop_id, starts_at: Some(starts_at), .. } => {
            json!({ "drop_id": drop_id.to_string(), "starts_at": rfc3339(*starts_at) })
        }
        LowStock { drop_id, available, .. } => json!({ "drop_id": drop_id.to_string(), "available": available }),
        Restocked { drop_id, items, .. } => {
            let items: Vec<_> = items
                .iter()
                .take(ITEMS_TOLD)
                .map(|item| json!({ "sku": item.sku, "available": item.available }))
                .collect();
            json!({ "drop_id": drop_id.to_string(), "items": items })
        }
        Live { drop_id, .. }
        | SoldOut { drop_id, .. }
        | Paused { drop_id, .. }
        | Edited { drop_id, starts_at: None, .. }
        | Ended { drop_id, .. }
        | Cancelled { drop_id, .. } => json!({ "drop_id": drop_id.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use livedrop_domain::{AccountId, DropId, OrderId, orders};

    use super::*;

    const AT: Timestamp = Timestamp(1_795_000_000_000);

    #[test]
    fn a_drop_says_whose_it_is() {
        let (drop_id, creator_id) = (DropId::from_u128(1), AccountId::from_u128(2));
        let event = drops::Event::LowStock { drop_id, creator_id, available: 3 }.into();
        let expected = json!({
            "id": "7-1", "type": "drop.low_stock", "occurred_at": "2026-11-18T11:06:40.000Z",
            "drop_id": drop_id.to_string(), "creator_id": creator_id.to_string(), "available": 3,
        });
        assert_eq!(data((7, 1), AT, &event), expected);
    }

    #[test]
    fn an_order_says_whose_it_is() {
        let (order_id, drop_id, buyer_id) = (OrderId::from_u128(1), DropId::from_u128(2), AccountId::from_u128(3));
        let told = orders::Told { order_id, drop_id, buyer_id, quantity: 2 };
        let expected = json!({
            "id": "7-0", "type": "order.expired", "occurred_at": "2026-11-18T11:06:40.000Z",
            "order_id": order_id.to_string(), "drop_id": drop_id.to_string(), "account_id": buyer_id.to_string(),
            "quantity": 2,
        });
        assert_eq!(data((7, 0), AT, &orders::Event::Expired(told).into()), expected);
    }
}
