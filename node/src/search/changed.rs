//! What happened that the index does not reflect yet.

use std::collections::BTreeSet;

use livedrop_domain::{DropId, Event, ProductId, Timestamp, drops, products};

/// Products that have changed since the index was written last, and drops whose products did.
#[derive(Default)]
pub(super) struct Changed {
    pub products: BTreeSet<ProductId>,
    pub drops: BTreeSet<DropId>,
    /// When the first of them did.
    pub since: Option<Timestamp>,
}

impl Changed {
    pub fn is_empty(&self) -> bool {
        self.products.is_empty() && self.drops.is_empty()
    }

    /// Notes what these events are about.
    pub fn note(&mut self, at: Timestamp, events: &[Event]) {
        for event in events {
            match event {
                Event::Products(event) => self.products.insert(product_of(event)),
                Event::Drops(event) => match drop_of(event) {
                    Some(drop) => self.drops.insert(drop),
                    None => continue,
                },
                _ => continue,
            };
            self.since.get_or_insert(at);
        }
    }
}

fn product_of(event: &products::Event) -> ProductId {
    use products::Event::*;
    match event {
        Created { product_id } | Edited { product_id } | Retired { product_id } => *product_id,
    }
}

/// The drop, when something happened that the index is about.
fn drop_of(event: &drops::Event) -> Option<DropId> {
    use drops::Event::*;
    match event {
        LowStock { .. } => None,
        Scheduled { drop_id, .. }
        | Live { drop_id, .. }
        | SoldOut { drop_id, .. }
        | Restocked { drop_id, .. }
        | Paused { drop_id, .. }
        | Ended { drop_id, .. }
        | Cancelled { drop_id, .. }
        | Edited { drop_id, .. } => Some(*drop_id),
    }
}
