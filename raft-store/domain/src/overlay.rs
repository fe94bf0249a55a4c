//! The rows of one apply batch that are not stored yet: written by its entries, read back by later ones.
//!
//! What entries write and answer goes to the end of one buffer, the record, which their hashes are made of. A row's
//! value stays where it was recorded; a tree for each prefix knows the last place of each row. So a row that is
//! written costs no allocation, and the trees of rows that all purchases write are tiny.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::{Bound, Range};

/// The rows of one apply batch that are not stored yet.
#[derive(Debug, Default)]
pub struct Overlay {
    /// All that the entries of the batch wrote and answered, end to end.
    record: Vec<u8>,
    /// The rows, each in the tree of its key's first byte.
    tables: Vec<BTreeMap<Key, Value>>,
}

#[derive(Debug)]
enum Value {
    Deleted,
    /// Where it is in the record.
    Recorded(Range<usize>),
    /// Not to be found in the record, or not in one piece.
    Apart(Vec<u8>),
}

impl Value {
    fn bytes<'a>(&'a self, record: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Value::Deleted => None,
            Value::Recorded(place) => Some(&record[place.clone()]),
            Value::Apart(bytes) => Some(bytes),
        }
    }
}

impl Overlay {
    /// The pending rows in key order, `None` for a delete; the overlay is empty afterwards.
    pub fn take(&mut self) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> + use<> {
        let Overlay { record, tables } = std::mem::take(self);
        tables.into_iter().flatten().map(move |(key, value)| {
            let value = match value {
                Value::Deleted => None,
                Value::Recorded(place) => Some(record[place].to_vec()),
                Value::Apart(bytes) => Some(bytes),
            };
            (key.bytes().to_vec(), value)
        })
    }

    /// The pending rows as [`Overlay::take`] gives them, for those who need no copies.
    pub fn rows(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.tables.iter().flatten().map(|(key, value)| (key.bytes(), value.bytes(&self.record)))
    }

    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(BTreeMap::is_empty)
    }

    /// What the batch has recorded so far; whoever adds to it may cut off again what they added.
    pub(crate) fn record(&mut self) -> &mut Vec<u8> {
        &mut self.record
    }

    /// What was recorded from `start` on.
    pub(crate) fn recorded(&self, place: Range<usize>) -> &[u8] {
        &self.record[place]
    }

    /// The pending value of a row, `Some(None)` if it is deleted.
    pub(crate) fn get(&self, key: &Key) -> Option<Option<&[u8]>> {
        self.tables.get(key.prefix())?.get(key).map(|value| value.bytes(&self.record))
    }

    /// The pending rows with `from <= key < to`, in key order.
    pub(crate) fn range(&self, from: &[u8], to: &[u8]) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let (from, to) = (Key::new(from), Key::new(to));
        let tables = self.tables.get(from.prefix()..).unwrap_or_default().iter().take(1 + to.prefix() - from.prefix());
        tables
            .flat_map(move |rows| rows.range((Bound::Included(from.clone()), Bound::Excluded(to.clone()))))
            .map(|(key, value)| (key.bytes(), value.bytes(&self.record)))
    }

    /// Puts a row whose value is in the record.
    pub(crate) fn put_recorded(&mut self, key: Key, place: Range<usize>) {
        self.table(&key).insert(key, Value::Recorded(place));
    }

    /// Puts a row that the record has no part in.
    pub(crate) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.table(&key).insert(key, Value::Apart(value));
    }

    pub(crate) fn delete(&mut self, key: Key) {
        self.table(&key).insert(key, Value::Deleted);
    }

    /// Adds what is in the record to the end of a pending row, or begins one with it.
    pub(crate) fn append_recorded(&mut self, key: Key, place: Range<usize>) {
        let table = table(&mut self.tables, &key);
        let row = table.entry(key).or_insert(Value::Deleted);
        if !matches!(row, Value::Apart(_)) {
            *row = Value::Apart(row.bytes(&self.record).unwrap_or_default().to_vec());
        }
        if let Value::Apart(bytes) = row {
            bytes.extend_from_slice(&self.record[place]);
        }
    }

    fn table(&mut self, key: &Key) -> &mut BTreeMap<Key, Value> {
        table(&mut self.tables, key)
    }
}

fn table<'a>(tables: &'a mut Vec<BTreeMap<Key, Value>>, key: &Key) -> &'a mut BTreeMap<Key, Value> {
    if tables.len() <= key.prefix() {
        tables.resize_with(key.prefix() + 1, BTreeMap::new);
    }
    &mut tables[key.prefix()]
}

/// The most bytes of a key that are kept in place: a prefix and two ids.
const SHORT: usize = 33;

/// A key of a row that sorts as its bytes do. All but those with text in them are at hand, not behind a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Its first bytes, then zeros.
    head: [u8; SHORT],
    /// How many bytes it has, or one more than fit.
    len: u8,
    /// All of its bytes, if they do not fit.
    whole: Option<Box<[u8]>>,
}

impl Key {
    pub fn new(bytes: &[u8]) -> Key {
        let mut head = [0; SHORT];
        let fit = bytes.len().min(SHORT);
        head[..fit].copy_from_slice(&bytes[..fit]);
        let whole = (bytes.len() > SHORT).then(|| bytes.into());
        Key { head, len: bytes.len().min(SHORT + 1) as u8, whole }
    }

    pub fn bytes(&self) -> &[u8] {
        match &self.whole {
            Some(whole) => whole,
            None => &self.head[..usize::from(self.len)],
        }
    }

    /// The first byte.
    fn prefix(&self) -> usize {
        usize::from(self.head[0])
    }

    /// The head in three numbers, which compare much faster than that many bytes.
    fn numbers(&self) -> (u8, u128, u128) {
        let [prefix, rest @ ..] = &self.head;
        let (first, second) = rest.split_at(16);
        let number = |bytes: &[u8]| u128::from_be_bytes(bytes.try_into().expect("two halves of 32 bytes"));
        (*prefix, number(first), number(second))
    }
}

impl Ord for Key {
    /// Of two keys with one head the shorter comes first.
    fn cmp(&self, other: &Self) -> Ordering {
        let heads = self.numbers().cmp(&other.numbers());
        heads.then(self.len.cmp(&other.len)).then_with(|| self.whole.cmp(&other.whole))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_bytes_do() {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for len in [0, 1, 2, 31, 32, 33, 34, 35, 70] {
            for last in [0, 1, 255] {
                for rest in [0, 7] {
                    let mut key = vec![rest; len];
                    key.pop();
                    key.push(last);
                    keys.push(key);
                }
            }
        }
        for one in &keys {
            assert_eq!(Key::new(one).bytes(), one);
            for other in &keys {
                assert_eq!(Key::new(one).cmp(&Key::new(other)), one.cmp(other), "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn rows_of_all_prefixes_come_in_key_order() {
        let mut overlay = Overlay::default();
        for key in [&b"c"[..], b"a2", b"b", b"a1"] {
            overlay.put(Key::new(key), key.to_vec());
        }
        overlay.delete(Key::new(b"a1"));
        let seen = |from: &[u8], to: &[u8]| -> Vec<u8> { overlay.range(from, to).map(|(key, _)| key[0]).collect() };
        assert_eq!((seen(b"a", b"d"), seen(b"a2", b"c"), seen(b"x", b"z")), (b"aabc".to_vec(), b"ab".to_vec(), vec![]));
        let borrowed: Vec<_> = overlay.rows().map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec))).collect();
        let taken: Vec<_> = overlay.take().collect();
        assert_eq!(borrowed, taken);
        let rows: Vec<_> = taken.into_iter().map(|(key, value)| (key, value.is_some())).collect();
        let keys = [&b"a1"[..], b"a2", b"b", b"c"].map(<[u8]>::to_vec);
        assert_eq!(rows, keys.into_iter().zip([false, true, true, true]).collect::<Vec<_>>());
        assert!(overlay.is_empty());
    }
}
