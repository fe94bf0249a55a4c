//! Counts what was found by creator, tag, status and price. Counts are exact, as of the index.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use livedrop_domain::AccountId;
use tantivy::DocId;

use super::Status;
use super::unpacked::Unpacked;

/// How many creators and tags are told, those with the most products.
const TOLD_MAX: usize = 20;

/// Where each range of prices begins, in minor units; the last has no end.
pub const PRICE_RANGES: [u64; 6] = [0, 1_000, 2_500, 5_000, 10_000, 25_000];

/// How many of those that were found have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    creators: HashMap<AccountId, u64>,
    tags: BTreeMap<String, u64>,
    statuses: [u64; Status::ALL.len()],
    prices: [u64; PRICE_RANGES.len()],
}

/// The counts worth telling: the greatest first, of equal ones the first by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    pub creators: Vec<(AccountId, u64)>,
    pub tags: Vec<(String, u64)>,
    pub statuses: Vec<(Status, u64)>,
    /// By the place in [`PRICE_RANGES`].
    pub prices: Vec<(usize, u64)>,
}

impl Counts {
    pub(super) fn add(&mut self, other: Counts) {
        for (creator, count) in other.creators {
            *self.creators.entry(creator).or_default() += count;
        }
        for (tag, count) in other.tags {
            *self.tags.entry(tag).or_default() += count;
        }
        let numbers = self.statuses.iter_mut().zip(other.statuses);
        for (sum, count) in numbers.chain(self.prices.iter_mut().zip(other.prices)) {
            *sum += count;
        }
    }

    pub(super) fn facets(self) -> Facets {
        Facets {
            creators: greatest(self.creators.into_iter().collect()),
            tags: greatest(self.tags.into_iter().collect()),
            statuses: Status::ALL.into_iter().zip(self.statuses).filter(|(_, count)| *count > 0).collect(),
            prices: self.prices.into_iter().enumerate().filter(|(_, count)| *count > 0).collect(),
        }
    }
}

fn greatest<T: Ord>(mut counts: Vec<(T, u64)>) -> Vec<(T, u64)> {
    counts.sort_unstable_by(|(one, count), (other, others)| others.cmp(count).then_with(|| one.cmp(other)));
    counts.truncate(TOLD_MAX);
    counts
}

/// The counts of one segment, by the numbers that its columns give to creators and tags.
pub(super) struct SegmentCounts {
    columns: Arc<Unpacked>,
    creators: Vec<u32>,
    tags: Vec<u32>,
    statuses: [u64; Status::ALL.len()],
    prices: [u64; PRICE_RANGES.len()],
}

impl SegmentCounts {
    pub(super) fn new(columns: Arc<Unpacked>) -> Self {
        SegmentCounts {
            creators: vec![0; columns.creator_ids.len()],
            tags: vec![0; columns.tag_names.len()],
            columns,
            statuses: Default::default(),
            prices: Default::default(),
        }
    }

    pub(super) fn count(&mut self, doc: DocId) {
        let (columns, place) = (&*self.columns, doc as usize);
        self.creators[columns.creators[place] as usize] += 1;
        for tag in columns.tags(doc) {
            self.tags[*tag as usize] += 1;
        }
        if let Some(count) = self.statuses.get_mut(usize::from(columns.statuses[place])) {
            *count += 1;
        }
        let price = columns.prices[place];
        let range = PRICE_RANGES.iter().rposition(|from| *from <= price).unwrap_or_default();
        self.prices[range] += 1;
    }

    pub(super) fn finish(self) -> Counts {
        let Unpacked { creator_ids, tag_names, .. } = &*self.columns;
        Counts {
            creators: counted(creator_ids, &self.creators).collect(),
            tags: counted(tag_names, &self.tags).collect(),
            statuses: self.statuses,
            prices: self.prices,
        }
    }
}

/// Those of a list that were counted at all.
fn counted<T: Clone>(list: &[T], counts: &[u32]) -> impl Iterator<Item = (T, u64)> {
    let counted = list.iter().zip(counts).filter(|(_, count)| **count > 0);
    counted.map(|(one, count)| (one.clone(), u64::from(*count)))
}
