//! Rows in memory that are not in the state database yet: what the newest entries have made of the shop.
//!
//! A purchase changes rows all over the key space. To keep each of them in order at once, as a database's own memory
//! table does, costs more than everything else that apply does. So rows are in order only where they are read in order;
//! the others are found by a hash, and are sorted once, when the table is written.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::ops::Bound;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use livedrop_domain::keys::{self, GROUP};
use livedrop_domain::view::Order;

use super::arena::{Arena, Row};

/// A value, or `None` for a row that is deleted.
pub(super) type Change<'a> = Option<&'a [u8]>;

/// A row's key and what became of it.
pub(super) type Changed<'a> = (&'a [u8], Change<'a>);

#[derive(Debug, Default)]
pub(super) struct Table {
    arena: Arena,
    hasher: RandomState,
    ordered: BTreeMap<Vec<u8>, Row>,
    points: HashTable<Row>,
    /// The newest row of each group; its key names the group.
    groups: HashTable<usize>,
    /// In the order in which they came: of two changes of one row, the later counts.
    grouped: Vec<Grouped>,
}

#[derive(Debug)]
struct Grouped {
    row: Row,
    /// The one before it in its group.
    before: Option<usize>,
}

/// Where the rows of a prefix are kept.
enum Kind {
    Ordered,
    Point,
    Grouped,
}

impl Kind {
    fn of(key: &[u8]) -> Self {
        match key.first() {
            Some(prefix) if keys::POINTS.contains(prefix) => Kind::Point,
            Some(prefix) if keys::GROUPED.contains(prefix) && key.len() >= GROUP => Kind::Grouped,
            _ => Kind::Ordered,
        }
    }
}

impl Table {
    /// An empty table with room for as many rows as `like` has: a map that grows stands still meanwhile.
    pub(super) fn like(like: &Table) -> Self {
        Table {
            points: HashTable::with_capacity(like.points.len()),
            groups: HashTable::with_capacity(like.groups.len()),
            grouped: Vec::with_capacity(like.grouped.len()),
            ..Table::default()
        }
    }

    /// Keeps the newest value of a row.
    pub(super) fn keep(&mut self, key: &[u8], value: Change) {
        match Kind::of(key) {
            Kind::Ordered => {
                let row = self.arena.keep(&[], value);
                match self.ordered.get_mut(key) {
                    Some(known) => *known = row,
                    None => drop(self.ordered.insert(key.to_vec(), row)),
                }
            }
            Kind::Point => {
                let row = self.arena.keep(key, value);
                let (arena, hasher) = (&self.arena, &self.hasher);
                let entry = self.points.entry(
                    hasher.hash_one(key),
                    |known| arena.key(known) == key,
                    |known| hasher.hash_one(arena.key(known)),
                );
                *entry.or_insert(row).get_mut() = row;
            }
            Kind::Grouped => {
                let row = self.arena.keep(key, value);
                let (arena, hasher, grouped) = (&self.arena, &self.hasher, &self.grouped);
                let group = |newest: &usize| &arena.key(&grouped[*newest].row)[..GROUP];
                let entry = self.groups.entry(
                    hasher.hash_one(&key[..GROUP]),
                    |newest| group(newest) == &key[..GROUP],
                    |newest| hasher.hash_one(group(newest)),
                );
                let newest = self.grouped.len();
                let before = match entry {
                    hashbrown::hash_table::Entry::Occupied(mut entry) => {
                        Some(std::mem::replace(entry.get_mut(), newest))
                    }
                    hashbrown::hash_table::Entry::Vacant(entry) => {
                        entry.insert(newest);
                        None
                    }
                };
                self.grouped.push(Grouped { row, before });
            }
        }
    }

    /// What is known here of a row; nothing, if it is as the database has it.
    pub(super) fn get(&self, key: &[u8]) -> Option<Change<'_>> {
        let row = match Kind::of(key) {
            Kind::Ordered => self.ordered.get(key)?,
            Kind::Point => self.points.find(self.hasher.hash_one(key), |row| self.arena.key(row) == key)?,
            Kind::Grouped => self.group(&key[..GROUP]).find(|row| self.arena.key(row) == key)?,
        };
        Some(self.arena.value(row))
    }

    /// The rows with `from <= key < to`, in order.
    pub(super) fn range<'a>(
        &'a self,
        from: &'a [u8],
        to: &'a [u8],
        order: Order,
    ) -> Box<dyn Iterator<Item = Changed<'a>> + 'a> {
        let within = |prefix: &u8| from < &[prefix + 1][..] && to > &[*prefix][..];
        let in_order = || {
            let range = self.ordered.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)));
            range.map(|(key, row)| (key.as_slice(), self.arena.value(row)))
        };
        if !keys::POINTS.iter().chain(&keys::GROUPED).any(within) {
            return directed(in_order(), order);
        }
        // Either the run of one group, or a check of a whole state.
        let mut rows: Vec<Changed> = match from.first_chunk::<GROUP>() {
            Some(group) if to <= &keys::after(group)[..] && keys::GROUPED.contains(&group[0]) => {
                let mut rows: Vec<_> = self.group(group).map(|row| self.row(row)).collect();
                rows.reverse();
                rows
            }
            _ => in_order().chain(self.unordered()).collect(),
        };
        rows.retain(|(key, _)| from <= *key && *key < to);
        directed(sorted(rows), order)
    }

    /// All rows, in order.
    pub(super) fn sorted(&self) -> impl Iterator<Item = Changed<'_>> {
        let in_order = self.ordered.iter().map(|(key, row)| (key.as_slice(), self.arena.value(row)));
        let (mut one, mut other) = (in_order.peekable(), sorted(self.unordered().collect()).peekable());
        std::iter::from_fn(move || match (one.peek(), other.peek()) {
            (Some(a), Some(b)) if a.0 < b.0 => one.next(),
            (_, Some(_)) => other.next(),
            (_, None) => one.next(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty() && self.ordered.is_empty() && self.grouped.is_empty()
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        /// About what a row takes beside its bytes.
        const ROW: usize = 24;
        self.arena.bytes() + ROW * (self.points.len() + self.grouped.len() + 4 * self.ordered.len())
    }

    /// The rows of a group, newest first.
    fn group<'a>(&'a self, group: &[u8]) -> impl Iterator<Item = &'a Row> {
        let is_it = |newest: &usize| &self.arena.key(&self.grouped[*newest].row)[..GROUP] == group;
        let newest = self.groups.find(self.hasher.hash_one(group), is_it).copied();
        let rows = std::iter::successors(newest, |at| self.grouped[*at].before);
        rows.map(|at| &self.grouped[at].row)
    }

    /// Rows of a group come in the order of their changes.
    fn unordered(&self) -> impl Iterator<Item = Changed<'_>> {
        self.points.iter().chain(self.grouped.iter().map(|grouped| &grouped.row)).map(|row| self.row(row))
    }

    fn row(&self, row: &Row) -> Changed<'_> {
        (self.arena.key(row), self.arena.value(row))
    }
}

/// Puts rows in order. Of a row that is there more than once, the last stays.
fn sorted(rows: Vec<Changed<'_>>) -> impl DoubleEndedIterator<Item = Changed<'_>> {
    // The first bytes stand beside the row, so that most comparisons do not look for it in memory.
    let mut rows: Vec<_> = rows.into_iter().map(|row| (first_bytes(row.0), row)).collect();
    rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.0.cmp(b.1.0)));
    rows.dedup_by(|later, first| {
        let same = later.1.0 == first.1.0;
        if same {
            *first = *later;
        }
        same
    });
    rows.into_iter().map(|(_, row)| row)
}

/// The first bytes of a key, or those that there are, as numbers that sort as they do.
fn first_bytes(key: &[u8]) -> [u128; 2] {
    let mut bytes = [0; 32];
    let length = key.len().min(32);
    bytes[..length].copy_from_slice(&key[..length]);
    let (first, second) = bytes.split_at(16);
    [first, second].map(|half| u128::from_be_bytes(half.try_into().expect("it is half of 32")))
}

fn directed<'a>(
    rows: impl DoubleEndedIterator<Item = Changed<'a>> + 'a,
    order: Order,
) -> Box<dyn Iterator<Item = Changed<'a>> + 'a> {
    match order {
        Order::Forward => Box::new(rows),
        Order::Backward => Box::new(rows.rev()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind.
    const PREFIXES: [u8; 3] = [keys::JOURNAL, keys::ORDER, keys::ORDER_BY_BUYER];

    fn table(rows: &[(&[u8], Option<&[u8]>)]) -> Table {
        let mut table = Table::default();
        for (key, value) in rows {
            table.keep(key, *value);
        }
        table
    }

    fn keys_of<'a>(rows: impl Iterator<Item = Changed<'a>>) -> Vec<&'a [u8]> {
        rows.map(|(key, _)| key).collect()
    }

    fn key(prefix: u8, end: u8) -> Vec<u8> {
        [&[prefix; GROUP][..], &[end]].concat()
    }

    #[test]
    fn the_newest_value_counts_and_a_delete_is_known_too() {
        for prefix in PREFIXES {
            let row = key(prefix, 1);
            let mut table = table(&[(&row, Some(b"1")), (&row, Some(b"22"))]);
            assert_eq!(table.get(&row), Some(Some(&b"22"[..])));
            assert_eq!(table.sorted().collect::<Vec<_>>(), [(&row[..], Some(&b"22"[..]))]);
            table.keep(&row, None);
            assert_eq!(table.get(&row), Some(None));
            assert_eq!(table.get(&key(prefix, 2)), None);
        }
    }

    #[test]
    fn rows_come_out_sorted_whatever_they_are() {
        let mut rows: Vec<_> = PREFIXES.into_iter().flat_map(|prefix| [key(prefix, 2), key(prefix, 1)]).collect();
        rows.extend([vec![keys::ORDER, 5, 0], vec![keys::ORDER, 5], vec![keys::ORDER_BY_BUYER, 5]]);
        let table = table(&rows.iter().map(|key| (&key[..], None)).collect::<Vec<_>>());
        rows.sort();
        assert_eq!(keys_of(table.sorted()), rows);
    }

    #[test]
    fn a_range_has_its_rows_and_no_others_either_way() {
        for prefix in PREFIXES {
            let rows: Vec<_> = (0..9).map(|end| key(prefix, end)).collect();
            let mut table = table(&rows.iter().map(|key| (&key[..], None)).collect::<Vec<_>>());
            table.keep(&[prefix, prefix + 1, 1], None);
            let mut expected: Vec<&[u8]> = rows[3..6].iter().map(|key| &key[..]).collect();
            assert_eq!(keys_of(table.range(&rows[3], &rows[6], Order::Forward)), expected);
            expected.reverse();
            assert_eq!(keys_of(table.range(&rows[3], &rows[6], Order::Backward)), expected);
            assert_eq!(keys_of(table.range(&[prefix], &[prefix + 1], Order::Forward)).len(), 10, "across groups");
        }
    }

    #[test]
    fn its_size_follows_what_was_kept() {
        let row = key(keys::ORDER, 1);
        let mut table = table(&[(&row, Some(&[0; 1_000]))]);
        assert!(table.bytes() > 1_000);
        table.keep(&row, Some(&[0; 1_000]));
        assert!(table.bytes() > 2_000, "what is written over takes its room until the table goes");
    }
}
