//! `[log]`: what the server says about itself, on standard error.

use serde::Serialize;

use crate::kind::{OneOf, Text};
use crate::reader::section;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

section! {
    /// What the server says about itself, on standard error.
    Log = "log", own {
        /// "text" for people, "json" for one object a line.
        format: LogFormat = LogFormat::Text, OneOf(&[("text", LogFormat::Text), ("json", LogFormat::Json)]);
        /// What is said: a level (error, warn, info, debug, trace), or levels by module, for example
        /// "info,openraft=warn".
        filter: String = "info,openraft=warn".to_owned(),
            Text { allowed: "a level or a list of module=level", rule: |text| !text.trim().is_empty() };
    }
}
