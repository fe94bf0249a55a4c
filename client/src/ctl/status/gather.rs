//! What the nodes say about themselves and about each other.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use livedrop_proto::rest::admin::NodeStatus;
use livedrop_proto::rest::cluster::{Cluster, NodeRole};

use crate::ctl::context::Context;
use crate::ctl::trouble::{Doing, Exit, Stop};
use crate::{Attempt, Client, Endpoint, Error, Policy};

/// The cluster, as all nodes together see it.
#[derive(Debug)]
pub struct Seen {
    pub cluster_id: String,
    /// By the node with the highest term.
    pub leader: Option<String>,
    pub term: u64,
    /// By id.
    pub nodes: Vec<Row>,
}

/// One node.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: String,
    pub http: String,
    pub role: NodeRole,
    /// It answered this very command.
    pub up: bool,
    /// As the node says itself; none when it does not answer.
    pub term: Option<u64>,
    /// As the node says, else as the leader last heard.
    pub applied: Option<u64>,
    /// What only operators are told.
    pub told: Option<NodeStatus>,
}

impl Row {
    /// What is not well on this node, by its own account.
    pub fn alarms(&self) -> &[String] {
        self.told.as_ref().map_or(&[], |told| &told.alarms)
    }

    /// Log entries between what the leader and this node have applied.
    pub fn trails(&self, leader_applied: Option<u64>) -> Option<u64> {
        Some(leader_applied?.saturating_sub(self.applied?))
    }
}

/// What one node said.
struct Told {
    cluster: Cluster,
    /// When the flags or the session belong to an operator.
    status: Option<NodeStatus>,
}

/// Asks the nodes of `--endpoints`, then those that they name.
pub async fn gather(context: &Context) -> Result<Seen, Stop> {
    let client = context.client.with_policy(Policy::never());
    let mut asked: Vec<Endpoint> = client.endpoints().to_vec();
    let mut told: Vec<(Endpoint, Told)> = Vec::new();
    let mut failed: Vec<Attempt> = Vec::new();
    let mut next = asked.clone();
    while !next.is_empty() {
        let answers = join_all(next.iter().map(|endpoint| ask(context, &client, endpoint))).await;
        for (endpoint, answer) in next.into_iter().zip(answers) {
            match answer {
                Ok(answer) => told.push((endpoint, answer)),
                Err(error) => failed.push(Attempt { endpoint, why: why(&error) }),
            }
        }
        let from = asked.len();
        for node in told.iter().flat_map(|(_, told)| &told.cluster.nodes) {
            let named = node.http.parse::<Endpoint>().ok().filter(|named| !asked.contains(named));
            asked.extend(named);
        }
        next = asked[from..].to_vec();
    }
    if told.is_empty() {
        let nobody = Error::Unreachable { tried: failed, request_id: String::new() };
        return Err(nobody).doing("the cluster cannot be shown");
    }
    merge(&told)
}

async fn ask(context: &Context, client: &Client, endpoint: &Endpoint) -> Result<Told, Error> {
    let cluster = client.at(endpoint).cluster().await?;
    // Without an operator's token the screen has two empty columns, which is no reason to fail.
    let read = async |client: Client| client.node_status().await;
    let status = context.signed_in_at(Some(endpoint), "", read).await.ok();
    Ok(Told { cluster, status })
}

fn why(error: &Error) -> String {
    match error {
        Error::Unreachable { tried, .. } => tried.last().map(|attempt| attempt.why.clone()).unwrap_or_default(),
        other => other.to_string(),
    }
}

fn merge(told: &[(Endpoint, Told)]) -> Result<Seen, Stop> {
    let (_, best) = told
        .iter()
        .max_by_key(|(_, told)| (told.cluster.term, told.cluster.leader.is_some()))
        .expect("at least one node answered");
    if let Some((endpoint, other)) = told.iter().find(|(_, told)| told.cluster.cluster_id != best.cluster.cluster_id) {
        let why = format!("{endpoint} belongs to {}, others to {}", other.cluster.cluster_id, best.cluster.cluster_id);
        let what = "the nodes are of more than one cluster";
        return Err(Stop::trouble(Exit::Failed, what, why, "name the nodes of one cluster with --endpoints"));
    }
    let mut rows: BTreeMap<(usize, String), Row> = BTreeMap::new();
    for node in told.iter().flat_map(|(_, told)| &told.cluster.nodes) {
        // Shorter ids first: 2 is before 10.
        let row = rows.entry((node.id.len(), node.id.clone())).or_insert_with(|| Row {
            id: node.id.clone(),
            http: node.http.trim_end_matches('/').to_owned(),
            role: node.role,
            up: false,
            term: None,
            applied: None,
            told: None,
        });
        row.applied = row.applied.max(node.applied_index.map(|index| index.0));
    }
    for row in rows.values_mut() {
        if let Some(node) = best.cluster.nodes.iter().find(|node| node.id == row.id) {
            row.role = node.role;
        }
        // Only the leader of the highest term leads; one that was cut off may think so too.
        if row.role == NodeRole::Leader && best.cluster.leader.as_ref() != Some(&row.id) {
            row.role = NodeRole::Follower;
        }
        let own = told.iter().find(|(endpoint, _)| endpoint.to_string() == row.http);
        if let Some((_, told)) = own.or_else(|| own_status(told, &row.id)) {
            row.up = true;
            row.term = Some(told.cluster.term.0);
            row.told = told.status.clone();
        }
    }
    Ok(Seen {
        cluster_id: best.cluster.cluster_id.clone(),
        leader: best.cluster.leader.clone(),
        term: best.cluster.term.0,
        nodes: rows.into_values().collect(),
    })
}

/// A node that was asked at another address than the one it is known by says who it is, to operators.
fn own_status<'a>(told: &'a [(Endpoint, Told)], id: &str) -> Option<&'a (Endpoint, Told)> {
    told.iter().find(|(_, told)| told.status.as_ref().is_some_and(|status| status.id == id))
}
