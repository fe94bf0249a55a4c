//! Who follows whom.

use axum::extract::{Path, State};
use http::HeaderMap;
use livedrop_domain::accounts::{self, Role};
use livedrop_domain::follows::{self, Command, Edge, Follow, Unfollow};
use livedrop_domain::{AccountId, Fault, Reply, View};
use livedrop_proto::rest;
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::follows as shape;
use livedrop_proto::rest::list::Page;

use super::Rest;
use super::answer::Answer;
use super::body::Params;
use super::context::Context;
use super::docs::Problems;
use super::freshness;
use super::identity::Caller;
use super::page::Paged;
use super::problem::Problem;
use super::text;

/// Those who follow a creator, in no order that means anything.
#[utoipa::path(get, path = "/v1/creators/{id}/followers", tag = "creators",
    params(("id" = String, Path, description = "`usr_…`"), Page), responses(
    (status = 200, description = "One page.", body = rest::List<shape::Followed>),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn followers(
    State(rest): State<Rest>,
    Path(id): Path<String>,
    paged: Paged<AccountId>,
) -> Result<Answer, Problem> {
    let creator = parse(&id)?;
    let get = |view: &dyn View| {
        if accounts::get(view, creator)?.is_none_or(|account| account.role != Role::Creator) {
            return Ok(None);
        }
        let ids = follows::followers(view, creator, paged.wanted.after, paged.wanted.look_for())?.into_iter();
        let of = |id| Ok(follows::edge(view, id, creator)?.map(|edge| (id, edge)));
        let found: Vec<_> = ids.filter_map(|id| of(id).transpose()).collect::<Result<_, Fault>>()?;
        found.into_iter().map(|(id, edge)| Ok((id, look_of(view, id, edge)?))).collect::<Result<_, Fault>>().map(Some)
    };
    let seen = paged.read(&rest, get).await?;
    let found = seen.what.ok_or_else(|| not_found().at(seen.index))?;
    Ok(paged.answer(found).at(seen.index))
}

/// Those whom the caller follows, in the order of their ids.
#[utoipa::path(get, path = "/v1/me/following", tag = "creators", security(("bearer" = [])), params(Page), responses(
    (status = 200, description = "One page.", body = rest::List<shape::Followed>),
    Problems,
))]
pub async fn following(State(rest): State<Rest>, caller: Caller, paged: Paged<AccountId>) -> Result<Answer, Problem> {
    let follower = caller.account_id();
    let get = |view: &dyn View| {
        let found = follows::following(view, follower, paged.wanted.after, paged.wanted.look_for())?.into_iter();
        found.map(|(id, edge)| Ok((id, look_of(view, id, edge)?))).collect::<Result<_, Fault>>()
    };
    let seen = paged.read(&rest, get).await?;
    Ok(paged.answer(seen.what).at(seen.index))
}

/// Whether the caller follows a creator.
#[utoipa::path(get, path = "/v1/me/following/{creator_id}", tag = "creators", security(("bearer" = [])),
    params(("creator_id" = String, Path, description = "`usr_…`"), shape::ReadFollowing), responses(
    (status = 204, description = "Yes."),
    (status = 404, description = "`not_found`: no.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn follows(
    State(rest): State<Rest>,
    caller: Caller,
    Path(creator_id): Path<String>,
    Params(asked): Params<shape::ReadFollowing>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    let creator = parse(&creator_id)?;
    let get = |view: &dyn View| follows::edge(view, caller.account_id(), creator);
    let seen = freshness::read(&rest, &headers, asked.consistency, Consistency::Local, get).await?;
    match seen.what {
        Some(_) => Ok(Answer::no_content().at(seen.index)),
        None => Err(Problem::not_found("creator whom you follow").at(seen.index)),
    }
}

/// Has the caller follow a creator. Said twice it changes nothing.
#[utoipa::path(put, path = "/v1/me/following/{creator_id}", tag = "creators", security(("bearer" = [])),
    params(("creator_id" = String, Path, description = "`usr_…`")), responses(
    (status = 204, description = "The caller follows the creator."),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 409, description = "`too_many_followed`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`: nobody follows themselves.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn follow(
    State(rest): State<Rest>,
    caller: Caller,
    Path(creator_id): Path<String>,
    context: Context,
) -> Result<Answer, Problem> {
    let follow = Follow { follower_id: caller.account_id(), creator_id: parse(&creator_id)? };
    match rest.decide(&context.request_id, Command::Follow(follow)).await? {
        (Reply::Follows(follows::Reply::Followed(_)), index) => Ok(Answer::no_content().at(index)),
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Has the caller follow a creator no more. Said twice it changes nothing.
#[utoipa::path(delete, path = "/v1/me/following/{creator_id}", tag = "creators", security(("bearer" = [])),
    params(("creator_id" = String, Path, description = "`usr_…`")), responses(
    (status = 204, description = "The caller does not follow the creator."),
    (status = 404, description = "`not_found`: this is no id.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn unfollow(
    State(rest): State<Rest>,
    caller: Caller,
    Path(creator_id): Path<String>,
    context: Context,
) -> Result<Answer, Problem> {
    let unfollow = Unfollow { follower_id: caller.account_id(), creator_id: parse(&creator_id)? };
    match rest.decide(&context.request_id, Command::Unfollow(unfollow)).await? {
        (Reply::Follows(follows::Reply::Unfollowed), index) => Ok(Answer::no_content().at(index)),
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// An account as others see it: never its address.
fn look_of(view: &dyn View, id: AccountId, edge: Edge) -> Result<shape::Followed, Fault> {
    let display_name = accounts::get(view, id)?.map(|account| account.display_name);
    Ok(shape::Followed { id: id.to_string(), display_name, followed_at: text::time(edge.at) })
}

fn parse(id: &str) -> Result<AccountId, Problem> {
    id.parse().map_err(|_| not_found())
}

fn not_found() -> Problem {
    Problem::not_found("creator")
}
