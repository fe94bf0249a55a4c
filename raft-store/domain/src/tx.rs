//! What a verb may do to rows: read its own writes, write, say what happened. Dropped whole on a rejection.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use crate::codec;
use crate::view::{Order, Row, View};
use crate::words::Event;
use crate::{Fault, keys};

/// The rows of one apply batch that are not stored yet: written by its entries, read back by later ones.
#[derive(Debug, Default)]
pub struct Overlay {
    rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Overlay {
    /// The pending rows in key order, `None` for a delete; the overlay is empty afterwards.
    pub fn take(&mut self) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> + use<> {
        std::mem::take(&mut self.rows).into_iter()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn get(&self, view: &dyn View, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.rows.get(key) {
            Some(pending) => Ok(pending.clone()),
            None => view.get(key),
        }
    }

    pub(crate) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.rows.insert(key, Some(value));
    }
}

enum Write {
    Put(Vec<u8>, Vec<u8>),
    Delete(Vec<u8>),
    Append(Vec<u8>, Vec<u8>),
}

/// One command's sight of the state: the stored rows, under those of its batch, under its own.
pub struct Tx<'a> {
    view: &'a dyn View,
    overlay: &'a mut Overlay,
    pending: Vec<Write>,
    events: Vec<Event>,
}

impl<'a> Tx<'a> {
    pub fn new(view: &'a dyn View, overlay: &'a mut Overlay) -> Self {
        Tx { view, overlay, pending: Vec::with_capacity(12), events: Vec::new() }
    }

    /// The row under `key`, decoded; `what` names it in a fault.
    pub(crate) fn row<T: for<'b> Decode<'b, ()>>(&self, key: &[u8], what: &str) -> Result<Option<T>, Fault> {
        self.get(key)?.map(|bytes| codec::decode(&bytes, what)).transpose()
    }

    pub(crate) fn put<T: Encode<()>>(&mut self, key: Vec<u8>, value: &T) {
        self.pending.push(Write::Put(key, codec::encode(value)));
    }

    /// A row that says everything with its key.
    pub(crate) fn mark(&mut self, key: Vec<u8>) {
        self.pending.push(Write::Put(key, Vec::new()));
    }

    pub(crate) fn put_bytes(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.pending.push(Write::Put(key, value));
    }

    /// Adds to the end of a row, which many commands of one entry do: one row for all of them instead of one each.
    /// A command does not read what it appended.
    pub(crate) fn append(&mut self, key: Vec<u8>, bytes: &[u8]) {
        self.pending.push(Write::Append(key, bytes.to_vec()));
    }

    pub(crate) fn delete(&mut self, key: Vec<u8>) {
        self.pending.push(Write::Delete(key));
    }

    /// Says that something happened, in order, to everyone who follows the feed.
    pub(crate) fn emit(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }

    /// Forgets what the command wrote and said.
    pub(crate) fn discard(&mut self) {
        self.pending.clear();
        self.events.clear();
    }

    /// Hands the command's rows to the batch and its events to `events`, and adds what it wrote to `digest`.
    pub(crate) fn keep(self, digest: &mut Vec<u8>, events: &mut Vec<Event>) -> Result<(), Fault> {
        let Tx { view, overlay, pending, events: mut said } = self;
        for write in pending {
            match write {
                Write::Put(key, value) => {
                    digest_write(digest, b'p', &key, &value);
                    overlay.rows.insert(key, Some(value));
                }
                Write::Delete(key) => {
                    digest_write(digest, b'd', &key, &[]);
                    overlay.rows.insert(key, None);
                }
                Write::Append(key, tail) => {
                    digest_write(digest, b'a', &key, &tail);
                    match overlay.rows.get_mut(&key) {
                        Some(Some(value)) => value.extend_from_slice(&tail),
                        Some(deleted @ None) => *deleted = Some(tail),
                        None => {
                            let mut value = view.get(&key)?.unwrap_or_default();
                            value.extend_from_slice(&tail);
                            overlay.rows.insert(key, Some(value));
                        }
                    }
                }
            }
        }
        events.append(&mut said);
        Ok(())
    }
}

/// Lengths first, so that no two different writes give the same bytes.
fn digest_write(digest: &mut Vec<u8>, kind: u8, key: &[u8], value: &[u8]) {
    digest.push(kind);
    digest.extend_from_slice(&(key.len() as u32).to_be_bytes());
    digest.extend_from_slice(&(value.len() as u32).to_be_bytes());
    digest.extend_from_slice(key);
    digest.extend_from_slice(value);
}

impl View for Tx<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        for write in self.pending.iter().rev() {
            match write {
                Write::Put(at, value) if at == key => return Ok(Some(value.clone())),
                Write::Delete(at) if at == key => return Ok(None),
                _ => {}
            }
        }
        self.overlay.get(self.view, key)
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        if from >= to {
            return Ok(Vec::new());
        }
        let mut over: BTreeMap<&[u8], Option<&Vec<u8>>> = self
            .overlay
            .rows
            .range::<[u8], _>((std::ops::Bound::Included(from), std::ops::Bound::Excluded(to)))
            .map(|(key, value)| (key.as_slice(), value.as_ref()))
            .collect();
        for write in &self.pending {
            match write {
                Write::Put(key, value) if (from..to).contains(&key.as_slice()) => over.insert(key, Some(value)),
                Write::Delete(key) if (from..to).contains(&key.as_slice()) => over.insert(key, None),
                _ => None,
            };
        }
        // Each pending key hides at most one stored row, so this many stored rows are enough.
        let stored = self.view.scan(from, to, order, limit.saturating_add(over.len()))?;
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> =
            stored.into_iter().filter(|(key, _)| !over.contains_key(key.as_slice())).collect();
        rows.extend(over.into_iter().filter_map(|(key, value)| Some((key.to_vec(), value?.clone()))));
        Ok(match order {
            Order::Forward => rows.into_iter().take(limit).collect(),
            Order::Backward => rows.into_iter().rev().take(limit).collect(),
        })
    }
}

/// The row under `key` of any view, decoded; `what` names it in a fault.
pub(crate) fn row<T: for<'b> Decode<'b, ()>>(view: &dyn View, key: &[u8], what: &str) -> Result<Option<T>, Fault> {
    view.get(key)?.map(|bytes| codec::decode(&bytes, what)).transpose()
}

/// At most `limit` keys that begin with `prefix`, newest first, from before `cursor` (the rest of a key) on.
pub(crate) fn keys_before(
    view: &dyn View,
    prefix: &[u8],
    cursor: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Row>, Fault> {
    let to = match cursor {
        Some(rest) => [prefix, rest].concat(),
        None => keys::after(prefix),
    };
    view.scan(prefix, &to, Order::Backward, limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::MemView;

    fn view(rows: &[(&[u8], &[u8])]) -> MemView {
        MemView(rows.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect())
    }

    #[test]
    fn a_scan_sees_stored_rows_under_those_of_the_batch_under_its_own() {
        let stored = view(&[(b"a1", b"stored"), (b"a2", b"stored"), (b"a3", b"stored"), (b"b", b"stored")]);
        let mut overlay = Overlay::default();
        overlay.put(b"a2".to_vec(), b"batch".to_vec());
        overlay.rows.insert(b"a1".to_vec(), None);
        let mut tx = Tx::new(&stored, &mut overlay);
        tx.put_bytes(b"a4".to_vec(), b"own".to_vec());
        tx.delete(b"a3".to_vec());
        let rows = tx.scan(b"a", b"b", Order::Forward, 10).expect("memory does not fail");
        assert_eq!(rows, [(b"a2".to_vec(), b"batch".to_vec()), (b"a4".to_vec(), b"own".to_vec())]);
        let last = tx.scan(b"a", b"b", Order::Backward, 1).expect("memory does not fail");
        assert_eq!(last, [(b"a4".to_vec(), b"own".to_vec())]);
    }

    #[test]
    fn appends_of_many_commands_make_one_row() {
        let stored = view(&[(b"k", b"1")]);
        let mut overlay = Overlay::default();
        for bytes in [b"2", b"3"] {
            let mut tx = Tx::new(&stored, &mut overlay);
            tx.append(b"k".to_vec(), bytes);
            tx.keep(&mut Vec::new(), &mut Vec::new()).expect("memory does not fail");
        }
        assert_eq!(overlay.take().collect::<Vec<_>>(), [(b"k".to_vec(), Some(b"123".to_vec()))]);
    }

    #[test]
    fn a_discarded_command_leaves_nothing() {
        let stored = view(&[]);
        let mut overlay = Overlay::default();
        let mut tx = Tx::new(&stored, &mut overlay);
        tx.put_bytes(b"k".to_vec(), b"v".to_vec());
        tx.discard();
        let mut digest = Vec::new();
        tx.keep(&mut digest, &mut Vec::new()).expect("memory does not fail");
        assert!(overlay.is_empty() && digest.is_empty());
    }
}
