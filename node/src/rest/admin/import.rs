//! Accounts and followers that a shop had elsewhere, brought by operators.

use axum::extract::State;
use livedrop_domain::accounts::{self, IMPORT_MAX, Import};
use livedrop_domain::{AccountId, Reply, follows};
use livedrop_proto::rest;
use livedrop_proto::rest::admin as shape;
use livedrop_proto::rest::follows as follows_shape;

use super::accounts::role_of;
use crate::auth::is_hash;
use crate::rest::Rest;
use crate::rest::accounts::check_names;
use crate::rest::answer::Answer;
use crate::rest::body::Json;
use crate::rest::checks::Checks;
use crate::rest::context::Context;
use crate::rest::docs::Problems;
use crate::rest::identity::Operator;
use crate::rest::mint;
use crate::rest::problem::Problem;

/// Opens accounts that were opened elsewhere. The same list again, with its ids or addresses, changes nothing.
#[utoipa::path(post, path = "/v1/admin/accounts/import", tag = "operations", security(("bearer" = [])), request_body = shape::ImportAccounts, responses(
    (status = 200, description = "What became of them.", body = shape::ImportedAccounts),
    (status = 422, description = "`invalid_request`: nothing was done.", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn accounts(
    State(rest): State<Rest>,
    Operator(by): Operator,
    context: Context,
    Json(body): Json<shape::ImportAccounts>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    checks.ensure(body.accounts.len() <= IMPORT_MAX, "/accounts", format!("must be at most {IMPORT_MAX}"));
    let accounts = body.accounts.into_iter().enumerate();
    let accounts = accounts.filter_map(|(at, account)| imported(&rest, &mut checks, at, account)).collect();
    checks.done()?;
    match rest.decide_by(&context.request_id, Some(by), accounts::Command::Import(Import { accounts })).await? {
        (Reply::Accounts(accounts::Reply::Imported { added, taken }), index) => {
            Ok(Answer::ok(&shape::ImportedAccounts { added, taken }).at(index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Brings followers that a creator had elsewhere. The same list again changes nothing.
#[utoipa::path(post, path = "/v1/admin/followers", tag = "operations", security(("bearer" = [])), request_body = follows_shape::ImportFollowers, responses(
    (status = 200, description = "What became of them.", body = follows_shape::ImportedFollowers),
    (status = 404, description = "`not_found`: no such creator.", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn followers(
    State(rest): State<Rest>,
    Operator(by): Operator,
    context: Context,
    Json(body): Json<follows_shape::ImportFollowers>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    let creator_id: Option<AccountId> = checks.take(body.creator_id.parse().ok(), "/creator_id", "must be `usr_…`");
    checks.ensure(
        body.followers.len() <= follows::IMPORT_MAX,
        "/followers",
        format!("must be at most {}", follows::IMPORT_MAX),
    );
    let mut followers = Vec::with_capacity(body.followers.len());
    for (at, id) in body.followers.iter().enumerate() {
        followers.extend(checks.take(id.parse::<AccountId>().ok(), &format!("/followers/{at}"), "must be `usr_…`"));
    }
    checks.done()?;
    let creator_id = creator_id.ok_or_else(|| Problem::not_found("creator"))?;
    match rest
        .decide_by(&context.request_id, Some(by), follows::Command::Import(follows::Import { creator_id, followers }))
        .await?
    {
        (Reply::Follows(follows::Reply::Imported { added, already, unknown, refused }), index) => {
            Ok(Answer::ok(&follows_shape::ImportedFollowers { added, already, unknown, refused }).at(index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

fn imported(
    rest: &Rest,
    checks: &mut Checks,
    at: usize,
    account: shape::ImportedAccount,
) -> Option<accounts::ImportedAccount> {
    let shape::ImportedAccount { id, email, display_name, role, password_hash } = account;
    let pointer = |field: &str| format!("/accounts/{at}/{field}");
    check_names(checks, &email, &display_name, |field| pointer(field));
    let hash_fits = password_hash.as_deref().is_none_or(is_hash);
    checks.ensure(hash_fits, &pointer("password_hash"), "must be an argon2id hash in PHC string format");
    let account_id = match id {
        Some(id) => checks.take(id.parse().ok(), &pointer("id"), "must be `usr_…`")?,
        None => mint::account(rest.now()),
    };
    let password_hash = password_hash.unwrap_or_default();
    Some(accounts::ImportedAccount { account_id, email, display_name, role: role_of(role), password_hash })
}
