//! `[node]`: which of the members this process is, and where its data lies.

use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Mistake, Origin};
use crate::kind::{Kind, Text, count};
use crate::reader::Reader;
use crate::sections::cluster::{Cluster, Member, is_host_port, without_scheme};
use crate::sections::join::invited_id;

/// Which of the members this process is, and where its data lies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// The id of this node in `cluster.members`. When the cluster has one member, that one by itself.
    /// 0 until a node that joins has looked into its data directory.
    #[serde(skip_serializing_if = "is_unknown")]
    pub id: u64,
    /// The directory that holds everything this node must not lose, with `{id}` already filled in.
    pub data_dir: PathBuf,
    /// Where the others reach a node that joins, `host:port`; empty for what it was invited with, else where it listens.
    pub peer_address: String,
    /// Where clients reach a node that joins, `http://host:port`; empty for what it was invited with, else where it
    /// listens.
    pub http_address: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_unknown(id: &u64) -> bool {
    *id == 0
}

impl Node {
    /// Stands in where the section has mistakes that are already reported.
    pub(crate) fn placeholder() -> Self {
        let (peer_address, http_address) = (String::new(), String::new());
        Self { id: 1, data_dir: "livedrop-data/1".into(), peer_address, http_address }
    }

    /// Reads the section and picks this node's own entry out of the members. None is already reported.
    pub(crate) fn read(reader: &mut Reader, cluster: Option<&Cluster>) -> Option<(Self, Member)> {
        reader.section("node", &[" Which of the members this process is, and where its data lies."]);
        let id = read_id(reader, cluster);
        let data_dir = read_data_dir(reader);
        let (peer_address, http_address) = read_addresses(reader);
        let (id, origin) = id?;
        if let Some(cluster) = cluster.filter(|cluster| cluster.joins()) {
            let data_dir = data_dir?;
            let known = invited_id(&cluster.join_token).unwrap_or(id);
            if id != 0 && id != known {
                reader.mistake(Mistake {
                    path: "node.id".to_owned(),
                    origin,
                    problem: format!("the token invites node {known}, not node {id}"),
                    advice: "Leave node.id out: it comes with the token.".to_owned(),
                });
                return None;
            }
            if known == 0 && data_dir.contains("{id}") {
                reader.mistake(Mistake {
                    path: "node.data_dir".to_owned(),
                    origin: Origin::Nowhere,
                    problem: "without a token, nobody knows what {id} stands for".to_owned(),
                    advice: "Write the directory that this node has, or give its token with --join.".to_owned(),
                });
                return None;
            }
            let data_dir = PathBuf::from(data_dir.replace("{id}", &known.to_string()));
            return Some((
                Self { id: known, data_dir, peer_address, http_address },
                Member { id: known, ..Member::placeholder() },
            ));
        }
        let own = cluster?.members.iter().find(|member| member.id == id);
        let Some(own) = own else {
            reader.mistake(Mistake {
                path: "node.id".to_owned(),
                origin,
                problem: format!("{id} is not among the members of the cluster"),
                advice: "Choose one of cluster.members, or add this node to that list.".to_owned(),
            });
            return None;
        };
        let data_dir = PathBuf::from(data_dir?.replace("{id}", &id.to_string()));
        Some((Self { id, data_dir, peer_address, http_address }, own.clone()))
    }
}

fn read_id(reader: &mut Reader, cluster: Option<&Cluster>) -> Option<(u64, Origin)> {
    let kind = count("the ids of cluster.members", 1..=u64::MAX / 2);
    let effect = [
        " Which of cluster.members this process is. Nodes that share one file are told apart by",
        " --node-id or by the variable. May be left out when the cluster has one member.",
    ];
    let given = reader.take("id", "1".to_owned(), true, "one of the ids of cluster.members".to_owned(), &effect);
    match (given, cluster.map(|cluster| cluster.members.as_slice())) {
        (Some(given), _) => match kind.read(&given.written) {
            Ok(id) => Some((id, given.origin)),
            Err(problem) => {
                let advice = "Write the number this node has in cluster.members.".to_owned();
                reader.mistake(Mistake { path: "node.id".to_owned(), origin: given.origin, problem, advice });
                None
            }
        },
        (None, Some([only])) => Some((only.id, Origin::Nowhere)),
        (None, Some([])) => Some((0, Origin::Nowhere)),
        (None, _) => {
            reader.missing("id", "Say which of cluster.members this is: --node-id N, LIVEDROP_NODE__ID=N or id = N.");
            None
        }
    }
}

fn read_addresses(reader: &mut Reader) -> (String, String) {
    let peer = Text { allowed: "host:port, or nothing", rule: |text| text.is_empty() || is_host_port(text) };
    let http = Text {
        allowed: "http://host:port, or nothing",
        rule: |text| text.is_empty() || without_scheme(text).is_some_and(is_host_port),
    };
    let effect = [
        " Where the other nodes reach this one once it has joined (cluster.join): by default as it was invited,",
        " else where it listens. A node that begins a cluster says it in cluster.members.",
    ];
    let peer = reader.option("peer_address", String::new(), &peer, &effect);
    (peer, reader.option("http_address", String::new(), &http, &[" The same for clients."]))
}

fn read_data_dir(reader: &mut Reader) -> Option<String> {
    let path = Text {
        allowed: "a path, in which {id} stands for the id of the node",
        rule: |text| !text.is_empty() && !text.replace("{id}", "").contains(['{', '}', '\0']),
    };
    let default = "livedrop-data/{id}".to_owned();
    let effect = [
        " The directory that holds everything this node must not lose. {id} is replaced by the id, so that",
        " nodes on one machine may share a file. A path that is not absolute begins where the server is started.",
    ];
    Some(reader.option("data_dir", default, &path, &effect))
}
