//! Checkers: one property, one file. Each reads a whole history and says whether it holds, is broken (with examples),
//! or is unproven because the history does not show enough. Unproven fails a run just as broken does: a checker that
//! had nothing to look at has proved nothing.

pub mod charged_once;
pub mod conservation;
pub mod event_order;
pub mod in_turn;
pub mod no_lost_order;
pub mod no_oversell;
pub mod one_outcome_per_key;
pub mod plateau;
pub mod replica_hash;

#[cfg(test)]
pub(crate) mod sample;

use std::fmt;

use anyhow::{Result, bail};

use crate::history::History;

/// What a checker found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The property holds for the `examined` things that it is about.
    Holds { examined: usize },
    /// It does not; each line says where.
    Broken { violations: Vec<String> },
    /// The history is too thin to tell.
    Unproven { why: String },
}

impl Verdict {
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds { .. })
    }

    /// Judges by the violations found among `examined` things; nothing examined is unproven.
    pub fn from_violations(violations: Vec<String>, examined: usize, of_what: &str) -> Self {
        if !violations.is_empty() {
            Self::Broken { violations }
        } else if examined == 0 {
            Self::Unproven { why: format!("the history holds no {of_what}") }
        } else {
            Self::Holds { examined }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds { examined } => write!(f, "holds ({examined} examined)"),
            Self::Unproven { why } => write!(f, "UNPROVEN: {why}"),
            Self::Broken { violations } => {
                writeln!(f, "BROKEN in {} places:", violations.len())?;
                violations.iter().take(10).try_for_each(|line| writeln!(f, "    {line}"))
            }
        }
    }
}

/// A checker by its name.
pub type Checker = (&'static str, fn(&History) -> Verdict);

/// Every property of a sale.
pub const ALL: [Checker; 5] = [
    ("no oversell", no_oversell::check),
    ("one outcome per key", one_outcome_per_key::check),
    ("no lost order", no_lost_order::check),
    ("conservation", conservation::check),
    ("replica hash", replica_hash::check),
];

/// Runs the checkers and gives a line for each; fails unless all of them hold.
pub fn require(checkers: &[Checker], history: &History) -> Result<Vec<String>> {
    let verdicts: Vec<_> = checkers.iter().map(|(name, check)| (name, check(history))).collect();
    let lines: Vec<String> = verdicts.iter().map(|(name, verdict)| format!("{name}: {verdict}")).collect();
    if !verdicts.iter().all(|(_, verdict)| matches!(verdict, Verdict::Holds { .. })) {
        bail!("the history breaks what was promised:\n  {}", lines.join("\n  "));
    }
    Ok(lines)
}
