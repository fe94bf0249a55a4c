//! The sources of a configuration, laid over each other: file < environment < flags.
//!
//! Afterwards there is at most one value for each path, and it knows where it came from.

use std::collections::BTreeMap;

use crate::error::{Mistake, Origin};

/// The beginning of every environment variable of the server's configuration.
pub(crate) const ENVIRONMENT_PREFIX: &str = "LIVEDROP_";

/// One value as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// A value of the file, which already has a type.
    Toml(toml::Value),
    /// The text of an environment variable or a flag.
    Text(String),
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub written: Written,
    pub origin: Origin,
}

/// What the command line adds: values for options, the strongest of all sources.
///
/// `Flags::default().set("--node-id", "node.id", "2")`
#[derive(Clone, Debug, Default)]
pub struct Flags(Vec<Flag>);

#[derive(Clone, Debug)]
struct Flag {
    name: String,
    path: String,
    value: String,
}

impl Flags {
    /// Sets the option at `path` (`section.key`) to `value`, written as in an environment variable.
    /// `name` is what the person typed, for the message if it is a mistake. The last of several wins.
    #[must_use]
    pub fn set(mut self, name: &str, path: &str, value: impl Into<String>) -> Self {
        self.0.push(Flag { name: name.to_owned(), path: path.to_owned(), value: value.into() });
        self
    }
}

/// The values that somebody gave, by path.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    values: BTreeMap<String, Given>,
    /// Mistakes that have no option: a section that is a number, a file that is no TOML.
    pub mistakes: Vec<Mistake>,
    /// Variables that begin like ours but name no section and key; see `misnamed`.
    strangers: Vec<String>,
}

impl Layers {
    /// Adds what the file says. `name` is its name in messages.
    pub fn add_file(&mut self, name: &str, text: &str) {
        let origin = Origin::File(name.to_owned());
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let place = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
                self.mistakes.push(Mistake {
                    path: format!("line {place}"),
                    origin,
                    problem: format!("this is not TOML: {}", error.message()),
                    advice: "Mend the file; nothing after this line was read.".to_owned(),
                });
                return;
            }
        };
        for (section, content) in table {
            let toml::Value::Table(options) = content else {
                self.mistakes.push(Mistake {
                    path: section.clone(),
                    origin: origin.clone(),
                    problem: "this stands outside of every section".to_owned(),
                    advice: "Put it under its section, for example [node] or [http].".to_owned(),
                });
                continue;
            };
            self.add_section(&section, options, &origin);
        }
    }

    /// Adds the options of a section and of the sections within it, such as `[peer.tls]` within `[peer]`.
    fn add_section(&mut self, section: &str, options: toml::Table, origin: &Origin) {
        for (key, value) in options {
            let path = format!("{section}.{key}");
            match value {
                toml::Value::Table(within) => self.add_section(&path, within, origin),
                value => {
                    let given = Given { written: Written::Toml(value), origin: origin.clone() };
                    self.values.insert(path, given);
                }
            }
        }
    }

    /// Adds every variable that is named `LIVEDROP_SECTION__KEY`, or `LIVEDROP_SECTION__WITHIN__KEY`.
    ///
    /// Other variables that begin with `LIVEDROP_` are left alone: orchestrators make some by themselves
    /// (`LIVEDROP_SERVICE_HOST`), and they must not keep a node from starting.
    pub fn add_environment(&mut self, variables: impl Iterator<Item = (String, String)>) {
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else {
                continue;
            };
            let Some((section, key)) = rest.split_once("__") else {
                self.strangers.push(name);
                continue;
            };
            let path = format!("{section}.{}", key.replace("__", ".")).to_lowercase();
            let origin = Origin::Environment(name);
            self.values.insert(path, Given { written: Written::Text(value), origin });
        }
    }

    /// Adds what the command line says.
    pub fn add_flags(&mut self, flags: Flags) {
        for Flag { name, path, value } in flags.0 {
            let given = Given { written: Written::Text(value), origin: Origin::Flag(name) };
            self.values.insert(path, given);
        }
    }

    /// Takes the value at `path`, so that what is left at the end is what nobody asked for.
    pub fn take(&mut self, path: &str) -> Option<Given> {
        self.values.remove(path)
    }

    /// Reports what is left as unknown, and variables that lack one underscore of a known name.
    pub fn unknown(self, known: &[String]) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (path, given) in self.values {
            let advice = match nearest(&path, known) {
                Some(near) => format!("Did you mean {near}?"),
                None => "Remove it; config.defaults.toml lists every option.".to_owned(),
            };
            let problem = "there is no such option".to_owned();
            mistakes.push(Mistake { path, origin: given.origin, problem, advice });
        }
        for name in self.strangers {
            let meant = known.iter().find(|path| environment_name(path).replace("__", "_") == name);
            if let Some(path) = meant {
                mistakes.push(Mistake {
                    path: path.clone(),
                    problem: "a section and its key are joined by two underscores".to_owned(),
                    advice: format!("Write {}.", environment_name(path)),
                    origin: Origin::Environment(name),
                });
            }
        }
        mistakes
    }
}

/// The environment variable of an option: `raft.heartbeat_ms` → `LIVEDROP_RAFT__HEARTBEAT_MS`.
pub(crate) fn environment_name(path: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", path.replace('.', "__").to_uppercase())
}

/// The known path that needs the fewest edits, when it is close enough to be what was meant.
fn nearest<'a>(path: &str, known: &'a [String]) -> Option<&'a String> {
    let distances = known.iter().map(|candidate| (edits(path, candidate), candidate));
    let (distance, candidate) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= 3).then_some(candidate)
}

/// Counts the characters to insert, remove or replace to make one text the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, from_char) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (column, to_char) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from_char != *to_char);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}
