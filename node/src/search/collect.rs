//! Collects a page of what was found, and counts the rest.
//!
//! Places are made of what stands in the documents, never of where the documents stand: two indexes of the same
//! products give the same pages, however they came to be.

use std::collections::BinaryHeap;
use std::sync::Arc;

use livedrop_domain::ProductId;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, ColumnValues};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::facets::{Counts, SegmentCounts};
use super::schema::{ID_HIGH, ID_LOW, NAME_WORDS, PRICE, STARTS_AT};
use super::{Sort, document};

/// Names with more words than this are not told apart by their length.
const NAME_WORDS_MAX: u64 = 15;

/// Where something stands among all that was found; what comes first is less. No two products share a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// By what it is sorted.
    pub rank: u64,
    /// The newest first: the complement of the product's id.
    pub age: u128,
}

impl Place {
    pub fn product(&self) -> ProductId {
        ProductId::from_u128(!self.age)
    }
}

/// A collector of the first `limit` places after `after`.
pub(super) struct PageCollector {
    pub sort: Sort,
    pub after: Option<Place>,
    pub limit: usize,
    pub count_facets: bool,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Page {
    pub places: Vec<Place>,
    /// All that was found, on whatever page.
    pub total: u64,
    pub counts: Counts,
}

/// What is collected of one segment.
pub(super) struct SegmentPage {
    sort: Sort,
    after: Option<Place>,
    limit: usize,
    id_high: Arc<dyn ColumnValues<u64>>,
    id_low: Arc<dyn ColumnValues<u64>>,
    ranked_by: Option<Column<u64>>,
    /// The last of the best on top.
    places: BinaryHeap<Place>,
    total: u64,
    counts: Option<SegmentCounts>,
}

impl Collector for PageCollector {
    type Fruit = Page;
    type Child = SegmentPage;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentPage> {
        let columns = segment.fast_fields();
        let ranked_by = match self.sort {
            Sort::Relevance => Some(NAME_WORDS),
            Sort::Newest => None,
            Sort::Cheapest | Sort::Dearest => Some(PRICE),
            Sort::Soonest => Some(STARTS_AT),
        };
        Ok(SegmentPage {
            sort: self.sort,
            after: self.after,
            limit: self.limit,
            id_high: columns.u64(ID_HIGH)?.first_or_default_col(0),
            id_low: columns.u64(ID_LOW)?.first_or_default_col(0),
            // A segment without any value has no column.
            ranked_by: ranked_by.map(|name| columns.column_opt(name)).transpose()?.flatten(),
            places: BinaryHeap::with_capacity(self.limit + 1),
            total: 0,
            counts: self.count_facets.then(|| SegmentCounts::new(columns)).transpose()?,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Page>>) -> tantivy::Result<Page> {
        let mut all = Page::default();
        for segment in segments {
            let segment = segment?;
            all.places.extend(segment.places);
            all.total += segment.total;
            all.counts.add(segment.counts);
        }
        all.places.sort_unstable();
        all.places.truncate(self.limit);
        Ok(all)
    }
}

impl SegmentPage {
    fn place(&self, doc: DocId, score: Score) -> Place {
        let value = || self.ranked_by.as_ref().and_then(|column| column.first(doc));
        let rank = match self.sort {
            Sort::Relevance => {
                let closeness = NAME_WORDS_MAX - value().unwrap_or(NAME_WORDS_MAX).min(NAME_WORDS_MAX);
                u64::MAX - (score as u64 * (NAME_WORDS_MAX + 1) + closeness)
            }
            Sort::Newest => 0,
            Sort::Cheapest => value().unwrap_or(0),
            Sort::Dearest => u64::MAX - value().unwrap_or(0),
            Sort::Soonest => value().unwrap_or(u64::MAX),
        };
        Place { rank, age: !document::whole(self.id_high.get_val(doc), self.id_low.get_val(doc)) }
    }
}

impl SegmentCollector for SegmentPage {
    type Fruit = tantivy::Result<Page>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        if let Some(counts) = &mut self.counts {
            counts.count(doc);
        }
        let place = self.place(doc, score);
        if self.after.is_some_and(|after| place <= after) {
            return;
        }
        if self.places.len() < self.limit {
            self.places.push(place);
        } else if let Some(mut last) = self.places.peek_mut()
            && place < *last
        {
            *last = place;
        }
    }

    fn harvest(self) -> tantivy::Result<Page> {
        let counts = self.counts.map(SegmentCounts::finish).transpose()?.unwrap_or_default();
        Ok(Page { places: self.places.into_vec(), total: self.total, counts })
    }
}
