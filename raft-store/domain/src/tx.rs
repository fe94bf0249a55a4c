//! What a verb may do to rows: read its own writes, write, say what happened. Dropped whole on a rejection.

use std::collections::BTreeMap;
use std::ops::Range;

use minicbor::{Decode, Encode};

use crate::codec;
use crate::overlay::{Key, Overlay};
use crate::view::{Order, Row, View};
use crate::words::Event;
use crate::{DropId, Fault, Timestamp, drops, keys, orders};

/// One entry's sight of the state: the stored rows, under those of its batch, under those of the command at hand.
pub struct Tx<'a> {
    view: &'a dyn View,
    /// Its record has all that the entry wrote and answered, end to end: what the entry's hash is made of.
    overlay: &'a mut Overlay,
    /// How long the record was when the entry began.
    start: usize,
    /// All that the entry has told, in order.
    events: Vec<Event>,
    /// What the command at hand wrote; the bytes are in the record.
    pending: Vec<Write>,
    /// The drop that the last purchase was of, so that the next one does not decode it again.
    pub(crate) hot: drops::Hot,
    /// The drops whose waiting lines are to be looked at when the command, or a thing that it does, is done.
    pub(crate) lines: Vec<DropId>,
    /// Which order ids nobody needs to look for.
    pub(crate) newest_orders: orders::Newest,
    /// Until when tokens of accounts may be left that were disabled since, once that was looked up.
    pub(crate) tokens_left_until: Option<Timestamp>,
    /// How long the record was when the command began, and how many events there were.
    began: (usize, usize),
}

struct Write {
    kind: Kind,
    key: Key,
    value: Range<usize>,
}

/// The letter that stands before a write in the record.
#[derive(Clone, Copy)]
enum Kind {
    Put = b'p' as isize,
    Delete = b'd' as isize,
    Append = b'a' as isize,
}

impl<'a> Tx<'a> {
    /// Begins an entry whose record will come to about `record_bytes`.
    pub fn new(
        view: &'a dyn View,
        overlay: &'a mut Overlay,
        record_bytes: usize,
        newest_orders: orders::Newest,
    ) -> Self {
        overlay.record().reserve(record_bytes);
        let (start, pending) = (overlay.record().len(), Vec::with_capacity(16));
        Tx {
            view,
            overlay,
            start,
            events: Vec::new(),
            pending,
            hot: drops::Hot::default(),
            lines: Vec::new(),
            newest_orders,
            tokens_left_until: None,
            began: (start, 0),
        }
    }

    /// Puts something on record that is neither a row nor an answer, between two commands.
    pub(crate) fn record(&mut self, bytes: &[u8]) {
        self.overlay.record().extend_from_slice(bytes);
        self.began.0 = self.overlay.record().len();
    }

    pub(crate) fn put<T: Encode<()>>(&mut self, key: impl AsRef<[u8]>, value: &T) {
        self.put_with(key, |row| codec::encode_into(value, row));
    }

    /// Puts a row whose bytes `value` adds to the end of what it is given.
    pub(crate) fn put_with(&mut self, key: impl AsRef<[u8]>, value: impl FnOnce(&mut Vec<u8>)) {
        self.write(Kind::Put, key.as_ref(), value);
    }

    /// A row that says everything with its key.
    pub(crate) fn mark(&mut self, key: impl AsRef<[u8]>) {
        self.put_bytes(key, &[]);
    }

    pub(crate) fn put_bytes(&mut self, key: impl AsRef<[u8]>, value: &[u8]) {
        self.put_with(key, |row| row.extend_from_slice(value));
    }

    /// Adds to the end of a row, which many commands of one entry do: one row for all of them instead of one each.
    /// The key must have the entry's log index in it: then nothing is stored under it, and nobody looks.
    /// A command does not read what it appended.
    pub(crate) fn append(&mut self, key: impl AsRef<[u8]>, bytes: &[u8]) {
        self.write(Kind::Append, key.as_ref(), |tail| tail.extend_from_slice(bytes));
    }

    pub(crate) fn delete(&mut self, key: impl AsRef<[u8]>) {
        self.write(Kind::Delete, key.as_ref(), |_| {});
    }

    /// Lengths come first, so that no two different writes make the same record.
    fn write(&mut self, kind: Kind, key: &[u8], value: impl FnOnce(&mut Vec<u8>)) {
        let length_of = |bytes: usize| (bytes as u32).to_be_bytes();
        let record = self.overlay.record();
        record.push(kind as u8);
        record.extend_from_slice(&length_of(key.len()));
        let length_at = record.len();
        record.extend_from_slice(&length_of(0));
        record.extend_from_slice(key);
        let start = record.len();
        value(record);
        let value = start..record.len();
        record[length_at..length_at + 4].copy_from_slice(&length_of(value.len()));
        self.pending.push(Write { kind, key: Key::new(key), value });
    }

    /// A number that grows with every write.
    pub(crate) fn written(&mut self) -> usize {
        self.overlay.record().len()
    }

    /// Whether the apply batch has written a row, or deleted it.
    pub(crate) fn is_pending(&self, key: &[u8]) -> bool {
        let key = Key::new(key);
        self.pending.iter().any(|write| write.key == key) || self.overlay.get(&key).is_some()
    }

    /// Says that something happened, in order, to everyone who follows the feed.
    pub(crate) fn emit(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }

    /// Forgets what the command wrote and said.
    pub(crate) fn discard(&mut self) {
        if !self.pending.is_empty() {
            self.hot = drops::Hot::default();
            self.tokens_left_until = None;
        }
        self.pending.clear();
        self.lines.clear();
        self.overlay.record().truncate(self.began.0);
        self.events.truncate(self.began.1);
    }

    /// Ends a command with its answer: its rows are those of the batch from now on.
    pub(crate) fn keep(&mut self, answer: impl FnOnce(&mut Vec<u8>)) {
        self.flush();
        answer(self.overlay.record());
        self.began.0 = self.overlay.record().len();
    }

    /// Hands what the command did so far to the batch, for good. A read looks through all that is pending,
    /// so a command that does many things and cannot be rejected hands them over one by one.
    pub(crate) fn flush(&mut self) {
        for Write { kind, key, value } in self.pending.drain(..) {
            match kind {
                Kind::Put => self.overlay.put_recorded(key, value),
                Kind::Delete => self.overlay.delete(key),
                Kind::Append => self.overlay.append_recorded(key, value),
            }
        }
        self.began = (self.overlay.record().len(), self.events.len());
    }

    /// Shows all that the entry has told, with its ordinal, to `with`, once the commands of the entry are done. What `with`
    /// writes is the entry's.
    pub(crate) fn for_each_event(
        &mut self,
        mut with: impl FnMut(&mut Self, u32, &Event) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let events = std::mem::take(&mut self.events);
        for (ordinal, event) in events.iter().enumerate() {
            with(self, ordinal as u32, event)?;
        }
        self.events = events;
        self.flush();
        Ok(())
    }

    /// Where the entry's record is in that of the batch, and what the entry told.
    pub(crate) fn finish(self) -> (Range<usize>, Vec<Event>) {
        (self.start..self.overlay.record().len(), self.events)
    }
}

impl View for Tx<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut found = None;
        self.read(key, &mut |value| found = Some(value.to_vec()))?;
        Ok(found)
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let own = Key::new(key);
        let pending = self.pending.iter().rev().find(|write| write.key == own && !matches!(write.kind, Kind::Append));
        match pending {
            Some(Write { kind: Kind::Put, value, .. }) => with(self.overlay.recorded(value.clone())),
            Some(_) => {}
            None => match self.overlay.get(&own) {
                Some(Some(value)) => with(value),
                Some(None) => {}
                None => return self.view.read(key, with),
            },
        }
        Ok(())
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        if from >= to {
            return Ok(Vec::new());
        }
        let mut over: BTreeMap<&[u8], Option<&[u8]>> = self.overlay.range(from, to).collect();
        for Write { kind, key, value } in &self.pending {
            let key = key.bytes();
            match kind {
                _ if !(from..to).contains(&key) => None,
                Kind::Put => over.insert(key, Some(self.overlay.recorded(value.clone()))),
                Kind::Delete => over.insert(key, None),
                Kind::Append => None,
            };
        }
        // Each pending key hides at most one stored row, so this many stored rows are enough.
        let stored = self.view.scan(from, to, order, limit.saturating_add(over.len()))?;
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> =
            stored.into_iter().filter(|(key, _)| !over.contains_key(key.as_slice())).collect();
        rows.extend(over.into_iter().filter_map(|(key, value)| Some((key.to_vec(), value?.to_vec()))));
        Ok(match order {
            Order::Forward => rows.into_iter().take(limit).collect(),
            Order::Backward => rows.into_iter().rev().take(limit).collect(),
        })
    }
}

/// The row under `key` of any view, decoded; `what` names it in a fault.
pub(crate) fn row<T: for<'b> Decode<'b, ()>>(view: &dyn View, key: &[u8], what: &str) -> Result<Option<T>, Fault> {
    let mut row = None;
    view.read(key, &mut |bytes| row = Some(codec::decode(bytes, what)))?;
    row.transpose()
}

/// What is due at one time: the key of its row, the time, and all that is due, end to end.
pub(crate) type DueRow = (Vec<u8>, Timestamp, Vec<u8>);

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

    fn begun<'a>(stored: &'a MemView, overlay: &'a mut Overlay) -> Tx<'a> {
        let none = crate::OrderId::from_u128(0);
        Tx::new(stored, overlay, 0, orders::Newest { stored: none, applied: none })
    }

    fn view(rows: &[(&[u8], &[u8])]) -> MemView {
        MemView(rows.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect())
    }

    #[test]
    fn a_scan_sees_stored_rows_under_those_of_the_batch_under_its_own() {
        let stored = view(&[(b"a1", b"stored"), (b"a2", b"stored"), (b"a3", b"stored"), (b"b", b"stored")]);
        let mut overlay = Overlay::default();
        overlay.put(Key::new(b"a2"), b"batch".to_vec());
        overlay.delete(Key::new(b"a1"));
        let mut tx = begun(&stored, &mut overlay);
        tx.put_bytes(b"a4", b"own");
        tx.delete(b"a3");
        let rows = tx.scan(b"a", b"b", Order::Forward, 10).expect("memory does not fail");
        assert_eq!(rows, [(b"a2".to_vec(), b"batch".to_vec()), (b"a4".to_vec(), b"own".to_vec())]);
        let last = tx.scan(b"a", b"b", Order::Backward, 1).expect("memory does not fail");
        assert_eq!(last, [(b"a4".to_vec(), b"own".to_vec())]);
    }

    #[test]
    fn appends_of_many_commands_make_one_row() {
        let stored = view(&[]);
        let mut overlay = Overlay::default();
        let mut tx = begun(&stored, &mut overlay);
        for bytes in [b"1", b"2"] {
            tx.append(b"k", bytes);
            tx.keep(|record| record.extend_from_slice(b"answer"));
        }
        assert_eq!(overlay.take().collect::<Vec<_>>(), [(b"k".to_vec(), Some(b"12".to_vec()))]);
    }

    #[test]
    fn a_discarded_command_leaves_nothing() {
        let stored = view(&[]);
        let mut overlay = Overlay::default();
        let mut tx = begun(&stored, &mut overlay);
        tx.record(b"before");
        tx.put_bytes(b"k", b"v");
        tx.emit(crate::products::Event::Created { product_id: crate::ProductId::from_u128(1) });
        tx.discard();
        tx.keep(|record| record.extend_from_slice(b"no"));
        let (place, events) = tx.finish();
        assert_eq!((overlay.recorded(place), events), (&b"beforeno"[..], vec![]));
        assert!(overlay.is_empty());
    }
}
