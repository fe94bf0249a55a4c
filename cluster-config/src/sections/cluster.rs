//! `[cluster]`: which cluster this is and who belongs to it.

use std::net::SocketAddr;

use serde::Serialize;

use crate::agree;
use crate::error::{Mistake, Origin};
use crate::kind::{Kind, Text};
use crate::layers::Written;
use crate::reader::Reader;
use crate::sections::join::Join;

/// Which cluster this is and who belongs to it. This section is the same on every node, so one file may
/// serve all of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    /// The name of the cluster, 1 to 64 of `a-z 0-9 -`. Written into the data directory at the first start;
    /// a directory of another cluster is refused.
    /// Empty until a node that joins has asked its cluster.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Who votes when the cluster is made for the first time, in the order of their ids. Later changes of
    /// membership are in the log and win over this list. Empty for a node that joins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// `host:port` of members of a running cluster that this node joins; empty for one that begins a cluster.
    pub join: Vec<String>,
    /// What it was invited with; empty after the first start.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub join_token: String,
    /// Whether nodes that joined to vote are promoted without being told.
    pub auto_promote: bool,
    /// After how long a silence a member is removed, in seconds; 0 is never.
    pub reap_dead_after_seconds: u64,
}

/// One node of the cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// 1 or more, never used again for another node.
    pub id: u64,
    /// `host:port` where the other nodes reach it.
    pub peer: String,
    /// `http://host:port` where clients reach it.
    pub http: String,
}

const MEMBERS_ADVICE: &str =
    "Write { id = 1, peer = \"10.0.0.1:9090\", http = \"http://10.0.0.1:8080\" } for each node.";
const MEMBERS_SHOWN: &str = "[{ id = 1, peer = \"127.0.0.1:9090\", http = \"http://127.0.0.1:8080\" }]";

impl Cluster {
    /// None is already reported.
    pub(crate) fn read(reader: &mut Reader) -> Option<Self> {
        reader.section("cluster", &[" Which cluster this is and who belongs to it. The same on every node."]);
        let name = Text {
            allowed: "1 to 64 of a-z, 0-9 and -",
            rule: |text| {
                let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
                (1..=64).contains(&text.len()) && text.bytes().all(allowed)
            },
        };
        let effect = [
            " The name of the cluster. Written into the data directory at the first start; a directory",
            " of another cluster is refused.",
        ];
        let mistakes = reader.mistakes();
        let id = reader.given("id", &name, "\"my-shop\"".to_owned(), true, &effect);
        let id_is_wrong = reader.mistakes() > mistakes;
        let members = read_members(reader);
        let Join { peers: join, token: join_token, auto_promote, reap_dead_after_seconds } = Join::read(reader);
        let joins = !join.is_empty();
        if id.is_none() && !joins && !id_is_wrong {
            reader.missing("id", &name.advice());
        }
        let members = match members {
            Members::Missing if joins => Some(Vec::new()),
            Members::Missing => {
                reader.missing("members", MEMBERS_ADVICE);
                None
            }
            Members::Given(members) => {
                if joins {
                    let problem = "members begin a cluster, and cluster.join joins one".to_owned();
                    reader.mistake(Mistake {
                        path: "cluster.members".to_owned(),
                        origin: Origin::Nowhere,
                        problem,
                        advice: "Leave out one of the two.".to_owned(),
                    });
                }
                members
            }
        };
        let id = if joins { Some(id.unwrap_or_default()) } else { id };
        Some(Self { id: id?, members: members?, join, join_token, auto_promote, reap_dead_after_seconds })
    }
}

impl Cluster {
    /// Whether this node comes into a cluster that others began.
    pub fn joins(&self) -> bool {
        !self.join.is_empty()
    }

    /// Stands in where the section has mistakes that are already reported.
    pub(crate) fn placeholder(own: Member) -> Self {
        Self {
            id: "unnamed".to_owned(),
            members: vec![own],
            join: Vec::new(),
            join_token: String::new(),
            auto_promote: false,
            reap_dead_after_seconds: 0,
        }
    }
}

impl Member {
    /// The address to listen on for other nodes, unless `peer.listen` says otherwise.
    pub(crate) fn peer_listen(&self) -> SocketAddr {
        listen_on(&self.peer)
    }

    /// The address to listen on for clients, unless `http.listen` says otherwise.
    pub(crate) fn http_listen(&self) -> SocketAddr {
        listen_on(without_scheme(&self.http).unwrap_or(&self.http))
    }

    /// Stands in where this node's own entry is a mistake that is already reported.
    pub(crate) fn placeholder() -> Self {
        Self { id: 1, peer: "127.0.0.1:9090".to_owned(), http: "http://127.0.0.1:8080".to_owned() }
    }
}

/// `http://` or `https://` taken off.
pub(crate) fn without_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))
}

/// An IP address is listened on as it is, `localhost` as 127.0.0.1, another name as every interface: which
/// interface has a name is not known before it is resolved.
fn listen_on(host_port: &str) -> SocketAddr {
    let fallback = SocketAddr::from(([0, 0, 0, 0], 0));
    host_port.parse().unwrap_or_else(|_| {
        let (host, port) = host_port.rsplit_once(':').unwrap_or((host_port, "0"));
        let port = port.parse().unwrap_or(0);
        match host {
            "localhost" => SocketAddr::from(([127, 0, 0, 1], port)),
            _ => SocketAddr::new(fallback.ip(), port),
        }
    })
}

/// What the file says of members.
enum Members {
    Missing,
    /// None is already reported.
    Given(Option<Vec<Member>>),
}

fn read_members(reader: &mut Reader) -> Members {
    let given = reader.take(
        "members",
        MEMBERS_SHOWN.to_owned(),
        true,
        "a list of { id, peer = \"host:port\", http = \"http://host:port\" }".to_owned(),
        &[
            " Who votes when the cluster is made for the first time; later changes of membership are in the",
            " log and win. peer is where the other nodes reach it, http where clients reach it. An id is",
            " never used again for another node. In an environment variable: the same list, in TOML.",
        ],
    );
    let Some(given) = given else { return Members::Missing };
    let mut list = MemberList { reader, origin: given.origin, complete: true };
    let members = list.read(&given.written);
    let complete = list.complete;
    Members::Given(members.filter(|_| complete))
}

/// Reads the list of members and reports each mistake with its place in the list.
struct MemberList<'a> {
    reader: &'a mut Reader,
    origin: Origin,
    complete: bool,
}

impl MemberList<'_> {
    fn read(&mut self, written: &Written) -> Option<Vec<Member>> {
        let value = match written {
            Written::Toml(value) => Some(value.clone()),
            Written::Text(text) => {
                format!("members = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("members"))
            }
        };
        let Some(toml::Value::Array(entries)) = value else {
            self.wrong("", "this is not a list of members".to_owned(), MEMBERS_ADVICE);
            return None;
        };
        if entries.is_empty() {
            self.wrong("", "the list is empty".to_owned(), MEMBERS_ADVICE);
        }
        let mut members = Vec::new();
        for (place, entry) in entries.into_iter().enumerate() {
            members.extend(self.member(place, entry));
        }
        for mistake in agree::members(&members, &self.origin) {
            self.reader.mistake(mistake);
        }
        members.sort_by_key(|member| member.id);
        Some(members)
    }

    fn member(&mut self, place: usize, entry: toml::Value) -> Option<Member> {
        let toml::Value::Table(mut entry) = entry else {
            self.wrong(&format!("[{place}]"), "this is not an entry of a member".to_owned(), MEMBERS_ADVICE);
            return None;
        };
        let id = match entry.remove("id") {
            Some(toml::Value::Integer(id)) if id >= 1 => Some(id.cast_unsigned()),
            _ => {
                self.wrong(
                    &format!("[{place}].id"),
                    "this is not a whole number of 1 or more".to_owned(),
                    "Give each node a number of its own.",
                );
                None
            }
        };
        let peer = self.address(
            place,
            "peer",
            entry.remove("peer"),
            |text| Some(text),
            "Write host:port, for example 10.0.0.1:9090.",
        );
        let http = self.address(
            place,
            "http",
            entry.remove("http"),
            without_scheme,
            "Write http://host:port without a path, for example http://10.0.0.1:8080.",
        );
        for key in entry.keys() {
            self.wrong(&format!("[{place}].{key}"), "there is no such option".to_owned(), MEMBERS_ADVICE);
        }
        Some(Member { id: id?, peer: peer?, http: http? })
    }

    fn address(
        &mut self,
        place: usize,
        key: &str,
        value: Option<toml::Value>,
        host_port: fn(&str) -> Option<&str>,
        advice: &str,
    ) -> Option<String> {
        let problem = match value {
            None => "this must be given and is not".to_owned(),
            Some(toml::Value::String(text)) if host_port(&text).is_some_and(is_host_port) => return Some(text),
            Some(other) => format!("{other} is not an address"),
        };
        self.wrong(&format!("[{place}].{key}"), problem, advice);
        None
    }

    fn wrong(&mut self, suffix: &str, problem: String, advice: &str) {
        self.complete = false;
        let path = format!("cluster.members{suffix}");
        self.reader.mistake(Mistake { path, origin: self.origin.clone(), problem, advice: advice.to_owned() });
    }
}

/// A host name, IPv4 address or bracketed IPv6 address, a colon and a port that is not 0.
pub(crate) fn is_host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_good = match bracketed {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
    };
    host_is_good && port.parse::<u16>().is_ok_and(|port| port != 0)
}
