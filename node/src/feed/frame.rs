//! What is written into a stream, byte for byte (WHATWG HTML, section 9.2, server-sent events).
//!
//! Every line that carries data is JSON, which has no line breaks: nothing that somebody wrote can end a frame early.

use bytes::Bytes;
use livedrop_domain::drops::Stock;
use livedrop_domain::{DropId, Event, Timestamp};
use serde_json::{Value, json};

use super::Position;
use crate::told;

/// How long a reader waits before it connects again, in milliseconds.
pub const RETRY: Bytes = Bytes::from_static(b"retry: 2000\n\n");
/// A comment, which says only that the stream is still there.
pub const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");
/// The last word of a stream that ends politely: connect again, to any node.
pub const BYE: Bytes = Bytes::from_static(b"event: bye\ndata: {}\n\n");

/// Where a reader stands that has seen nothing yet. A block without data tells nothing but its id, which the reader
/// sends when it has to come back.
pub fn position(position: Position) -> Bytes {
    format!("id: {}\n\n", told::id(position)).into()
}

/// One event.
pub fn event(position: Position, at: Timestamp, event: &Event) -> Bytes {
    let data = told::data(position, at, event);
    named(&told::id(position), told::kind(event).unwrap_or("message"), &data)
}

/// Says that what happened after the reader's id is not kept any more. The reader goes on from `present`.
pub fn reset(present: Position, oldest_index: u64) -> Bytes {
    let id = told::id(present);
    named(&id, "reset", &json!({ "id": id, "oldest_index": oldest_index.to_string() }))
}

/// The latest counts of a drop. Without an id, because it is a sample: whoever missed it gets a newer one.
pub fn stock(drop: DropId, stock: &Stock) -> Bytes {
    let items: Vec<Value> = stock
        .0
        .iter()
        .map(|item| {
            json!({
                "sku": item.sku, "available": item.available, "held": item.held, "sold": item.sold, "stock": item.stock,
            })
        })
        .collect();
    format!("event: stock\ndata: {}\n\n", json!({ "drop_id": drop.to_string(), "items": items })).into()
}

fn named(id: &str, kind: &str, data: &Value) -> Bytes {
    format!("id: {id}\nevent: {kind}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use livedrop_domain::drops::{Event as Told, Item};
    use livedrop_domain::{AccountId, DropId};

    use super::*;

    fn text(frame: &Bytes) -> &str {
        std::str::from_utf8(frame).expect("frames are text")
    }

    #[test]
    fn nothing_that_somebody_wrote_ends_a_frame() {
        let (drop_id, creator_id) = (DropId::from_u128(1), AccountId::from_u128(2));
        let sku = "a\n\ndata: forged\r\rid: 9-9\r\n\r\n\u{2028}\u{85}b".to_owned();
        let item = Item { sku: sku.clone(), stock: 5, available: 3, held: 1, sold: 1 };
        let restocked = Told::Restocked { drop_id, creator_id, items: vec![item.clone()] }.into();
        for frame in [event((7, 0), Timestamp(0), &restocked), stock(drop_id, &Stock(vec![item]))] {
            let body = text(&frame).strip_suffix("\n\n").expect("a frame ends with an empty line");
            assert!(!body.contains("\n\n") && !body.contains('\r'), "{body}");
            let data: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            let [data] = data[..] else { panic!("one line of data in {body}") };
            let data: Value = serde_json::from_str(data).expect("data is JSON");
            assert_eq!(data["items"][0]["sku"], json!(sku));
        }
    }

    #[test]
    fn a_frame_names_its_event() {
        let (drop_id, creator_id) = (DropId::from_u128(1), AccountId::from_u128(2));
        let frame = event((7, 2), Timestamp(0), &Told::Live { drop_id, creator_id }.into());
        assert!(text(&frame).starts_with("id: 7-2\nevent: drop.live\ndata: {"), "{frame:?}");
        assert!(text(&reset((9, 0), 4)).starts_with("id: 9-0\nevent: reset\ndata: {"));
    }
}
