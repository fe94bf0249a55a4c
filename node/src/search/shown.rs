//! An index as readers have it, and the first pages that were asked of it before.

use std::sync::Arc;

use quick_cache::sync::Cache;
use tantivy::Searcher;

use super::collect::Place;
use super::facets::Facets;
use super::schema::Fields;
use super::unpacked::{self, Columns};
use super::{Filters, Sort};

/// First pages that are kept of one index: each is a few kilobytes.
const FIRST_PAGES_MAX: usize = 256;

/// An index, as it was at one log index.
pub(super) struct Shown {
    pub searcher: Searcher,
    pub fields: Fields,
    /// The log index that it reflects.
    pub index: u64,
    pub columns: Arc<Columns>,
    /// Nothing in it is ever old: what the index holds does not change, and the next index begins without any.
    pub first_pages: Arc<Cache<FirstPage, Arc<Answered>>>,
}

/// What a first page was asked for. Everybody who comes to the shop asks for one without words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FirstPage {
    pub text: String,
    pub filters: Filters,
    pub sort: Sort,
    pub limit: usize,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Answered {
    pub places: Vec<Place>,
    pub more: bool,
    pub forgiving: bool,
    pub total: u64,
    pub facets: Facets,
}

impl Shown {
    /// `before` is what readers had until now: what is in both is not read again.
    pub fn new(searcher: Searcher, fields: Fields, index: u64, before: Option<&Shown>) -> tantivy::Result<Self> {
        let columns = Arc::new(unpacked::columns(&searcher, before.map(|before| &*before.columns))?);
        Ok(Shown { searcher, fields, index, columns, first_pages: Arc::new(Cache::new(FIRST_PAGES_MAX)) })
    }

    /// The same, found to reflect more.
    pub fn at(&self, index: u64) -> Self {
        let Shown { searcher, fields, columns, first_pages, .. } = self;
        let (columns, first_pages) = (columns.clone(), first_pages.clone());
        Shown { searcher: searcher.clone(), fields: *fields, index, columns, first_pages }
    }
}
