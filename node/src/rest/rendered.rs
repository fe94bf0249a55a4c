//! Bodies of public answers that were written before, bounded in bytes.
//!
//! A body is found by what it shows and by its ETag, which changes with everything that it shows. The ETag is made from
//! the rows as they are at the moment of the read: so what is found here is never older than the read, however fresh the
//! caller wants it, nothing has to be taken out when something changes, and what nobody asks for any more falls out.

use bytes::Bytes;
use http::HeaderValue;
use metrics::Counter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};
use serde::Serialize;

use super::Exposition;

/// What an entry takes besides its texts.
const ENTRY_BYTES: usize = 128;
/// The usual size of a body, to reckon how many will fit.
const USUAL_BYTES: usize = 1_024;

/// Which body, as of when.
type Key = (u128, HeaderValue);

/// The bodies that are kept.
pub struct Rendered {
    bodies: Cache<Key, Bytes, ByBytes, DefaultHashBuilder, Evicted>,
    hits: Counter,
    misses: Counter,
}

impl Rendered {
    /// Keeps at most `bytes` bytes, keys and the rest included.
    pub fn new(bytes: usize) -> Self {
        let evicted = Evicted(metrics::counter!("livedrop_cache_evictions_total"));
        Rendered {
            bodies: Cache::with(bytes / USUAL_BYTES, bytes as u64, ByBytes, DefaultHashBuilder::default(), evicted),
            hits: metrics::counter!("livedrop_cache_hits_total"),
            misses: metrics::counter!("livedrop_cache_misses_total"),
        }
    }

    /// The JSON of `shape`, which is made when it is not here.
    pub fn body<T: Serialize>(&self, id: u128, etag: &HeaderValue, shape: impl FnOnce() -> T) -> Bytes {
        let key = (id, etag.clone());
        if let Some(body) = self.bodies.get(&key) {
            self.hits.increment(1);
            return body;
        }
        self.misses.increment(1);
        let body = Bytes::from(serde_json::to_vec(&shape()).expect("shapes with text keys are JSON"));
        self.bodies.insert(key, body.clone());
        body
    }

    /// Adds how full it is.
    pub fn collect(&self, to: &mut Exposition) {
        let (bytes, most) = (self.bodies.weight() as f64, self.bodies.capacity() as f64);
        to.gauge("livedrop_cache_bytes", "What the bodies of public answers take that are kept.", bytes);
        to.gauge("livedrop_cache_limit_bytes", "The most that they may take.", most);
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Bytes> for ByBytes {
    fn weight(&self, (_, etag): &Key, body: &Bytes) -> u64 {
        (ENTRY_BYTES + etag.len() + body.len()) as u64
    }
}

/// Counts what had to make room.
#[derive(Clone)]
struct Evicted(Counter);

impl Lifecycle<Key, Bytes> for Evicted {
    type RequestState = <DefaultLifecycle<Key, Bytes> as Lifecycle<Key, Bytes>>::RequestState;

    fn on_evict(&self, _: &mut Self::RequestState, _: Key, _: Bytes) {
        self.0.increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::caching::etag;
    use super::*;

    #[test]
    fn a_body_is_written_once_for_each_version() {
        let rendered = Rendered::new(1 << 20);
        assert_eq!(rendered.body(7, &etag(1), || "first"), "\"first\"");
        assert_eq!(rendered.body(7, &etag(1), || "not asked for"), "\"first\"");
        assert_eq!(rendered.body(7, &etag(2), || "second"), "\"second\"");
        assert_eq!(rendered.body(8, &etag(1), || "other"), "\"other\"");
    }

    #[test]
    fn ten_times_more_than_fits_stays_within_the_bytes() {
        const LIMIT: usize = 256 << 10;
        let rendered = Rendered::new(LIMIT);
        let product = "x".repeat(900);
        let fit = LIMIT / (ENTRY_BYTES + 3 + product.len() + 2);
        for id in 0..10 * fit as u128 {
            rendered.body(id, &etag(1), || &product);
            assert!(rendered.bodies.weight() <= LIMIT as u64);
        }
        assert!(rendered.bodies.weight() > LIMIT as u64 / 2, "and most of it is used");
        assert!(rendered.bodies.len() <= fit);
    }
}
