//! From a question to what the index is asked.
//!
//! A score is made of constants: for each word the best place where it was found, added up, and something more when
//! all words stand together in the name. It depends on the question and the product alone, on nothing that other
//! products or the files of the index change: so every node ranks alike, and a cursor can name a score. Sums of whole
//! numbers of this size are exact as floating-point numbers, in whatever order they are added.

use std::ops::Bound;

use livedrop_domain::AccountId;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery,
    Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::question::Question;
use super::schema::Fields;
use super::words::{stem, words};
use super::{Filters, Status};

/// What a word is worth where it was found.
mod worth {
    pub const NAME: f32 = 100.0;
    pub const NAME_STEM: f32 = 92.0;
    pub const CREATOR: f32 = 84.0;
    pub const TAG: f32 = 80.0;
    pub const NAME_BEGINNING: f32 = 70.0;
    pub const CREATOR_BEGINNING: f32 = 60.0;
    pub const TAG_BEGINNING: f32 = 56.0;
    pub const DESCRIPTION: f32 = 36.0;
    /// With one letter wrong, and with two.
    pub const NAME_TYPO: [f32; 2] = [50.0, 30.0];
    pub const CREATOR_TYPO: [f32; 2] = [44.0, 26.0];
    pub const TAG_TYPO: [f32; 2] = [40.0, 22.0];
    /// As the beginning of a longer word, with one letter wrong, and with two.
    pub const NAME_BEGINNING_TYPO: [f32; 2] = [28.0, 14.0];
    pub const CREATOR_BEGINNING_TYPO: [f32; 2] = [24.0, 12.0];
    /// All words one after the other in the name, beside what they are worth themselves.
    pub const TOGETHER: f32 = 60.0;
    /// A common word in the name.
    pub const COMMON: f32 = 2.0;
    /// A phrase, per word, where it was found.
    pub const PHRASE_IN_NAME: f32 = 110.0;
    pub const PHRASE_IN_DESCRIPTION: f32 = 40.0;
}

/// Letters from which on a word may have one wrong, and two.
const TYPO_FROM: [usize; 2] = [4, 8];

/// How a question is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    /// Words are as they were meant.
    Exact,
    /// Words may have letters wrong: when hardly anything was found otherwise.
    Forgiving,
}

/// What to ask the index.
pub(super) fn query(fields: &Fields, question: &Question, filters: &Filters, reading: Reading) -> Box<dyn Query> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let last = question.words.len().checked_sub(1).filter(|_| question.open_ended);
    for (place, word) in question.words.iter().enumerate() {
        let mut ways = of_word(fields, word, Some(place) == last, reading);
        if reading == Reading::Forgiving {
            ways.extend(joined(fields, &question.words, place));
        }
        clauses.push((Occur::Must, best_of(ways)));
    }
    for phrase in &question.phrases {
        clauses.push((Occur::Must, of_phrase(fields, phrase)));
    }
    if clauses.is_empty() {
        clauses.push((Occur::Must, worth(Box::new(AllQuery), 0.0)));
    }
    if let [_, _, ..] = question.words[..] {
        let together = question.words.iter().map(|word| Term::from_field_text(fields.name_stems, &stem(word)));
        clauses.push((Occur::Should, worth(Box::new(PhraseQuery::new(together.collect())), worth::TOGETHER)));
    }
    for word in &question.common {
        clauses.push((Occur::Should, worth(term(fields.name, word), worth::COMMON)));
    }
    for without in &question.without {
        clauses.push((Occur::MustNot, anywhere(fields, without)));
    }
    clauses.extend(filter(fields, question, filters).into_iter().map(|query| (Occur::Must, worth(query, 0.0))));
    Box::new(BooleanQuery::new(clauses))
}

/// The products whose name, or whose creator's name, has words that begin like this.
pub(super) fn suggestions(fields: &Fields, question: &Question, reading: Reading) -> Box<dyn Query> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let words: Vec<&String> = question.words.iter().chain(question.phrases.iter().flatten()).collect();
    for (place, word) in words.iter().enumerate() {
        let mut ways = in_words(fields.name, word, worth::NAME, worth::NAME_TYPO, reading);
        if place + 1 == words.len() {
            let (beginning, typo) = (worth::NAME_BEGINNING, worth::NAME_BEGINNING_TYPO);
            ways.extend(beginnings(fields.name, word, beginning, typo, reading));
        }
        clauses.push((Occur::Must, best_of(ways)));
    }
    if clauses.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::new(clauses)) }
}

fn of_word(fields: &Fields, word: &str, may_go_on: bool, reading: Reading) -> Vec<Box<dyn Query>> {
    let stem = stem(word);
    let mut ways = in_words(fields.name, word, worth::NAME, worth::NAME_TYPO, reading);
    ways.extend(in_words(fields.tag_words, word, worth::TAG, worth::TAG_TYPO, reading));
    ways.extend(in_words(fields.creator_words, word, worth::CREATOR, worth::CREATOR_TYPO, reading));
    ways.push(worth(term(fields.name_stems, &stem), worth::NAME_STEM));
    ways.push(worth(term(fields.description_stems, &stem), worth::DESCRIPTION));
    if may_go_on {
        let (name, creator) = (worth::NAME_BEGINNING_TYPO, worth::CREATOR_BEGINNING_TYPO);
        ways.extend(beginnings(fields.name, word, worth::NAME_BEGINNING, name, reading));
        ways.extend(beginnings(fields.creator_words, word, worth::CREATOR_BEGINNING, creator, reading));
        let tag = beginnings(fields.tag_words, word, worth::TAG_BEGINNING, [0.0; 2], Reading::Exact);
        ways.extend(tag);
    }
    ways
}

/// A word and its neighbour on either side as one: `tea pot` is `teapot`.
fn joined(fields: &Fields, words: &[String], place: usize) -> Vec<Box<dyn Query>> {
    let from = place.saturating_sub(1);
    let pairs = words[from..words.len().min(place + 2)].windows(2);
    pairs.map(|pair| worth(term(fields.name, &pair.concat()), worth::NAME_TYPO[0])).collect()
}

/// A word as it is, and with as many letters wrong as its length and the reading allow.
fn in_words(field: Field, word: &str, exact: f32, typo: [f32; 2], reading: Reading) -> Vec<Box<dyn Query>> {
    let mut ways = vec![worth(term(field, word), exact)];
    for (wrong, value) in typos(word, typo, reading) {
        let query = FuzzyTermQuery::new(Term::from_field_text(field, word), wrong, true);
        ways.push(worth(Box::new(query), value));
    }
    ways
}

/// The same for words that begin so.
fn beginnings(field: Field, word: &str, exact: f32, typo: [f32; 2], reading: Reading) -> Vec<Box<dyn Query>> {
    let beginning = |wrong| Box::new(FuzzyTermQuery::new_prefix(Term::from_field_text(field, word), wrong, true));
    let mut ways = vec![worth(beginning(0), exact)];
    ways.extend(typos(word, typo, reading).into_iter().map(|(wrong, value)| worth(beginning(wrong), value)));
    ways
}

fn typos(word: &str, values: [f32; 2], reading: Reading) -> Vec<(u8, f32)> {
    let allowed = if reading == Reading::Forgiving { letters_wrong(word) } else { 0 };
    (1..).zip(values).take(allowed).collect()
}

/// How many letters of a word may be wrong.
pub(super) fn letters_wrong(word: &str) -> usize {
    let letters = word.chars().count();
    TYPO_FROM.iter().filter(|from| letters >= **from).count()
}

fn of_phrase(fields: &Fields, phrase: &[String]) -> Box<dyn Query> {
    let stems: Vec<String> = phrase.iter().map(|word| stem(word)).collect();
    let length = phrase.len() as f32;
    let of = |field, words: &[String]| -> Box<dyn Query> {
        Box::new(PhraseQuery::new(words.iter().map(|word| Term::from_field_text(field, word)).collect()))
    };
    best_of(vec![
        worth(of(fields.name, phrase), worth::PHRASE_IN_NAME * length),
        worth(of(fields.tag_words, phrase), worth::TAG * length),
        worth(of(fields.creator_words, phrase), worth::CREATOR * length),
        worth(of(fields.description_stems, &stems), worth::PHRASE_IN_DESCRIPTION * length),
    ])
}

/// A word, or words one after the other, in any text of a product.
fn anywhere(fields: &Fields, found: &[String]) -> Box<dyn Query> {
    match found {
        [word] => {
            let stem = stem(word);
            best_of(vec![
                term(fields.name_stems, &stem),
                term(fields.description_stems, &stem),
                term(fields.tag_words, word),
                term(fields.creator_words, word),
            ])
        }
        phrase => of_phrase(fields, phrase),
    }
}

fn filter(fields: &Fields, question: &Question, filters: &Filters) -> Vec<Box<dyn Query>> {
    let mut clauses: Vec<Box<dyn Query>> = Vec::new();
    for tag in question.tags.iter().chain(&filters.tag) {
        clauses.push(term(fields.tag, &tag.to_lowercase()));
    }
    clauses.extend(filters.creator.map(|creator| term(fields.creator, &creator.to_string())));
    for creator in &question.creators {
        clauses.push(match creator.parse::<AccountId>() {
            Ok(id) => term(fields.creator, &id.to_string()),
            Err(_) => {
                let words = words(creator).into_iter().map(|word| term(fields.creator_words, &word.text));
                Box::new(BooleanQuery::intersection(words.collect()))
            }
        });
    }
    let of_status = |status: Status| -> Box<dyn Query> {
        Box::new(TermQuery::new(Term::from_field_u64(fields.status, status as u64), IndexRecordOption::Basic))
    };
    clauses.extend(filters.status.map(of_status));
    match filters.in_stock {
        Some(true) => clauses.push(of_status(Status::Live)),
        Some(false) => {
            let others = Status::ALL.into_iter().filter(|status| *status != Status::Live).map(of_status);
            clauses.push(Box::new(BooleanQuery::union(others.collect())));
        }
        None => {}
    }
    if filters.price_min.is_some() || filters.price_max.is_some() {
        let bound = |amount: Option<u64>| match amount {
            Some(amount) => Bound::Included(Term::from_field_u64(fields.price, amount)),
            None => Bound::Unbounded,
        };
        clauses.push(Box::new(RangeQuery::new(bound(filters.price_min), bound(filters.price_max))));
    }
    clauses
}

fn term(field: Field, text: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

fn worth(query: Box<dyn Query>, value: f32) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, value))
}

fn best_of(ways: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    Box::new(DisjunctionMaxQuery::new(ways))
}
