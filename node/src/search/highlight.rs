//! Marks in a text what was asked for. What comes out is safe to put into a page: all of it is escaped, and the only
//! tag is `<mark>`.

use super::question::Question;
use super::words::{Word, is_common, stem, words_and_stems};

/// About how much of a long text is shown around the first place where something was found, in bytes.
const EXCERPT: usize = 160;
/// What comes after so much of a text is not looked at, in bytes.
const LOOKED_AT: usize = 4_096;
/// How much of it before that place.
const BEFORE: usize = 48;

/// What to mark.
#[derive(Debug, Clone)]
pub struct Highlighter {
    words: Vec<Wanted>,
}

#[derive(Debug, Clone)]
struct Wanted {
    word: Vec<char>,
    stem: String,
    may_go_on: bool,
    letters_wrong: usize,
}

impl Highlighter {
    pub(super) fn of(question: &Question, forgiving: bool) -> Self {
        let last = question.words.len().checked_sub(1).filter(|_| question.open_ended);
        let wanted = |word: &String, may_go_on, typos: bool| Wanted {
            word: word.chars().collect(),
            stem: stem(word),
            may_go_on,
            letters_wrong: if typos { super::query::letters_wrong(word) } else { 0 },
        };
        let single = question.words.iter().enumerate();
        let single = single.map(|(place, word)| wanted(word, Some(place) == last, forgiving));
        let phrases = question.phrases.iter().flatten().filter(|word| !is_common(word));
        Highlighter { words: single.chain(phrases.map(|word| wanted(word, false, false))).collect() }
    }

    /// The whole text with what was asked for in `<mark>`; none when nothing of it is there.
    pub fn mark(&self, text: &str) -> Option<String> {
        let found = self.found(text);
        (!found.is_empty()).then(|| marked(text, 0, text.len(), &found))
    }

    /// The same for a part of a long text.
    pub fn excerpt(&self, text: &str) -> Option<String> {
        let found = self.found(&text[..near(text, LOOKED_AT)]);
        let first = found.first()?;
        let (from, to) = window(text, first);
        let mut excerpt = marked(text, from, to, &found);
        if from > 0 {
            excerpt.insert(0, '…');
        }
        if to < text.len() {
            excerpt.push('…');
        }
        Some(excerpt)
    }

    fn found(&self, text: &str) -> Vec<Word> {
        if self.words.is_empty() {
            return Vec::new();
        }
        let is_wanted = |word: &Word, stem: &str| self.words.iter().any(|wanted| wanted.is(&word.text, stem));
        let found = words_and_stems(text).into_iter().filter(|(word, stem)| is_wanted(word, stem));
        found.map(|(word, _)| word).collect()
    }
}

impl Wanted {
    fn is(&self, found: &str, stem: &str) -> bool {
        if stem == self.stem {
            return true;
        }
        if !self.may_go_on && self.letters_wrong == 0 {
            return false;
        }
        let letters: Vec<char> = found.chars().collect();
        let beginning = &letters[..self.word.len().min(letters.len())];
        let is_near = |letters: &[char]| differs_by_at_most(&self.word, letters, self.letters_wrong);
        self.may_go_on && is_near(beginning) || self.letters_wrong > 0 && is_near(&letters)
    }
}

/// Whether so many letters added, left out, changed or swapped with their neighbour at most make one word of another.
fn differs_by_at_most(one: &[char], other: &[char], most: usize) -> bool {
    if one.len().abs_diff(other.len()) > most {
        return false;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, against) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != against);
            let mut best = changed.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && one[row - 1] == *against && *letter == other[column - 1] {
                best = best.min(before[column - 1] + 1);
            }
            next.push(best);
        }
        (before, last) = (last, next);
    }
    last[other.len()] <= most
}

/// The last place up to `place` where a letter begins.
fn near(text: &str, place: usize) -> usize {
    (0..=place.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Where an excerpt begins and ends: between words, around what was found.
fn window(text: &str, found: &Word) -> (usize, usize) {
    let is_gap = |letter: char| letter.is_whitespace();
    let mut from = near(text, found.from.saturating_sub(BEFORE));
    if from > 0 {
        let gap = text[from..found.from].find(is_gap);
        from = gap.map_or(found.from, |gap| from + gap);
        from = found.from - text[from..found.from].trim_start().len();
    }
    let mut to = near(text, from + EXCERPT).max(found.to);
    if to < text.len() {
        to = found.to + text[found.to..to].rfind(is_gap).unwrap_or(to - found.to);
    }
    (from, to)
}

fn marked(text: &str, from: usize, to: usize, found: &[Word]) -> String {
    let mut out = String::with_capacity(to - from + 16);
    let mut at = from;
    for word in found.iter().filter(|word| from <= word.from && word.to <= to) {
        escape(&text[at..word.from], &mut out);
        out.push_str("<mark>");
        escape(&text[word.from..word.to], &mut out);
        out.push_str("</mark>");
        at = word.to;
    }
    escape(&text[at..to], &mut out);
    out
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(question: &str, forgiving: bool) -> Highlighter {
        Highlighter::of(&Question::read(question), forgiving)
    }

    #[test]
    fn what_was_asked_for_is_marked_whatever_its_form() {
        let marked = |question, text| of(question, false).mark(text);
        assert_eq!(marked("hoodies ", "Black Hoodie").as_deref(), Some("Black <mark>Hoodie</mark>"));
        assert_eq!(marked("blac", "Black Hoodie").as_deref(), Some("<mark>Black</mark> Hoodie"));
        assert_eq!(
            marked("\"black hoodie\"", "Black Hoodie").as_deref(),
            Some("<mark>Black</mark> <mark>Hoodie</mark>")
        );
        assert_eq!(marked("red", "Black Hoodie"), None);
        assert_eq!(of("hodie", true).mark("Black Hoodie").as_deref(), Some("Black <mark>Hoodie</mark>"));
    }

    #[test]
    fn a_text_cannot_bring_tags_of_its_own() {
        let text = "<script>alert('x')</script> & <mark>poster</mark>";
        let expected =
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &lt;mark&gt;<mark>poster</mark>&lt;/mark&gt;";
        assert_eq!(of("poster", false).mark(text).as_deref(), Some(expected));
    }

    #[test]
    fn an_excerpt_is_cut_between_words_around_what_was_found() {
        let text = format!("{}the signed poster is here {}", "before ".repeat(20), "after ".repeat(40));
        let excerpt = of("signed", false).excerpt(&text).expect("it is there");
        assert!(excerpt.starts_with("…before") && excerpt.ends_with("after…"), "{excerpt}");
        assert!(excerpt.contains("the <mark>signed</mark> poster") && excerpt.len() < 200, "{excerpt}");
    }

    #[test]
    fn letters_wrong_are_counted() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        for (one, other, wrong) in
            [("hoodie", "hodie", 1), ("hoodie", "hodoie", 1), ("poster", "pstr", 2), ("a", "b", 1)]
        {
            let (one, other) = (letters(one), letters(other));
            assert!(differs_by_at_most(&one, &other, wrong) && !differs_by_at_most(&one, &other, wrong - 1));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_marked_safely(question in ".{0,40}", text in ".{0,400}") {
            for marked in [of(&question, true).mark(&text), of(&question, true).excerpt(&text)].into_iter().flatten() {
                let without = marked.replace("<mark>", "").replace("</mark>", "");
                prop_assert!(!without.contains(['<', '>', '"', '\'']), "{}", marked);
            }
        }
    }
}
