//! What anybody may know about the cluster.

use axum::extract::State;
use livedrop_proto::rest::cluster::Cluster;

use super::Rest;
use super::answer::Answer;
use super::docs::Problems;

/// The cluster as the node that answers sees it.
#[utoipa::path(get, path = "/v1/cluster", tag = "operations", responses(
    (status = 200, description = "The cluster.", body = Cluster),
    Problems,
))]
pub async fn read(State(rest): State<Rest>) -> Answer {
    Answer::ok(&rest.shop.cluster())
}
