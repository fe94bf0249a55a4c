//! What is asked: one of each kind in turn, the same in every run.

use livedrop_proto::rest::search::{SearchProducts, SearchSort};

use super::assortment::{QUALITIES, STUFFS, TAGS, THINGS, pick, scatter};
use crate::{Client, Error};

/// Kinds of questions, in the order in which they come.
const KINDS: [&str; 10] =
    ["word", "two words", "prefix", "typo", "two words", "tag", "phrase", "browse", "cheapest", "suggest"];

/// One question.
pub struct Question {
    kind: &'static str,
    wanted: SearchProducts,
}

impl Question {
    pub fn number(number: usize) -> Self {
        let kind = KINDS[number % KINDS.len()];
        let random = |what: u64| scatter((number as u64).wrapping_mul(17).wrapping_add(what));
        let (quality, stuff, thing) = (pick(&QUALITIES, random(0)), pick(&STUFFS, random(1)), pick(&THINGS, random(2)));
        let mut wanted = SearchProducts::default();
        match kind {
            "word" => wanted.q = Some(thing.to_lowercase()),
            "two words" => wanted.q = Some(format!("{stuff} {thing}").to_lowercase()),
            "prefix" => wanted.q = Some(format!("{quality} {}", &thing[..2])),
            "typo" => wanted.q = Some(format!("{quality} {}", mistyped(stuff))),
            "tag" => wanted.tag = Some(pick(&TAGS, random(3)).to_owned()),
            "phrase" => wanted.q = Some(format!("\"{quality} {thing}\"")),
            "cheapest" => (wanted.q, wanted.sort) = (Some(thing.to_owned()), Some(SearchSort::Price)),
            "suggest" => wanted.q = Some(quality[..3].to_owned()),
            _ => {}
        }
        Question { kind, wanted }
    }

    pub fn kind(&self) -> &'static str {
        self.kind
    }

    pub async fn ask(&self, client: &Client) -> Result<(), Error> {
        match (self.kind, &self.wanted.q) {
            ("suggest", Some(typed)) => client.suggest(typed).await.map(|_| ()),
            _ => client.search(&self.wanted).await.map(|_| ()),
        }
    }
}

/// A word with its second and third letter swapped.
fn mistyped(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.swap(1, 2);
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_question_asks_for_something_of_its_own() {
        for number in 0..KINDS.len() {
            let Question { kind, wanted } = Question::number(number);
            assert_eq!(wanted == SearchProducts::default(), kind == "browse", "{kind}");
        }
        assert_eq!(mistyped("Leather"), "Laether");
    }
}
