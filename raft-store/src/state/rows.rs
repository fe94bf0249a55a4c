//! The state as rows: what is in memory over what is in the database.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::sync::{Arc, RwLockReadGuard};

use livedrop_domain::view::{Order, Row};
use livedrop_domain::{Fault, View};
use rocksdb::{DB, Direction, IteratorMode};

use super::table::{Changed, Table};
use crate::tuning;

/// What is not in the database yet.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// Apply adds to it.
    pub active: Table,
    /// It is being written, and goes when the database has it.
    pub sealed: Option<Arc<Table>>,
}

impl Tables {
    fn newest_first(&self) -> impl Iterator<Item = &Table> {
        std::iter::once(&self.active).chain(self.sealed.as_deref())
    }
}

/// All rows right after some entry. They do not change while this is held, and apply waits.
pub(crate) struct Rows<'a> {
    pub(super) tables: RwLockReadGuard<'a, Tables>,
    /// It may take in the sealed table meanwhile, which changes no row that is seen from here.
    pub(super) stored: Stored<'a>,
}

impl View for Rows<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.tables.newest_first().find_map(|table| table.get(key)) {
            Some(change) => Ok(change.map(<[u8]>::to_vec)),
            None => self.stored.get(key),
        }
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        match self.tables.newest_first().find_map(|table| table.get(key)) {
            Some(change) => {
                change.map(with);
                Ok(())
            }
            None => self.stored.read(key, with),
        }
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        if from >= to || limit == 0 {
            return Ok(Vec::new());
        }
        let changes = self.tables.newest_first().map(|table| table.range(from, to, order));
        merge(changes.collect(), self.stored.range(from, to, order), order, limit)
    }
}

/// The rows of the database alone.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a>(pub &'a DB);

impl Stored<'_> {
    fn range(&self, from: &[u8], to: &[u8], order: Order) -> impl Iterator<Item = Result<Row, Fault>> {
        let mode = match order {
            Order::Forward => IteratorMode::From(from, Direction::Forward),
            Order::Backward => IteratorMode::End,
        };
        self.0.iterator_opt(mode, tuning::range(from, to)).map(|row| {
            let (key, value) = row.map_err(|error| Fault::new("reading rows", error))?;
            Ok((key.into_vec(), value.into_vec()))
        })
    }
}

impl View for Stored<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.0.get(key).map_err(|error| Fault::new("reading a row", error))
    }

    fn read(&self, key: &[u8], with: &mut dyn FnMut(&[u8])) -> Result<(), Fault> {
        let found = self.0.get_pinned(key).map_err(|error| Fault::new("reading a row", error))?;
        found.as_deref().map(with);
        Ok(())
    }

    fn scan(&self, from: &[u8], to: &[u8], order: Order, limit: usize) -> Result<Vec<Row>, Fault> {
        self.range(from, to, order).take(limit).collect()
    }
}

/// At most `limit` rows of `stored` as `changes` leave them, which are given the newest first.
fn merge<'a>(
    changes: Vec<impl Iterator<Item = Changed<'a>>>,
    stored: impl Iterator<Item = Result<Row, Fault>>,
    order: Order,
    limit: usize,
) -> Result<Vec<Row>, Fault> {
    let mut changes: Vec<_> = changes.into_iter().map(Iterator::peekable).collect();
    let mut stored = stored.peekable();
    let mut rows = Vec::new();
    while rows.len() < limit {
        let first = changes.iter_mut().filter_map(|table| table.peek().copied()).reduce(|first, other| {
            // Of two changes of one row the newer stands first, and stays.
            if comes_before(other.0, first.0, order) { other } else { first }
        });
        match (first, stored.peek()) {
            (Some((key, change)), Some(Ok(row))) if !comes_before(&row.0, key, order) => {
                let same = row.0 == key;
                rows.extend(change.map(|value| (key.to_vec(), value.to_vec())));
                pass(&mut changes, key);
                if same {
                    stored.next();
                }
            }
            (Some((key, change)), None) => {
                rows.extend(change.map(|value| (key.to_vec(), value.to_vec())));
                pass(&mut changes, key);
            }
            (_, Some(_)) => rows.extend(stored.next().transpose()?),
            (None, None) => break,
        }
    }
    Ok(rows)
}

/// Goes on to the next row wherever `key` is the next one.
fn pass<'a>(changes: &mut [Peekable<impl Iterator<Item = Changed<'a>>>], key: &[u8]) {
    for table in changes {
        table.next_if(|(next, _)| *next == key);
    }
}

fn comes_before(one: &[u8], other: &[u8], order: Order) -> bool {
    one.cmp(other) == if order == Order::Forward { Ordering::Less } else { Ordering::Greater }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use livedrop_domain::keys;
    use proptest::prelude::*;

    use super::*;

    type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
    type Change = Option<Vec<u8>>;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        let prefix = prop_oneof![Just(keys::JOURNAL), Just(keys::ORDER), Just(keys::ORDER_BY_BUYER)];
        (prefix, 0..12u8).prop_map(|(prefix, row)| [&[prefix; keys::GROUP][..], &[row]].concat())
    }

    fn writes() -> impl Strategy<Value = Vec<(Vec<u8>, Change)>> {
        prop::collection::vec((key(), prop::option::of(prop::collection::vec(any::<u8>(), 0..3))), 0..30)
    }

    fn table(writes: &[(Vec<u8>, Change)], model: &mut Rows) -> Table {
        let mut table = Table::default();
        for (key, value) in writes {
            table.keep(key, value.as_deref());
            match value {
                Some(value) => model.insert(key.clone(), value.clone()),
                None => model.remove(key),
            };
        }
        table
    }

    proptest! {
        #[test]
        fn rows_in_three_places_read_as_if_they_were_in_one(
            stored in prop::collection::btree_map(key(), prop::collection::vec(any::<u8>(), 0..3), 0..20),
            sealed in writes(),
            active in writes(),
            from in key(),
            to in key(),
            backward: bool,
            limit in 1..9usize,
        ) {
            let order = if backward { Order::Backward } else { Order::Forward };
            let mut model = stored.clone();
            let sealed = table(&sealed, &mut model);
            let active = table(&active, &mut model);
            let on_disk: Vec<_> = stored.range(from.clone()..to.clone().max(from.clone())).collect();
            let on_disk: Vec<_> = match order {
                Order::Forward => on_disk,
                Order::Backward => on_disk.into_iter().rev().collect(),
            };
            let on_disk = on_disk.into_iter().map(|(key, value)| Ok((key.clone(), value.clone())));
            let to = to.max(from.clone());
            let changes = vec![active.range(&from, &to, order), sealed.range(&from, &to, order)];
            let found = merge(changes, on_disk, order, limit).expect("no fault");
            let mut expected: Vec<_> = model.range(from..to).map(|(key, value)| (key.clone(), value.clone())).collect();
            if backward {
                expected.reverse();
            }
            expected.truncate(limit);
            prop_assert_eq!(found, expected);
        }
    }
}
