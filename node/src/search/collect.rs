//! Collects a page of what was found, and counts the rest.
//!
//! Places are made of what stands in the documents, never of where the documents stand: two indexes of the same
//! products give the same pages, however they came to be.

use std::collections::BinaryHeap;
use std::sync::Arc;

use livedrop_domain::ProductId;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::Sort;
use super::facets::{Counts, SegmentCounts};
use super::unpacked::{Columns, NAME_WORDS_MAX, Unpacked};

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
    pub columns: Arc<Columns>,
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
    columns: Arc<Unpacked>,
    /// The last of the best on top.
    places: BinaryHeap<Place>,
    total: u64,
    counts: Option<SegmentCounts>,
}

impl Collector for PageCollector {
    type Fruit = Page;
    type Child = SegmentPage;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentPage> {
        let columns = match self.columns.get(&segment.segment_id()) {
            Some(unpacked) => unpacked.clone(),
            None => Arc::new(Unpacked::of(segment)?),
        };
        Ok(SegmentPage {
            sort: self.sort,
            after: self.after,
            limit: self.limit,
            places: BinaryHeap::with_capacity(self.limit + 1),
            total: 0,
            counts: self.count_facets.then(|| SegmentCounts::new(columns.clone())),
            columns,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, segments: Vec<Page>) -> tantivy::Result<Page> {
        let mut all = Page::default();
        for segment in segments {
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
        let (columns, place) = (&*self.columns, doc as usize);
        let rank = match self.sort {
            Sort::Relevance => {
                let closeness = NAME_WORDS_MAX - u64::from(columns.name_words[place]);
                u64::MAX - (score as u64 * (NAME_WORDS_MAX + 1) + closeness)
            }
            Sort::Newest => 0,
            Sort::Cheapest => columns.prices[place],
            Sort::Dearest => u64::MAX - columns.prices[place],
            Sort::Soonest => columns.starts_at[place],
        };
        Place { rank, age: columns.ages[place] }
    }
}

impl SegmentCollector for SegmentPage {
    type Fruit = Page;

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

    fn harvest(self) -> Page {
        let counts = self.counts.map(SegmentCounts::finish).unwrap_or_default();
        Page { places: self.places.into_vec(), total: self.total, counts }
    }
}
