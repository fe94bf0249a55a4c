//! What people type, understood. Nothing that is typed is a mistake: what means nothing special is words.
//!
//! ```text
//! red hoodie        both words, the last one also as the beginning of a word
//! "red hoodie"      one after the other
//! -vintage          not this word; -"…" not this phrase
//! tag:streetwear    with this tag; tag:"limited edition"
//! creator:usr_…     of this creator, by id or by a word of the name
//! ```

use super::words::{is_common, words};

/// The longest question, in bytes, and the most words and phrases: what comes after them is not looked for.
pub const BYTES_MAX: usize = 256;
const PARTS_MAX: usize = 16;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Question {
    /// All of them must be there.
    pub words: Vec<String>,
    /// The last word may go on: nothing was typed after it.
    pub open_ended: bool,
    /// Words too common to be asked for while there are others; where they are, it is a better answer.
    pub common: Vec<String>,
    pub phrases: Vec<Vec<String>>,
    /// None of them may be there; of several words, not one after the other.
    pub without: Vec<Vec<String>>,
    /// In lower case.
    pub tags: Vec<String>,
    /// Ids, or words of names.
    pub creators: Vec<String>,
}

impl Question {
    pub fn read(text: &str) -> Self {
        let mut end = text.len().min(BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut question = Question::default();
        let mut parts = 0;
        let mut rest = text[..end].trim_start();
        while !rest.is_empty() && parts < PARTS_MAX {
            let (part, after) = Part::next(rest);
            rest = after.trim_start();
            parts += question.take(part, PARTS_MAX - parts);
        }
        // Whoever has typed a space is done with the word.
        question.open_ended &= !text[..end].ends_with(char::is_whitespace);
        question.set_common_aside();
        question
    }

    /// Whether there is something to look for, beside filters.
    pub fn is_about_something(&self) -> bool {
        !self.words.is_empty() || !self.phrases.is_empty()
    }

    /// How many words and phrases were taken.
    fn take(&mut self, part: Part, room: usize) -> usize {
        let found = || words(part.text).into_iter().map(|word| word.text).take(room).collect::<Vec<_>>();
        self.open_ended = false;
        match part.kind {
            Kind::Without => {
                let found = found();
                let count = found.len();
                self.without.extend(Some(found).filter(|found| !found.is_empty()));
                count
            }
            Kind::Tag => {
                self.tags.push(part.text.to_lowercase());
                1
            }
            Kind::Creator => {
                self.creators.push(part.text.to_owned());
                1
            }
            Kind::Words if part.quoted => {
                let found = found();
                let count = found.len();
                match count {
                    0 => {}
                    1 => self.words.extend(found),
                    _ => self.phrases.push(found),
                }
                count
            }
            Kind::Words => {
                let found = found();
                self.open_ended = !found.is_empty();
                let count = found.len();
                self.words.extend(found);
                count
            }
        }
    }

    fn set_common_aside(&mut self) {
        if self.words.iter().all(|word| is_common(word)) && self.phrases.is_empty() {
            return;
        }
        let last = self.words.len().checked_sub(1).filter(|_| self.open_ended);
        let words = std::mem::take(&mut self.words);
        for (place, word) in words.into_iter().enumerate() {
            let is_set_aside = is_common(&word) && Some(place) != last;
            let to = if is_set_aside { &mut self.common } else { &mut self.words };
            to.push(word);
        }
    }
}

enum Kind {
    Words,
    Without,
    Tag,
    Creator,
}

struct Part<'a> {
    kind: Kind,
    text: &'a str,
    quoted: bool,
}

impl<'a> Part<'a> {
    /// The first part of a text that begins with no space, and what comes after it.
    fn next(text: &'a str) -> (Self, &'a str) {
        let (kind, rest) = match text {
            _ if text.starts_with('-') => (Kind::Without, &text[1..]),
            _ if begins(text, "tag:") => (Kind::Tag, &text[4..]),
            _ if begins(text, "creator:") => (Kind::Creator, &text[8..]),
            _ => (Kind::Words, text),
        };
        let means_something = rest.chars().next().is_some_and(|first| !first.is_whitespace());
        let (kind, rest) = if means_something { (kind, rest) } else { (Kind::Words, text) };
        // A quotation mark that is never closed is one until the end.
        if let Some(quoted) = rest.strip_prefix('"') {
            let (inner, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            return (Part { kind, text: inner, quoted: true }, after);
        }
        let end = rest.find(|letter: char| letter.is_whitespace() || letter == '"').unwrap_or(rest.len());
        (Part { kind, text: &rest[..end], quoted: false }, &rest[end..])
    }
}

fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn every_part_of_the_language_is_understood() {
        let question = Question::read(r#"Red "winter coat" -wool -"made in" tag:Street creator:usr_1 hood"#);
        let expected = Question {
            words: owned(&["red", "hood"]),
            open_ended: true,
            common: vec![],
            phrases: vec![owned(&["winter", "coat"])],
            without: vec![owned(&["wool"]), owned(&["made", "in"])],
            tags: owned(&["street"]),
            creators: owned(&["usr_1"]),
        };
        assert_eq!(question, expected);
    }

    #[test]
    fn what_means_nothing_special_is_words() {
        for text in ["-", "\"", "tag:", "::", "AND OR (", "a\u{0}b", "creator:", "- -", "\"\""] {
            let question = Question::read(text);
            assert!(question.without.is_empty() && question.tags.is_empty() && question.creators.is_empty(), "{text}");
        }
        assert_eq!(Question::read("\"never closed").phrases, [owned(&["never", "closed"])]);
    }

    #[test]
    fn common_words_are_set_aside_while_there_are_others() {
        let question = Question::read("the night of the hunter");
        assert_eq!((question.words, question.common), (owned(&["night", "hunter"]), owned(&["the", "of", "the"])));
        assert_eq!(Question::read("the the").words, owned(&["the", "the"]));
        // It may be the beginning of a longer word.
        assert_eq!(Question::read("poster the").words, owned(&["poster", "the"]));
    }

    #[test]
    fn the_last_word_may_go_on_until_a_space_is_typed() {
        for (text, goes_on) in
            [("red ho", true), ("red ho ", false), ("\"red ho\"", false), ("red -ho", false), ("", false)]
        {
            assert_eq!(Question::read(text).open_ended, goes_on, "{text:?}");
        }
    }

    #[test]
    fn a_question_has_an_end() {
        assert_eq!(Question::read(&"word ".repeat(1_000)).words.len(), PARTS_MAX);
        assert_eq!(Question::read(&format!("\"{}\"", "a b ".repeat(50))).phrases[0].len(), PARTS_MAX);
    }

    proptest! {
        #[test]
        fn any_text_is_a_question(text in ".{0,300}") {
            let question = Question::read(&text);
            let phrases = question.phrases.iter().chain(&question.without).map(Vec::len).sum::<usize>();
            prop_assert!(question.words.len() + question.common.len() + phrases <= PARTS_MAX);
        }
    }
}
