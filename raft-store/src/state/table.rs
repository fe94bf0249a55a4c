//! Rows in memory that are not in the state database yet: what the newest entries have made of the shop.
//!
//! A purchase changes rows all over the key space. To keep each of them in order at once, as a database's own memory
//! table does, costs more than everything else that apply does. So rows are in order only where they are read in order;
//! the others are found by a hash, and are sorted once, when the table is written.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use foldhash::fast::RandomState;
use livedrop_domain::keys::{self, GROUP};
use livedrop_domain::view::Order;

/// A value, or `None` for a row that is deleted.
pub(super) type Change = Option<Vec<u8>>;

/// A row's key and what became of it.
type Changed<'a> = (&'a [u8], &'a Change);

type Groups = HashMap<[u8; GROUP], Vec<(Vec<u8>, Change)>, RandomState>;

#[derive(Debug, Default)]
pub(super) struct Table {
    ordered: BTreeMap<Vec<u8>, Change>,
    points: HashMap<Vec<u8>, Change, RandomState>,
    /// In the order in which they came: of two changes of one row, the later counts.
    groups: Groups,
    bytes: usize,
}

/// Where the rows of a prefix are kept.
enum Kind {
    Ordered,
    Point,
    Grouped([u8; GROUP]),
}

impl Kind {
    fn of(key: &[u8]) -> Self {
        match (key.first(), key.first_chunk()) {
            (Some(prefix), _) if keys::POINTS.contains(prefix) => Kind::Point,
            (Some(prefix), Some(group)) if keys::GROUPED.contains(prefix) => Kind::Grouped(*group),
            _ => Kind::Ordered,
        }
    }
}

impl Table {
    /// An empty table with room for as many rows as `like` has: a map that grows stands still meanwhile.
    pub(super) fn like(like: &Table) -> Self {
        let points = HashMap::with_capacity_and_hasher(like.points.len(), RandomState::default());
        let groups = HashMap::with_capacity_and_hasher(like.groups.len(), RandomState::default());
        Table { points, groups, ..Table::default() }
    }

    /// Keeps the newest value of a row.
    pub(super) fn keep(&mut self, key: Vec<u8>, value: Change) {
        /// About what a row takes beside its bytes.
        const ROW: usize = 96;
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len) + ROW;
        let before = match Kind::of(&key) {
            Kind::Ordered => self.ordered.insert(key, value),
            Kind::Point => self.points.insert(key, value),
            Kind::Grouped(group) => {
                self.groups.entry(group).or_default().push((key, value));
                None
            }
        };
        if let Some(before) = before {
            self.bytes = self.bytes.saturating_sub(before.map_or(0, |value| value.len()) + ROW);
        }
    }

    /// What is known here of a row; nothing, if it is as the database has it.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Change> {
        match Kind::of(key) {
            Kind::Ordered => self.ordered.get(key),
            Kind::Point => self.points.get(key),
            Kind::Grouped(group) => {
                let rows = self.groups.get(&group)?;
                rows.iter().rev().find_map(|(row, change)| (row == key).then_some(change))
            }
        }
    }

    /// The rows with `from <= key < to`, in order.
    pub(super) fn range<'a>(
        &'a self,
        from: &'a [u8],
        to: &'a [u8],
        order: Order,
    ) -> Box<dyn Iterator<Item = Changed<'a>> + 'a> {
        let within = |prefix: &u8| from < &[prefix + 1][..] && to > &[*prefix][..];
        let in_order = || self.ordered.range::<[u8], _>((Bound::Included(from), Bound::Excluded(to))).map(bytes);
        if !keys::POINTS.iter().chain(&keys::GROUPED).any(within) {
            return directed(in_order(), order);
        }
        // Either the run of one group, or a check of a whole state.
        let mut rows: Vec<_> = match from.first_chunk::<GROUP>() {
            Some(group) if to <= &keys::after(group)[..] && keys::GROUPED.contains(&group[0]) => {
                self.groups.get(group).into_iter().flatten().map(pair).collect()
            }
            _ => in_order().chain(self.unordered()).collect(),
        };
        rows.retain(|(key, _)| from <= *key && *key < to);
        sort(&mut rows);
        directed(rows.into_iter(), order)
    }

    /// All rows, in order.
    pub(super) fn sorted(&self) -> impl Iterator<Item = Changed<'_>> {
        let mut rows: Vec<_> = self.unordered().collect();
        sort(&mut rows);
        let (mut one, mut other) = (self.ordered.iter().map(bytes).peekable(), rows.into_iter().peekable());
        std::iter::from_fn(move || match (one.peek(), other.peek()) {
            (Some(a), Some(b)) if a.0 < b.0 => one.next(),
            (_, Some(_)) => other.next(),
            (_, None) => one.next(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty() && self.ordered.is_empty() && self.groups.is_empty()
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Rows of a group come in the order of their changes.
    fn unordered(&self) -> impl Iterator<Item = Changed<'_>> {
        self.points.iter().map(bytes).chain(self.groups.values().flatten().map(pair))
    }
}

/// Puts rows in order. Of a row that is there more than once, the last stays.
fn sort(rows: &mut Vec<Changed>) {
    // The first bytes stand beside the row, so that most comparisons do not look for it in memory.
    let mut known: Vec<_> = rows.iter().map(|row| (first_bytes(row.0), *row)).collect();
    known.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.0.cmp(b.1.0)));
    rows.clear();
    for (_, row) in known {
        match rows.last_mut() {
            Some(last) if last.0 == row.0 => *last = row,
            _ => rows.push(row),
        }
    }
}

/// The first sixteen bytes of a key, or those that there are, as a number that sorts as they do.
fn first_bytes(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let length = key.len().min(16);
    bytes[..length].copy_from_slice(&key[..length]);
    u128::from_be_bytes(bytes)
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

fn bytes<'a>((key, change): (&'a Vec<u8>, &'a Change)) -> Changed<'a> {
    (key, change)
}

fn pair((key, change): &(Vec<u8>, Change)) -> Changed<'_> {
    (key, change)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind.
    const PREFIXES: [u8; 3] = [keys::JOURNAL, keys::ORDER, keys::ORDER_BY_BUYER];

    fn table(rows: &[(&[u8], Option<&[u8]>)]) -> Table {
        let mut table = Table::default();
        for (key, value) in rows {
            table.keep(key.to_vec(), value.map(<[u8]>::to_vec));
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
            assert_eq!(table.get(&row), Some(&Some(b"22".to_vec())));
            assert_eq!(table.sorted().collect::<Vec<_>>(), [(&row[..], &Some(b"22".to_vec()))]);
            table.keep(row.clone(), None);
            assert_eq!(table.get(&row), Some(&None));
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
            table.keep(vec![prefix, prefix + 1, 1], None);
            let mut expected: Vec<&[u8]> = rows[3..6].iter().map(|key| &key[..]).collect();
            assert_eq!(keys_of(table.range(&rows[3], &rows[6], Order::Forward)), expected);
            expected.reverse();
            assert_eq!(keys_of(table.range(&rows[3], &rows[6], Order::Backward)), expected);
            assert_eq!(keys_of(table.range(&[prefix], &[prefix + 1], Order::Forward)).len(), 10, "across groups");
        }
    }

    #[test]
    fn its_size_follows_what_is_in_it() {
        let row = key(keys::ORDER, 1);
        let mut table = table(&[(&row, Some(&[0; 1_000]))]);
        assert!(table.bytes() > 1_000);
        table.keep(row.clone(), Some(vec![0; 1_000]));
        assert!(table.bytes() < 2_000, "the same row again");
        table.keep(row, None);
        assert!(table.bytes() < 1_000);
    }
}
