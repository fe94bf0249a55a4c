//! Reads options out of the layers. It collects every mistake instead of stopping at the first, and it
//! writes down what it was asked for: the list of all options is what was read, so it cannot be out of date.

use crate::error::{Mistake, Origin};
use crate::kind::Kind;
use crate::layers::{Given, Layers};

/// One option, as the list of all options shows it.
#[derive(Clone, Debug)]
pub(crate) struct Documented {
    pub section: &'static str,
    pub key: &'static str,
    /// The default as it is written in a file; for a required option an example.
    pub shown: String,
    pub required: bool,
    /// Unit and range, or what is allowed.
    pub allowed: String,
    /// What it does, one line of text each.
    pub effect: Vec<&'static str>,
}

/// A section, as the list of all options shows it.
#[derive(Clone, Debug)]
pub(crate) struct DocumentedSection {
    pub name: &'static str,
    pub about: Vec<&'static str>,
}

#[derive(Debug, Default)]
pub(crate) struct Reader {
    layers: Layers,
    mistakes: Vec<Mistake>,
    pub sections: Vec<DocumentedSection>,
    pub options: Vec<Documented>,
}

impl Reader {
    pub fn new(mut layers: Layers) -> Self {
        let mistakes = std::mem::take(&mut layers.mistakes);
        Self { layers, mistakes, ..Self::default() }
    }

    /// Begins a section; the options that follow belong to it.
    pub fn section(&mut self, name: &'static str, about: &[&'static str]) {
        self.sections.push(DocumentedSection { name, about: about.to_vec() });
    }

    /// Reads one option of the current section; the default when nobody gave it or what was given is a mistake.
    pub fn option<K: Kind>(
        &mut self,
        key: &'static str,
        default: K::Value,
        kind: &K,
        effect: &[&'static str],
    ) -> K::Value {
        let shown = kind.show(&default);
        self.given(key, kind, shown, false, effect).unwrap_or(default)
    }

    /// Reads one option that may be absent.
    pub fn given<K: Kind>(
        &mut self,
        key: &'static str,
        kind: &K,
        shown: String,
        required: bool,
        effect: &[&'static str],
    ) -> Option<K::Value> {
        let given = self.take(key, shown, required, kind.describe(), effect)?;
        match kind.read(&given.written) {
            Ok(value) => Some(value),
            Err(problem) => {
                let advice = kind.advice();
                self.mistake(Mistake { path: self.path(key), origin: given.origin, problem, advice });
                None
            }
        }
    }

    /// Writes an option into the list and takes what was given for it, unread.
    pub fn take(
        &mut self,
        key: &'static str,
        shown: String,
        required: bool,
        allowed: String,
        effect: &[&'static str],
    ) -> Option<Given> {
        let section = self.sections.last().expect("a section is begun before its options are read").name;
        self.options.push(Documented { section, key, shown, required, allowed, effect: effect.to_vec() });
        let path = self.path(key);
        self.layers.take(&path)
    }

    /// Reports an option that must be given and was not.
    pub fn missing(&mut self, key: &str, advice: &str) {
        let problem = "this must be given and is not".to_owned();
        self.mistake(Mistake { path: self.path(key), origin: Origin::Nowhere, problem, advice: advice.to_owned() });
    }

    /// How many mistakes were found so far.
    pub fn mistakes(&self) -> usize {
        self.mistakes.len()
    }

    pub fn mistake(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
    }

    pub fn path(&self, key: &str) -> String {
        let section = self.sections.last().expect("a section is begun before its options are read");
        format!("{}.{key}", section.name)
    }

    /// Everything that was wrong, with what was given and never asked for.
    pub fn finish(self) -> Vec<Mistake> {
        // A file that could not be read explains every missing option; saying each would bury the cause.
        let unreadable = self.mistakes.iter().any(|mistake| mistake.path.starts_with("line "));
        let mut mistakes = self.mistakes;
        if unreadable {
            mistakes.retain(|mistake| mistake.origin != Origin::Nowhere);
        }
        let known: Vec<String> =
            self.options.iter().map(|option| format!("{}.{}", option.section, option.key)).collect();
        mistakes.extend(self.layers.unknown(&known));
        mistakes
    }
}

/// Declares a section: a struct whose fields are read, checked, documented and given their default by one line
/// each, so that the documentation, the default and the code are the same text.
///
/// `own` is the name under which defaults may use this node's own entry of `cluster.members`. A section may hold
/// another one, which comes after all its options.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident = $section:literal, $own:ident {
        $($(#[doc = $effect:literal])+ $field:ident: $type:ty = $default:expr, $kind:expr;)+
        $(section $within:ident: $within_type:ty;)?
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name {
            $($(#[doc = $effect])+ pub $field: $type,)+
            $(pub $within: $within_type,)?
        }

        impl $name {
            pub(crate) fn read(reader: &mut crate::reader::Reader, $own: &crate::sections::cluster::Member) -> Self {
                let _ = $own;
                reader.section($section, &[$($about),+]);
                Self {
                    $($field: reader.option(stringify!($field), $default, &$kind, &[$($effect),+]),)+
                    $($within: <$within_type>::read(reader, $own),)?
                }
            }
        }
    };
}
pub(crate) use section;
