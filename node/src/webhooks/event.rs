//! Events as creators' servers are told them: a name, and what it is about.

use std::collections::BTreeMap;

use livedrop_domain::orders::Told;
use livedrop_domain::{AccountId, DropId, Event, Fault, Timestamp, View, drops, orders};
use serde_json::{Value, json};

use crate::rest::{order_shape, rfc3339};

/// The name of every event that an endpoint can be told.
pub const KINDS: [&str; 16] = [
    "drop.scheduled",
    "drop.live",
    "drop.low_stock",
    "drop.sold_out",
    "drop.restocked",
    "drop.paused",
    "drop.edited",
    "drop.ended",
    "drop.cancelled",
    "order.reserved",
    "order.paying",
    "order.confirmed",
    "order.failed",
    "order.expired",
    "order.cancelled",
    "order.refunded",
];

/// Variants that a restocked drop names at most. The longest names of so many fit into a delivery.
const ITEMS_TOLD: usize = 20;

/// Whose drops the orders of a stretch of events are of: each is looked up once.
#[derive(Default)]
pub struct Creators(BTreeMap<DropId, Option<AccountId>>);

impl Creators {
    fn of(&mut self, view: &dyn View, drop: DropId) -> Result<Option<AccountId>, Fault> {
        if let Some(known) = self.0.get(&drop) {
            return Ok(*known);
        }
        let creator = drops::get(view, drop)?.map(|drop| drop.creator_id);
        self.0.insert(drop, creator);
        Ok(creator)
    }
}

/// The creator whom an event concerns, and its name; none when it is nobody's business.
pub fn addressed(
    view: &dyn View,
    creators: &mut Creators,
    event: &Event,
) -> Result<Option<(AccountId, &'static str)>, Fault> {
    match event {
        Event::Drops(event) => Ok(Some(of_drop(event))),
        Event::Orders(event) => {
            let (told, kind) = of_order(event);
            Ok(creators.of(view, told.drop_id)?.map(|creator| (creator, kind)))
        }
        _ => Ok(None),
    }
}

fn of_drop(event: &drops::Event) -> (AccountId, &'static str) {
    use drops::Event::*;
    match event {
        Scheduled { creator_id, .. } => (*creator_id, "drop.scheduled"),
        Live { creator_id, .. } => (*creator_id, "drop.live"),
        LowStock { creator_id, .. } => (*creator_id, "drop.low_stock"),
        SoldOut { creator_id, .. } => (*creator_id, "drop.sold_out"),
        Restocked { creator_id, .. } => (*creator_id, "drop.restocked"),
        Paused { creator_id, .. } => (*creator_id, "drop.paused"),
        Edited { creator_id, .. } => (*creator_id, "drop.edited"),
        Ended { creator_id, .. } => (*creator_id, "drop.ended"),
        Cancelled { creator_id, .. } => (*creator_id, "drop.cancelled"),
    }
}

fn of_order(event: &orders::Event) -> (&Told, &'static str) {
    use orders::Event::*;
    match event {
        Reserved(told) => (told, "order.reserved"),
        Paying(told) => (told, "order.paying"),
        Confirmed(told) => (told, "order.confirmed"),
        Failed(told) => (told, "order.failed"),
        Expired(told) => (told, "order.expired"),
        Cancelled(told) => (told, "order.cancelled"),
        Refunded(told) => (told, "order.refunded"),
    }
}

/// The body of a delivery: `{"type": …, "timestamp": …, "data": …}`. An order is as it is when the delivery is made,
/// which may be later than the event: its type says what happened.
pub fn body(view: &dyn View, kind: &str, at: Timestamp, event: &Event) -> Result<Vec<u8>, Fault> {
    let data = match event {
        Event::Orders(event) => {
            let (told, _) = of_order(event);
            let order = orders::get(view, told.order_id)?.map(|order| order_shape(&order, None));
            json!({ "order": order })
        }
        Event::Drops(event) => drop_data(event),
        _ => Value::Null,
    };
    let body = json!({ "type": kind, "timestamp": rfc3339(at), "data": data });
    Ok(serde_json::to_vec(&body).expect("a value is JSON"))
}

fn drop_data(event: &drops::Event) -> Value {
    use drops::Event::*;
    match event {
        Scheduled { drop_id, starts_at, .. } => {
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
        | Edited { drop_id, .. }
        | Ended { drop_id, .. }
        | Cancelled { drop_id, .. } => json!({ "drop_id": drop_id.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use livedrop_domain::MemView;
    use livedrop_domain::drops::{ITEMS_MAX, SKU_MAX};
    use livedrop_domain::webhooks::{BODY_MAX, EVENT_NAME_MAX, EVENTS_MAX};

    use super::*;

    #[test]
    fn an_endpoint_can_ask_for_every_kind() {
        assert!(KINDS.len() <= EVENTS_MAX && KINDS.iter().all(|kind| kind.len() <= EVENT_NAME_MAX));
    }

    #[test]
    fn the_longest_event_fits_into_a_delivery() {
        let (drop_id, creator_id) = (DropId::from_u128(1), AccountId::from_u128(2));
        let item = drops::Item { sku: "\u{7}".repeat(SKU_MAX), stock: u64::MAX, available: u64::MAX, held: 0, sold: 0 };
        let event = drops::Event::Restocked { drop_id, creator_id, items: vec![item; ITEMS_MAX] }.into();
        let body = body(&MemView::default(), "drop.restocked", Timestamp(0), &event).expect("memory does not fail");
        assert!(body.len() <= BODY_MAX, "{}", body.len());
    }
}
