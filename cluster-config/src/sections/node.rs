//! `[node]`: which of the members this process is, and where its data lies.

use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Mistake, Origin};
use crate::kind::{Kind, Text, count};
use crate::reader::Reader;
use crate::sections::cluster::{Cluster, Member};

/// Which of the members this process is, and where its data lies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// The id of this node in `cluster.members`. When the cluster has one member, that one by itself.
    pub id: u64,
    /// The directory that holds everything this node must not lose, with `{id}` already filled in.
    pub data_dir: PathBuf,
}

impl Node {
    /// Reads the section and picks this node's own entry out of the members. None is already reported.
    pub(crate) fn read(reader: &mut Reader, cluster: Option<&Cluster>) -> Option<(Self, Member)> {
        reader.section("node", &[" Which of the members this process is, and where its data lies."]);
        let id = read_id(reader, cluster);
        let data_dir = read_data_dir(reader);
        let (id, origin) = id?;
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
        Some((Self { id, data_dir }, own.clone()))
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
        (None, _) => {
            reader.missing("id", "Say which of cluster.members this is: --node-id N, LIVEDROP_NODE__ID=N or id = N.");
            None
        }
    }
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
