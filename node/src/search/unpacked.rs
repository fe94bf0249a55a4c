//! What a search reads of every product that it finds, unpacked: a list of plain values per column of a segment.
//!
//! Whoever browses without words finds everything. Then the columns on the disk, which are packed by the bit, cost more
//! than all else: each value is worked out again for each question. A segment never changes, so its columns are
//! unpacked once, before it is shown, and belong to every later index that it is a part of. They take about fifty bytes
//! of memory a product, and four more for each of its tags.

use std::collections::HashMap;
use std::sync::Arc;

use livedrop_domain::AccountId;
use tantivy::columnar::{ColumnValues, StrColumn};
use tantivy::fastfield::FastFieldReaders;
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader};

use super::document;
use super::schema::{CREATOR_HIGH, CREATOR_LOW, ID_HIGH, ID_LOW, NAME_WORDS, PRICE, STARTS_AT, STATUS, TAG};

/// Names with more words than this are not told apart by their length.
pub(super) const NAME_WORDS_MAX: u64 = 15;

/// The columns of one segment, by the number of the document in it.
#[derive(Debug, Default)]
pub(super) struct Unpacked {
    /// The complement of the product's id: the newest product has the least.
    pub ages: Box<[u128]>,
    pub prices: Box<[u64]>,
    /// At most [`NAME_WORDS_MAX`].
    pub name_words: Box<[u8]>,
    /// The greatest number where no drop is to come.
    pub starts_at: Box<[u64]>,
    pub statuses: Box<[u8]>,
    /// By their places in `creator_ids`.
    pub creators: Box<[u32]>,
    pub creator_ids: Vec<AccountId>,
    pub tag_names: Vec<String>,
    tags: Tags,
}

/// The tags of each document by their places among the names: its part of `all` ends where the next one's begins.
#[derive(Debug, Default)]
struct Tags {
    begins: Box<[u32]>,
    all: Box<[u32]>,
}

/// Those of all segments of an index.
pub(super) type Columns = HashMap<SegmentId, Arc<Unpacked>>;

/// Unpacks the segments of an index, except those that are in `before` already.
pub(super) fn columns(searcher: &Searcher, before: Option<&Columns>) -> tantivy::Result<Columns> {
    let one = |segment: &SegmentReader| {
        let id = segment.segment_id();
        let unpacked = match before.and_then(|before| before.get(&id)) {
            Some(there) => there.clone(),
            None => Arc::new(Unpacked::of(segment)?),
        };
        Ok((id, unpacked))
    };
    searcher.segment_readers().iter().map(one).collect()
}

impl Unpacked {
    pub fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let (columns, documents) = (segment.fast_fields(), segment.max_doc() as usize);
        // A segment without any value has no column.
        let numbers = |name: &str, absent| -> tantivy::Result<Vec<u64>> {
            let mut values = vec![absent; documents];
            if let Some(column) = columns.column_opt::<u64>(name)? {
                column.first_or_default_col(absent).get_range(0, &mut values);
            }
            Ok(values)
        };
        let ids = |high, low| -> tantivy::Result<Vec<u128>> {
            let halves = numbers(high, 0)?.into_iter().zip(numbers(low, 0)?);
            Ok(halves.map(|(high, low)| document::whole(high, low)).collect())
        };
        let (creators, creator_ids) = numbered(ids(CREATOR_HIGH, CREATOR_LOW)?);
        let (tag_names, tags) = tags(columns, segment.max_doc())?;
        let words = numbers(NAME_WORDS, NAME_WORDS_MAX)?;
        Ok(Unpacked {
            ages: ids(ID_HIGH, ID_LOW)?.into_iter().map(|id| !id).collect(),
            prices: numbers(PRICE, 0)?.into(),
            name_words: words.into_iter().map(|words| words.min(NAME_WORDS_MAX) as u8).collect(),
            starts_at: numbers(STARTS_AT, u64::MAX)?.into(),
            statuses: numbers(STATUS, 0)?.into_iter().map(|status| u8::try_from(status).unwrap_or(u8::MAX)).collect(),
            creators,
            creator_ids,
            tag_names,
            tags,
        })
    }

    /// The places of a document's tags among the names.
    pub fn tags(&self, doc: DocId) -> &[u32] {
        let begins = &self.tags.begins[doc as usize..];
        &self.tags.all[begins[0] as usize..begins[1] as usize]
    }
}

/// Gives each of those that differ a number, in the order in which they come.
fn numbered(ids: Vec<u128>) -> (Box<[u32]>, Vec<AccountId>) {
    let mut numbers: HashMap<u128, u32, foldhash::fast::FixedState> = HashMap::default();
    let mut different = Vec::new();
    let number = |id| {
        *numbers.entry(id).or_insert_with(|| {
            different.push(AccountId::from_u128(id));
            different.len() as u32 - 1
        })
    };
    (ids.into_iter().map(number).collect(), different)
}

fn tags(columns: &FastFieldReaders, documents: DocId) -> tantivy::Result<(Vec<String>, Tags)> {
    let Some(column) = columns.str(TAG)? else {
        return Ok((Vec::new(), Tags { begins: vec![0; documents as usize + 1].into(), all: Box::default() }));
    };
    let (mut begins, mut all) = (Vec::with_capacity(documents as usize + 1), Vec::new());
    for doc in 0..documents {
        begins.push(all.len() as u32);
        all.extend(column.term_ords(doc).map(|tag| tag as u32));
    }
    begins.push(all.len() as u32);
    Ok((names(&column)?, Tags { begins: begins.into(), all: all.into() }))
}

fn names(column: &StrColumn) -> tantivy::Result<Vec<String>> {
    let every: Vec<u64> = (0..column.num_terms() as u64).collect();
    let mut names = Vec::with_capacity(every.len());
    column.dictionary().sorted_ords_to_term_cb(&every, |tag| names.push(String::from_utf8_lossy(tag).into_owned()))?;
    Ok(names)
}
