//! What operators ask one node.

pub mod accounts;
pub mod audit;
pub mod drain;
pub mod errors;
pub mod import;
pub mod keys;

use axum::extract::State;
use livedrop_domain::journal;
use livedrop_proto::rest::admin as shape;

use super::Rest;
use super::answer::Answer;
use super::body::Params;
use super::code;
use super::docs::Problems;
use super::identity::Operator;
use super::problem::Problem;
use super::shop::look;

/// The node that answers.
#[utoipa::path(get, path = "/v1/admin/status", tag = "operations", security(("bearer" = [])), responses(
    (status = 200, description = "The node.", body = shape::NodeStatus),
    Problems,
))]
pub async fn status(State(rest): State<Rest>, _: Operator) -> Answer {
    Answer::ok(&rest.shop.status())
}

/// The hash of this node's state at a log index: the same on every node.
#[utoipa::path(get, path = "/v1/admin/hash", tag = "operations", security(("bearer" = [])), params(shape::ReadHash), responses(
    (status = 200, description = "The hash.", body = shape::StateHash),
    (status = 404, description = "`not_found`: the index is older than what is kept.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn hash(
    State(rest): State<Rest>,
    _: Operator,
    Params(asked): Params<shape::ReadHash>,
) -> Result<Answer, Problem> {
    let index = asked.index.unwrap_or_else(|| rest.shop.applied());
    if rest.shop.applied() < index && rest.shop.at_least(index).await.is_err() {
        let applied = rest.shop.applied();
        return Err(Problem::new(&code::BEHIND, format!("This node has applied {applied}, not yet {index}.")));
    }
    let hash = look(&*rest.shop, |view| journal::hash_at(view, index))?;
    let hash = hash.what.ok_or_else(|| Problem::not_found("hash any more"))?;
    Ok(Answer::ok(&shape::StateHash { index: index.into(), hash: blake3::Hash::from(hash).to_hex().to_string() }))
}
