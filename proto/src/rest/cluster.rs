//! What anybody may know about the cluster.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Wide;

/// What a node does in consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// Orders the log.
    Leader,
    /// Keeps a copy and votes. A voter that asks for votes is a follower here too.
    Follower,
    /// Keeps a copy and does not vote.
    Learner,
}

/// `GET /v1/cluster`: the cluster as the node that answers sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cluster {
    pub cluster_id: String,
    #[schema(value_type = String)]
    pub term: Wide,
    /// The id of the leader; null when none is known.
    #[schema(required, example = "1")]
    pub leader: Option<String>,
    /// In the order of their ids.
    pub nodes: Vec<ClusterNode>,
}

/// One node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClusterNode {
    #[schema(example = "1")]
    pub id: String,
    pub role: NodeRole,
    /// Where its REST API is.
    #[schema(example = "http://127.0.0.1:8081")]
    pub http: String,
    /// Where the other nodes and operators reach it, `host:port`.
    #[serde(default)]
    #[schema(example = "127.0.0.1:9091")]
    pub peer: String,
    /// What it has applied, as last heard; null when it was never heard from.
    #[schema(value_type = Option<String>, required)]
    pub applied_index: Option<Wide>,
    /// Whether it was heard from lately. The node that answers reaches itself.
    pub reachable: bool,
}
