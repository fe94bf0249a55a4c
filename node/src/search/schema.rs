//! The fields of the index. Whoever changes them raises [`FORM`], so that indexes of the old form are made anew.

use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexSettings};

use super::words;

/// The form of the index: the fields below, and how their words are cut.
pub(super) const FORM: u32 = 1;

/// The names of those fields that are read as columns.
pub(super) const ID_HIGH: &str = "id_high";
pub(super) const ID_LOW: &str = "id_low";
pub(super) const CREATOR_HIGH: &str = "creator_high";
pub(super) const CREATOR_LOW: &str = "creator_low";
pub(super) const TAG: &str = "tag";
pub(super) const STATUS: &str = "status";
pub(super) const PRICE: &str = "price";
pub(super) const STARTS_AT: &str = "starts_at";
pub(super) const NAME_WORDS: &str = "name_words";

const PLAIN: &str = "plain_words";
const STEMMED: &str = "stemmed_words";
const RAW: &str = "raw";

/// One document is one product. Nothing is stored: whoever finds a product reads its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// The product's id as text: what a document is replaced by.
    pub id: Field,
    /// The two halves of the product's id.
    pub id_high: Field,
    pub id_low: Field,
    /// The words of the name as they are written, for exactness, prefixes and typos.
    pub name: Field,
    /// The same by their stems.
    pub name_stems: Field,
    pub description_stems: Field,
    /// The words of all tags.
    pub tag_words: Field,
    /// Whole tags in lower case.
    pub tag: Field,
    /// The words of the creator's name.
    pub creator_words: Field,
    /// The creator's id as text.
    pub creator: Field,
    pub creator_high: Field,
    pub creator_low: Field,
    /// See [`super::Status`].
    pub status: Field,
    /// In minor units.
    pub price: Field,
    /// When the current or next drop starts or has started, in milliseconds; none without such a drop.
    pub starts_at: Field,
    /// How many words the name has: of two names with the same words the shorter one is closer to a question.
    pub name_words: Field,
}

pub(super) fn schema() -> (Schema, Fields) {
    let words = |tokenizer: &str, option| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
        TextOptions::default().set_indexing_options(indexing.set_fieldnorms(false))
    };
    let (placed, there) = (IndexRecordOption::WithFreqsAndPositions, IndexRecordOption::Basic);
    let mut schema = Schema::builder();
    let fields = Fields {
        id: schema.add_text_field("id", words(RAW, there)),
        id_high: schema.add_u64_field(ID_HIGH, FAST),
        id_low: schema.add_u64_field(ID_LOW, FAST),
        name: schema.add_text_field("name", words(PLAIN, placed)),
        name_stems: schema.add_text_field("name_stems", words(STEMMED, placed)),
        description_stems: schema.add_text_field("description_stems", words(STEMMED, placed)),
        tag_words: schema.add_text_field("tag_words", words(PLAIN, placed)),
        tag: schema.add_text_field(TAG, words(RAW, there).set_fast(RAW)),
        creator_words: schema.add_text_field("creator_words", words(PLAIN, placed)),
        creator: schema.add_text_field("creator", words(RAW, there)),
        creator_high: schema.add_u64_field(CREATOR_HIGH, FAST),
        creator_low: schema.add_u64_field(CREATOR_LOW, FAST),
        status: schema.add_u64_field(STATUS, FAST | INDEXED),
        price: schema.add_u64_field(PRICE, FAST),
        starts_at: schema.add_u64_field(STARTS_AT, FAST),
        name_words: schema.add_u64_field(NAME_WORDS, FAST),
    };
    (schema.build(), fields)
}

/// How words are cut belongs to the schema, but is not stored with it.
pub(super) fn register_analyzers(index: &Index) {
    index.tokenizers().register(PLAIN, words::plain());
    index.tokenizers().register(STEMMED, words::stemmed());
}

pub(super) fn settings() -> IndexSettings {
    IndexSettings::default()
}
