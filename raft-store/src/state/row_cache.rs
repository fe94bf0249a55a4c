//! Rows that purchases read again and again (a drop, its stock), in front of the state.
//!
//! Written through, so it never differs from the state. A row comes in when it is read and found; a write only
//! changes a row that is here, or the rows of each new order would push out those that are read. Two generations: when
//! the young one is half of the whole, the old one is dropped, and what is still read comes along.

use std::collections::HashMap;

use foldhash::fast::RandomState;

type Generation = HashMap<Box<[u8]>, Box<[u8]>, RandomState>;

#[derive(Debug, Default)]
pub(super) struct RowCache {
    young: Generation,
    old: Generation,
    young_bytes: usize,
    half_bytes: usize,
}

impl RowCache {
    pub(super) fn new(bytes_max: usize) -> Self {
        RowCache { half_bytes: bytes_max / 2, ..RowCache::default() }
    }

    pub(super) fn get(&mut self, key: &[u8]) -> Option<&[u8]> {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.put(key, value);
        }
        self.young.get(key).map(|value| &**value)
    }

    /// Takes in a row that was read from the database.
    pub(super) fn insert(&mut self, key: &[u8], value: &[u8]) {
        if self.half_bytes > 0 {
            self.put(key.into(), value.into());
        }
    }

    /// Follows a write to the database, `None` for a delete.
    pub(super) fn wrote(&mut self, key: &[u8], value: Option<&[u8]>) {
        for generation in [&mut self.young, &mut self.old] {
            match (generation.get_mut(key), value) {
                (Some(row), Some(value)) if row.len() == value.len() => row.copy_from_slice(value),
                (Some(row), Some(value)) => {
                    self.young_bytes += value.len().saturating_sub(row.len());
                    *row = value.into();
                }
                (Some(_), None) => drop(generation.remove(key)),
                (None, _) => {}
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self = RowCache::new(2 * self.half_bytes);
    }

    fn put(&mut self, key: Box<[u8]>, value: Box<[u8]>) {
        /// About what a map entry takes beside its bytes.
        const ENTRY: usize = 64;
        self.young_bytes += ENTRY + key.len() + value.len();
        self.young.insert(key, value);
        if self.young_bytes > self.half_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_changes_a_row_that_is_here_and_brings_in_none() {
        let mut cache = RowCache::new(10_000);
        cache.insert(b"here", b"1");
        cache.wrote(b"here", Some(b"22"));
        cache.wrote(b"elsewhere", Some(b"3"));
        assert_eq!(cache.get(b"here"), Some(&b"22"[..]));
        assert_eq!(cache.get(b"elsewhere"), None);
        cache.wrote(b"here", None);
        assert_eq!(cache.get(b"here"), None);
    }

    #[test]
    fn rows_that_are_read_stay_and_the_others_go() {
        let mut cache = RowCache::new(100 * 80);
        cache.insert(b"hot", b"1");
        for number in 0..10_000u32 {
            cache.insert(&number.to_be_bytes(), b"cold");
            assert_eq!(cache.get(b"hot"), Some(&b"1"[..]), "after {number}");
        }
        assert!(cache.young.len() + cache.old.len() <= 120);
    }

    #[test]
    fn a_row_of_the_old_generation_is_written_through_too() {
        let mut cache = RowCache::new(400);
        cache.insert(b"row", b"1");
        cache.insert(b"pushes", &[0; 300]);
        cache.wrote(b"row", Some(b"2"));
        assert_eq!(cache.get(b"row"), Some(&b"2"[..]));
    }

    #[test]
    fn without_bytes_it_holds_nothing() {
        let mut cache = RowCache::new(0);
        cache.insert(b"row", b"1");
        assert_eq!(cache.get(b"row"), None);
    }
}
