//! What is wrong with a configuration: every mistake at once, each with its path and what to do.

use std::fmt;

/// Where a value came from; said in every mistake, because four places may give one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file of this name.
    File(String),
    /// The environment variable of this name.
    Environment(String),
    /// The command-line flag of this name.
    Flag(String),
    /// Nobody gave it, or it follows from several values.
    Nowhere,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(name) => write!(f, " (in {name})"),
            Origin::Environment(name) => write!(f, " (from {name})"),
            Origin::Flag(name) => write!(f, " (from {name})"),
            Origin::Nowhere => Ok(()),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The option, `section.key`; for a list with its place, `cluster.members[2].peer`.
    pub path: String,
    /// Which of the sources gave the value.
    pub origin: Origin,
    /// What is wrong, as a clause without a full stop.
    pub problem: String,
    /// What to do about it, as a sentence.
    pub advice: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { path, origin, problem, advice } = self;
        write!(f, "{path}{origin}: {problem}. {advice}")
    }
}

/// All mistakes of one configuration, in the order of the options; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<Mistake>);

impl ConfigErrors {
    /// Whether all is well but for nobody having said which of the members this node is.
    pub fn lack_only_the_node(&self) -> bool {
        matches!(self.0.as_slice(), [Mistake { path, origin: Origin::Nowhere, .. }] if path == "node.id")
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "1 mistake in the configuration:")?,
            count => writeln!(f, "{count} mistakes in the configuration:")?,
        }
        for mistake in &self.0 {
            writeln!(f, "  {mistake}")?;
        }
        Ok(())
    }
}
