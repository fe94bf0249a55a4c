//! Those who sell, as everybody sees them.

use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use livedrop_domain::accounts::{self, Role};
use livedrop_domain::{AccountId, follows};
use livedrop_proto::rest::Consistency;
use serde::Serialize;
use utoipa::ToSchema;

use super::Rest;
use super::answer::{Answer, JSON};
use super::caching::{PAGES, cacheable, weak_etag};
use super::docs::Problems;
use super::freshness;
use super::problem::Problem;
use super::text;

/// A creator.
#[derive(Serialize, ToSchema)]
pub struct Creator {
    /// `usr_…`
    id: String,
    display_name: String,
    /// How many accounts follow them.
    follower_count: u64,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A creator.
#[utoipa::path(get, path = "/v1/creators/{id}", tag = "creators", params(("id" = String, Path, description = "`usr_…`")), responses(
    (status = 200, description = "The creator.", body = Creator),
    (status = 304, description = "As the caller's `If-None-Match` says."),
    (status = 404, description = "`not_found`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(State(rest): State<Rest>, Path(id): Path<String>, headers: HeaderMap) -> Result<Answer, Problem> {
    let id: AccountId = id.parse().map_err(|_| Problem::not_found("creator"))?;
    let seen = freshness::read(&rest, &headers, None, Consistency::Local, |view| {
        let account = accounts::get(view, id)?.filter(|account| account.role == Role::Creator);
        account.map(|account| Ok((account, follows::counts(view, id)?.followers))).transpose()
    })
    .await?;
    let (account, follower_count) = seen.what.ok_or_else(|| Problem::not_found("creator").at(seen.index))?;
    let etag = weak_etag(account.version, &follower_count.to_be_bytes());
    let answer = cacheable(&headers, etag.clone(), PAGES, &[format!("creator-{id}")], || {
        let shape = || Creator {
            id: account.id.to_string(),
            display_name: account.display_name.clone(),
            follower_count,
            created_at: text::time(account.created_at),
        };
        Answer::written(StatusCode::OK, JSON, rest.rendered.body(u128::from_be_bytes(id.bytes()), &etag, shape))
    });
    Ok(answer.at(seen.index))
}
