//! Whose certificate it is: the name that binds it to a cluster, and to a node or a person of it.

use std::fmt;
use std::str::FromStr;

const SCHEME: &str = "livedrop://";
/// Names of clusters and of people are no longer than this, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Whose certificate it is. Written as a URI, and read again from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Signs the others.
    Authority { cluster: String },
    /// A node, by its id.
    Node { cluster: String, node: u64 },
    /// Somebody who runs the cluster from outside of it.
    Client { cluster: String, role: Role, who: String },
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Viewer,
    /// Look and change.
    Operator,
}

/// A text that is the name of nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no name of a node or an operator: {why}")]
pub struct NotAName {
    pub text: String,
    pub why: &'static str,
}

impl Holder {
    /// The cluster that it belongs to.
    pub fn cluster(&self) -> &str {
        match self {
            Holder::Authority { cluster } | Holder::Node { cluster, .. } | Holder::Client { cluster, .. } => cluster,
        }
    }

    /// Finds the one name of ours among the URIs of a certificate.
    ///
    /// Errors: there is none, there are several, or it is not well-formed.
    pub fn among<'a>(uris: impl IntoIterator<Item = &'a str>) -> Result<Self, NotAName> {
        let mut ours = uris.into_iter().filter(|uri| uri.starts_with(SCHEME));
        match (ours.next(), ours.next()) {
            (Some(only), None) => only.parse(),
            (None, _) => Err(NotAName { text: String::new(), why: "the certificate has no livedrop:// name" }),
            (Some(first), Some(_)) => {
                Err(NotAName { text: first.to_owned(), why: "the certificate has more than one livedrop:// name" })
            }
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Authority { cluster } => write!(f, "{SCHEME}{cluster}/authority"),
            Holder::Node { cluster, node } => write!(f, "{SCHEME}{cluster}/node/{node}"),
            Holder::Client { cluster, role, who } => write!(f, "{SCHEME}{cluster}/client/{role}/{who}"),
        }
    }
}

impl FromStr for Holder {
    type Err = NotAName;

    /// Strict: one holder has one name, so that names can be compared as texts as well.
    fn from_str(text: &str) -> Result<Self, NotAName> {
        let refuse = |why| NotAName { text: text.to_owned(), why };
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| refuse("it does not begin with livedrop://"))?;
        let parts: Vec<&str> = rest.split('/').collect();
        let cluster = parts.first().filter(|cluster| is_cluster(cluster));
        let cluster = (*cluster.ok_or_else(|| refuse("it names no cluster"))?).to_owned();
        match parts[1..] {
            ["authority"] => Ok(Holder::Authority { cluster }),
            ["node", digits] => match digits.parse::<u64>() {
                Ok(node) if node > 0 && node.to_string() == digits => Ok(Holder::Node { cluster, node }),
                _ => Err(refuse("what follows node/ is not the id of a node")),
            },
            ["client", role, who] => {
                let role = role.parse().map_err(|_| refuse("the role is neither viewer nor operator"))?;
                match is_who(who) {
                    true => Ok(Holder::Client { cluster, role, who: who.to_owned() }),
                    false => Err(refuse("a person's name is 1 to 64 of A-Z, a-z, 0-9 and . _ - @ +")),
                }
            }
            _ => Err(refuse("it is neither .../node/ID nor .../client/ROLE/NAME")),
        }
    }
}

/// The rule of `cluster.id` in the configuration.
pub(crate) fn is_cluster(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether a text may stand for a person in a name: no slash, no space, nothing that a log would have to escape.
pub(crate) fn is_who(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte);
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither viewer nor operator")]
pub struct NotARole(String);

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        let known = [Role::Viewer, Role::Operator];
        known.into_iter().find(|role| role.name() == text).ok_or_else(|| NotARole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_written() {
        let names = [
            Holder::Authority { cluster: "shop".into() },
            Holder::Node { cluster: "demo-0f".into(), node: 12 },
            Holder::Client { cluster: "shop".into(), role: Role::Operator, who: "anna.k@example".into() },
            Holder::Client { cluster: "shop".into(), role: Role::Viewer, who: "grafana".into() },
        ];
        for name in names {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn what_is_nobodys_name_is_refused() {
        for text in [
            "",
            "livedrop://",
            "livedrop:///node/1",
            "livedrop://shop/node/0",
            "livedrop://shop/node/01",
            "livedrop://shop/node/+1",
            "livedrop://shop/node/1/",
            "livedrop://Shop/node/1",
            "livedrop://shop/client/owner/anna",
            "livedrop://shop/client/operator/",
            "livedrop://shop/client/operator/a/b",
            "livedrop://shop/client/operator/a b",
            "https://shop/node/1",
        ] {
            assert!(text.parse::<Holder>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_certificate_has_one_name_of_ours() {
        let one = ["https://example.com", "livedrop://shop/node/1"];
        assert_eq!(Holder::among(one), Ok(Holder::Node { cluster: "shop".into(), node: 1 }));
        let two = ["livedrop://shop/node/1", "livedrop://shop/node/2"];
        assert!(Holder::among(two).is_err_and(|error| error.why.contains("more than one")));
        assert!(Holder::among(["spiffe://shop/node/1"]).is_err_and(|error| error.why.contains("no livedrop")));
    }
}
