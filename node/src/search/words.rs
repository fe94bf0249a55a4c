//! What counts as a word: the same for names that are indexed, questions that are asked and texts that are marked.
//!
//! Words are runs of letters and digits, in lower case and without accents. An apostrophe inside a word is no letter
//! (`Levi's` is `levis`). A word with a hyphen is its parts, and in the index also the whole (`t-shirt` is `t`, `shirt`
//! and `tshirt`), so that it is found however it is written.

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer,
};

/// Longer words are cut out of texts: nobody types them.
const WORD_MAX: usize = 64;

/// Words that are in every other text: a question is not about them while it has others.
const COMMON: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];

pub(super) fn is_common(word: &str) -> bool {
    COMMON.contains(&word)
}

/// Words as they are written.
pub(super) fn plain() -> TextAnalyzer {
    analyzer(Cutter { whole: true })
}

/// Words by their English stems.
pub(super) fn stemmed() -> TextAnalyzer {
    stemming(Cutter { whole: true })
}

fn stemming(cutter: Cutter) -> TextAnalyzer {
    let cut = TextAnalyzer::builder(cutter).filter(RemoveLongFilter::limit(WORD_MAX));
    cut.filter(LowerCaser).filter(AsciiFoldingFilter).filter(Stemmer::new(Language::English)).build()
}

fn analyzer(cutter: Cutter) -> TextAnalyzer {
    let cut = TextAnalyzer::builder(cutter).filter(RemoveLongFilter::limit(WORD_MAX));
    cut.filter(LowerCaser).filter(AsciiFoldingFilter).build()
}

/// A word and where it stands in its text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    pub from: usize,
    pub to: usize,
}

/// The words of a text, in order, without the wholes of those with hyphens.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut analyzer = analyzer(Cutter { whole: false });
    analyzer.token_stream(text).process(&mut |token| {
        found.push(Word { text: token.text.clone(), from: token.offset_from, to: token.offset_to });
    });
    found
}

/// The same with the stem of each.
pub(super) fn words_and_stems(text: &str) -> Vec<(Word, String)> {
    let mut stems = Vec::new();
    let mut analyzer = stemming(Cutter { whole: false });
    analyzer.token_stream(text).process(&mut |token| stems.push(token.text.clone()));
    words(text).into_iter().zip(stems).collect()
}

/// The stem of a word that was cut out already.
pub(super) fn stem(word: &str) -> String {
    let mut stem = word.to_owned();
    stemmed().token_stream(word).process(&mut |token| stem.clone_from(&token.text));
    stem
}

/// Cuts words out of a text.
#[derive(Clone)]
pub(super) struct Cutter {
    /// Whether words with hyphens are given whole too, at the place of their first part.
    whole: bool,
}

pub(super) struct Cut {
    tokens: std::vec::IntoIter<Token>,
    current: Token,
}

impl Tokenizer for Cutter {
    type TokenStream<'a> = Cut;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Cut {
        Cut { tokens: cut(text, self.whole).into_iter(), current: Token::default() }
    }
}

impl TokenStream for Cut {
    fn advance(&mut self) -> bool {
        let next = self.tokens.next();
        let more = next.is_some();
        self.current = next.unwrap_or_default();
        more
    }

    fn token(&self) -> &Token {
        &self.current
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.current
    }
}

fn cut(text: &str, whole: bool) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut letters = text.char_indices().peekable();
    // Where the run of words that hyphens join begins, among the tokens.
    let mut joined = 0;
    let mut position = 0;
    while let Some((from, letter)) = letters.next() {
        if !letter.is_alphanumeric() {
            continue;
        }
        let mut token = Token { offset_from: from, position, ..Token::default() };
        token.text.push(letter);
        token.offset_to = from + letter.len_utf8();
        while let Some((at, letter)) = letters.peek().copied() {
            let mut ahead = letters.clone();
            ahead.next();
            let inside = ahead.peek().is_some_and(|(_, next)| next.is_alphanumeric());
            if letter.is_alphanumeric() {
                token.text.push(letter);
                token.offset_to = at + letter.len_utf8();
            } else if !(matches!(letter, '\'' | '\u{2019}') && inside) {
                break;
            }
            letters.next();
        }
        let end = token.offset_to;
        tokens.push(token);
        position += 1;
        let mut ahead = letters.clone();
        let hyphen = ahead.next().is_some_and(|(at, letter)| at == end && letter == '-');
        if hyphen && ahead.peek().is_some_and(|(_, next)| next.is_alphanumeric()) {
            continue;
        }
        if whole && tokens.len() - joined > 1 {
            let parts = &tokens[joined..];
            let text = parts.iter().map(|part| part.text.as_str()).collect();
            let (first, last) = (&parts[0], &parts[parts.len() - 1]);
            let together = Token {
                text,
                offset_from: first.offset_from,
                offset_to: last.offset_to,
                position: first.position,
                ..Token::default()
            };
            tokens.insert(joined + 1, together);
        }
        joined = tokens.len();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_lower_case_without_accents_and_apostrophes() {
        assert_eq!(texts("Levi's CAFÉ, Zürich 2026!"), ["levis", "cafe", "zurich", "2026"]);
        assert_eq!(texts("'quoted' -- it\u{2019}s"), ["quoted", "its"]);
        assert!(texts(" …, ").is_empty());
    }

    #[test]
    fn a_word_with_a_hyphen_is_indexed_in_parts_and_whole() {
        let mut indexed = Vec::new();
        plain().token_stream("Oversize T-Shirt-Dress, red").process(&mut |token| {
            indexed.push((token.text.clone(), token.position));
        });
        let expected = [("oversize", 0), ("t", 1), ("tshirtdress", 1), ("shirt", 2), ("dress", 3), ("red", 4)];
        assert_eq!(indexed, expected.map(|(text, position)| (text.to_owned(), position)));
        assert_eq!(texts("T-Shirt"), ["t", "shirt"]);
    }

    #[test]
    fn places_are_those_of_the_text_as_it_was_written() {
        let text = "A Café’s cup";
        let placed: Vec<_> = words(text).iter().map(|word| &text[word.from..word.to]).collect();
        assert_eq!(placed, ["A", "Café’s", "cup"]);
    }

    #[test]
    fn plurals_and_singulars_have_one_stem() {
        for (one, other) in [("posters", "poster"), ("hoodies", "hoodie"), ("running", "runs")] {
            assert_eq!(stem(one), stem(other));
        }
    }
}
