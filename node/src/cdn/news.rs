//! What events change of what caches keep: the tags of answers, as `rest/caching` puts them there.
//!
//! | tag | answers that carry it |
//! |---|---|
//! | `drop-…` | the drop |
//! | `product-…` | the product, and the drops of it |
//! | `creator-…` | the creator, their products and their drops |
//! | `drops`, `products` | lists of them |
//!
//! *Purged* is what must not be shown once more: that something can be bought which cannot, or the other way round.
//! *Invalidated* is what may be shown while the cache asks for the newer one. A purchase alone does neither: the counts
//! of a drop are kept for a second.

use std::collections::BTreeSet;

use livedrop_domain::{Event, drops, products};

/// Tags in one request: Cloudflare takes no more.
const TAGS_AT_ONCE: usize = 30;

/// Tags of answers that are not so any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// Nobody knows what changed: it may be anything.
    everything: bool,
    purge: BTreeSet<String>,
    invalidate: BTreeSet<String>,
}

/// One request to a provider. Tags are 1 to 30.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    PurgeEverything,
    Purge(Vec<String>),
    Invalidate(Vec<String>),
}

impl Call {
    /// Its name in metrics and logs.
    pub fn verb(&self) -> &'static str {
        match self {
            Call::PurgeEverything => "purge_everything",
            Call::Purge(_) => "purge",
            Call::Invalidate(_) => "invalidate",
        }
    }
}

impl News {
    /// Of more than is known.
    pub fn everything() -> Self {
        News { everything: true, ..News::default() }
    }

    /// Whether nobody knows what changed.
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    pub fn is_empty(&self) -> bool {
        self.tags() == 0 && !self.everything
    }

    /// How many tags there are.
    pub fn tags(&self) -> usize {
        self.purge.len() + self.invalidate.len()
    }

    /// Takes in what an event changes.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Drops(event) => self.note_drop(event),
            Event::Products(event) => self.note_product(event),
            _ => {}
        }
    }

    /// Takes in other news.
    pub fn add(&mut self, other: &News) {
        self.everything |= other.everything;
        self.purge.extend(other.purge.iter().cloned());
        self.invalidate.extend(other.invalidate.iter().cloned());
    }

    /// The requests that say it, those first that cannot wait.
    pub fn calls(&self) -> Vec<Call> {
        if self.everything {
            return vec![Call::PurgeEverything];
        }
        // What is purged need not be asked about.
        let rest: Vec<_> = self.invalidate.difference(&self.purge).cloned().collect();
        let purge: Vec<_> = self.purge.iter().cloned().collect();
        let purges = purge.chunks(TAGS_AT_ONCE).map(|tags| Call::Purge(tags.to_vec()));
        purges.chain(rest.chunks(TAGS_AT_ONCE).map(|tags| Call::Invalidate(tags.to_vec()))).collect()
    }

    fn note_drop(&mut self, event: &drops::Event) {
        use drops::Event::*;
        match event {
            Live { drop_id, .. }
            | SoldOut { drop_id, .. }
            | Restocked { drop_id, .. }
            | Paused { drop_id, .. }
            | Ended { drop_id, .. }
            | Cancelled { drop_id, .. } => self.purge.extend([format!("drop-{drop_id}"), "drops".to_owned()]),
            Scheduled { drop_id, .. } | Edited { drop_id, .. } => {
                self.invalidate.extend([format!("drop-{drop_id}"), "drops".to_owned()]);
            }
            // Another count, as after any purchase.
            LowStock { .. } => {}
        }
    }

    fn note_product(&mut self, event: &products::Event) {
        use products::Event::*;
        match event {
            Created { .. } => self.invalidate.extend(["products".to_owned()]),
            // Lists of drops show the names of products.
            Edited { product_id } => {
                self.invalidate.extend([format!("product-{product_id}"), "products".to_owned(), "drops".to_owned()]);
            }
            Retired { product_id } => self.purge.extend([format!("product-{product_id}"), "products".to_owned()]),
        }
    }
}
