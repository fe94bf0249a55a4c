//! Events as creators' servers are told them: whose business each is, and the body of its delivery.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use livedrop_domain::{AccountId, DropId, Event, Fault, Timestamp, View, drops, orders, waitlist};
use serde_json::{Value, json};

use crate::rest::{order_shape, rfc3339};
use crate::told::{fields, kind, of_drop, of_order};

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
        Event::Drops(event) => {
            let (_, creator, kind) = of_drop(event);
            Ok(Some((creator, kind)))
        }
        Event::Orders(event) => {
            let (told, kind) = of_order(event);
            Ok(creators.of(view, told.drop_id)?.map(|creator| (creator, kind)))
        }
        Event::Waitlist(waitlist::Event::Offered { creator_id, .. }) => Ok(kind(event).map(|kind| (*creator_id, kind))),
        _ => Ok(None),
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
        Event::Drops(_) | Event::Waitlist(_) => Value::Object(fields(event)),
        _ => Value::Null,
    };
    let body = json!({ "type": kind, "timestamp": rfc3339(at), "data": data });
    Ok(serde_json::to_vec(&body).expect("a value is JSON"))
}

/// What an endpoint is told when it could not be told of some events. It is no event, and nobody asks for it.
pub const MISSED: &str = "deliveries.missed";

/// The body of a delivery that says so: events of these log entries, all before `since`, were not delivered.
pub fn missed(since: Timestamp, entries: &RangeInclusive<u64>) -> Vec<u8> {
    // As text, as all log indexes are: they outgrow the numbers of JavaScript.
    let (from, through) = (entries.start().to_string(), entries.end().to_string());
    let data = json!({ "before": rfc3339(since), "from_log_index": from, "through_log_index": through });
    let body = json!({ "type": MISSED, "timestamp": rfc3339(since), "data": data });
    serde_json::to_vec(&body).expect("a value is JSON")
}

#[cfg(test)]
mod tests {
    use livedrop_domain::MemView;
    use livedrop_domain::drops::{ITEMS_MAX, SKU_MAX};
    use livedrop_domain::webhooks::{BODY_MAX, EVENT_NAME_MAX, EVENTS_MAX};

    use super::*;
    use crate::told::KINDS;

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
