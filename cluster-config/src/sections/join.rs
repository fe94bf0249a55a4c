//! The part of `[cluster]` that is about nodes that come later: how this one joins, and what the leader does by itself.

use crate::kind::{Kind, Switch, Text, seconds};
use crate::layers::Written;
use crate::reader::Reader;
use crate::sections::cluster::is_host_port;

/// How this node comes into a running cluster, and how others do while it leads.
#[derive(Clone, Debug, PartialEq, Default)]
pub(crate) struct Join {
    pub peers: Vec<String>,
    pub token: String,
    pub auto_promote: bool,
    pub reap_dead_after_seconds: u64,
}

impl Join {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let token = Text {
            allowed: "a token of `livedropctl member add`: the node's id, a full stop and the secret; or nothing",
            rule: |text| text.is_empty() || invited_id(text).is_some(),
        };
        Self {
            peers: reader.option(
                "join",
                Vec::new(),
                &Addresses,
                &[
                    " The peer addresses of members of a running cluster that this node joins, instead of",
                    " beginning one: then id may be left out, and members must be. Its id comes with the token.",
                    " Of a node that has joined, the addresses in its data directory count.",
                ],
            ),
            token: reader.option(
                "join_token",
                String::new(),
                &token,
                &[
                    " What the node was invited with, as `livedropctl member add` shows it; good once, for ten",
                    " minutes. Only the first start needs it: the flag --join is the place for it.",
                ],
            ),
            auto_promote: reader.option(
                "auto_promote",
                false,
                &Switch,
                &[
                    " Whether a node that joined to vote becomes a voter by itself once it has caught up.",
                    " Otherwise `livedropctl member promote` makes it one. Counts on the node that leads.",
                ],
            ),
            reap_dead_after_seconds: reader.option(
                "reap_dead_after_seconds",
                0,
                &seconds(0..=2_592_000),
                &[
                    " A member that has been silent for so long is removed for good, by the node that leads; 0 is",
                    " never. A voter only while three others are left and all of them answer. A node that was",
                    " removed comes back as a new one only, so this is for machines that are replaced, not repaired.",
                ],
            ),
        }
    }
}

/// The id in a token, `ID.SECRET`.
pub(crate) fn invited_id(token: &str) -> Option<u64> {
    let (id, secret) = token.split_once('.')?;
    let id = id.parse().ok().filter(|id| *id > 0)?;
    secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)).then_some(id)
}

/// A list of `host:port`; in an environment variable or a flag separated by commas.
struct Addresses;

impl Kind for Addresses {
    type Value = Vec<String>;

    fn read(&self, written: &Written) -> Result<Vec<String>, String> {
        let entries: Vec<String> = match written {
            Written::Toml(toml::Value::Array(entries)) => {
                let text = |entry: &toml::Value| entry.as_str().map(str::to_owned);
                let texts: Option<Vec<String>> = entries.iter().map(text).collect();
                texts.ok_or("an entry is not a text in quotation marks")?
            }
            Written::Toml(other) => return Err(format!("{other} is not a list")),
            Written::Text(text) => {
                text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
        };
        match entries.iter().find(|entry| !is_host_port(entry)) {
            Some(wrong) => Err(format!("\"{wrong}\" is not an address")),
            None => Ok(entries),
        }
    }

    fn advice(&self) -> String {
        "Write a list such as [\"10.0.0.1:9090\", \"10.0.0.2:9090\"]; in a variable 10.0.0.1:9090,10.0.0.2:9090."
            .to_owned()
    }

    fn show(&self, value: &Vec<String>) -> String {
        let entries: Vec<String> = value.iter().map(|address| format!("\"{address}\"")).collect();
        format!("[{}]", entries.join(", "))
    }

    fn describe(&self) -> String {
        "a list of host:port".to_owned()
    }
}
