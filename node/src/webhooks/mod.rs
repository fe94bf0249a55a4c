//! What creators' own servers are told, signed, at least once, and again until it has arrived.
//!
//! ```text
//!  journal ─► enqueue: who asked for it? ─► log: deliveries ─► courier (leader only) ─► endpoint ─► log: what came of it
//! ```

pub mod address;
mod courier;
mod enqueue;
mod event;
pub mod send;
pub mod sign;

use livedrop_domain::webhooks::Position;

use crate::told;

pub use self::courier::Courier;

/// What names an event to whoever is told: the same for every try and for every endpoint.
pub fn message_id(position: Position) -> String {
    format!("evt_{}", told::id(position))
}

/// The event that [`message_id`] names.
pub fn parse_message_id(text: &str) -> Option<Position> {
    told::parse_id(text.strip_prefix("evt_")?)
}

#[cfg(test)]
pub use self::enqueue::gather;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_event() {
        assert_eq!(parse_message_id("evt_1284-3"), Some((1_284, 3)));
        for wrong in ["evt_1284", "evt_01-3", "evt_-3", "1284-3", "evt_1-+3"] {
            assert_eq!(parse_message_id(wrong), None, "{wrong}");
        }
    }
}
