//! Counts what was found by creator, tag, status and price. Counts are exact, as of the index.

use std::collections::{BTreeMap, HashMap};

use livedrop_domain::AccountId;
use tantivy::DocId;
use tantivy::columnar::{Column, StrColumn};
use tantivy::fastfield::FastFieldReaders;

use super::schema::{CREATOR_HIGH, CREATOR_LOW, PRICE, STATUS, TAG};
use super::{Status, document};

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

/// The counts of one segment.
pub(super) struct SegmentCounts {
    creator_high: Column<u64>,
    creator_low: Column<u64>,
    status: Column<u64>,
    price: Column<u64>,
    /// A segment without any tag has no column.
    tags: Option<StrColumn>,
    /// By the low half of the id, which is random: the high one comes with it.
    creators: HashMap<u64, (u64, u64), foldhash::fast::FixedState>,
    tag_counts: Vec<u64>,
    statuses: [u64; Status::ALL.len()],
    prices: [u64; PRICE_RANGES.len()],
}

impl SegmentCounts {
    pub(super) fn new(columns: &FastFieldReaders) -> tantivy::Result<Self> {
        let tags = columns.str(TAG)?;
        Ok(SegmentCounts {
            creator_high: columns.u64(CREATOR_HIGH)?,
            creator_low: columns.u64(CREATOR_LOW)?,
            status: columns.u64(STATUS)?,
            price: columns.u64(PRICE)?,
            creators: HashMap::default(),
            tag_counts: vec![0; tags.as_ref().map_or(0, |tags| tags.num_terms())],
            tags,
            statuses: Default::default(),
            prices: Default::default(),
        })
    }

    pub(super) fn count(&mut self, doc: DocId) {
        if let Some(low) = self.creator_low.first(doc) {
            let high = || self.creator_high.first(doc).unwrap_or_default();
            self.creators.entry(low).or_insert_with(|| (high(), 0)).1 += 1;
        }
        for tag in self.tags.iter().flat_map(|tags| tags.term_ords(doc)) {
            self.tag_counts[tag as usize] += 1;
        }
        let status = self.status.first(doc).and_then(|status| self.statuses.get_mut(status as usize));
        if let Some(count) = status {
            *count += 1;
        }
        let price = self.price.first(doc).unwrap_or_default();
        let range = PRICE_RANGES.iter().rposition(|from| *from <= price).unwrap_or_default();
        self.prices[range] += 1;
    }

    pub(super) fn finish(self) -> tantivy::Result<Counts> {
        let creator =
            |(low, (high, count)): (u64, (u64, u64))| (AccountId::from_u128(document::whole(high, low)), count);
        let mut tags = BTreeMap::new();
        if let Some(column) = &self.tags {
            let counted: Vec<u64> =
                (0..).zip(&self.tag_counts).filter(|(_, count)| **count > 0).map(|(tag, _)| tag).collect();
            let mut counts = counted.iter().map(|tag| self.tag_counts[*tag as usize]);
            column.dictionary().sorted_ords_to_term_cb(&counted, |tag| {
                tags.insert(String::from_utf8_lossy(tag).into_owned(), counts.next().unwrap_or_default());
            })?;
        }
        Ok(Counts {
            creators: self.creators.into_iter().map(creator).collect(),
            tags,
            statuses: self.statuses,
            prices: self.prices,
        })
    }
}
