//! What became of a request: gathered from all nodes, by its id.

use axum::extract::{Path, State};
use livedrop_proto::rest::admin as shape;

use super::super::Rest;
use super::super::answer::Answer;
use super::super::docs::Problems;
use super::super::identity::Operator;
use super::super::problem::Problem;

/// What all nodes remember of a request that failed, was slow or is traced. They remember the last few thousand
/// moments, and none after a restart.
#[utoipa::path(get, path = "/v1/admin/errors/{request_id}", tag = "operations", security(("bearer" = [])),
    params(("request_id" = String, Path, description = "The `X-Request-Id` of its answer, the `request_id` of its problem.")), responses(
    (status = 200, description = "What happened to it.", body = shape::Happened),
    (status = 404, description = "`not_found`: no node that answers remembers it.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(State(rest): State<Rest>, _: Operator, Path(request_id): Path<String>) -> Result<Answer, Problem> {
    let happened = rest.shop.recall(&request_id).await;
    match happened.moments.is_empty() && happened.silent.is_empty() {
        true => Err(Problem::not_found("request that a node remembers")),
        false => Ok(Answer::ok(&happened)),
    }
}
