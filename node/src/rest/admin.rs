//! What operators ask one node.

use axum::extract::State;
use livedrop_domain::accounts::{self, IMPORT_MAX, Import, Role};
use livedrop_domain::{Reply, journal};
use livedrop_proto::rest::accounts as accounts_shape;
use livedrop_proto::rest::admin as shape;

use super::Rest;
use super::accounts::{check_names, register};
use super::answer::Answer;
use super::body::{Json, Params};
use super::checks::Checks;
use super::code;
use super::context::Context;
use super::docs::Problems;
use super::identity::Operator;
use super::mint;
use super::problem::Problem;
use super::shop::look;
use crate::auth::is_hash;

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

/// Opens an account of any role.
#[utoipa::path(post, path = "/v1/admin/accounts", tag = "operations", security(("bearer" = [])), request_body = shape::AdminCreateAccount, responses(
    (status = 201, description = "The account.", body = accounts_shape::Account),
    (status = 409, description = "`email_taken`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn create_account(
    State(rest): State<Rest>,
    _: Operator,
    context: Context,
    Json(body): Json<shape::AdminCreateAccount>,
) -> Result<Answer, Problem> {
    let role = role_of(body.role);
    register(&rest, &context.request_id, body.email, body.password, body.display_name, role).await
}

/// Opens accounts that were opened elsewhere. The same list again, with its ids or addresses, changes nothing.
#[utoipa::path(post, path = "/v1/admin/accounts/import", tag = "operations", security(("bearer" = [])), request_body = shape::ImportAccounts, responses(
    (status = 200, description = "What became of them.", body = shape::ImportedAccounts),
    (status = 422, description = "`invalid_request`: nothing was done.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn import_accounts(
    State(rest): State<Rest>,
    _: Operator,
    context: Context,
    Json(body): Json<shape::ImportAccounts>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    checks.ensure(body.accounts.len() <= IMPORT_MAX, "/accounts", format!("must be at most {IMPORT_MAX}"));
    let accounts = body.accounts.into_iter().enumerate();
    let accounts = accounts.filter_map(|(at, account)| imported(&rest, &mut checks, at, account)).collect();
    checks.done()?;
    match rest.decide(&context.request_id, accounts::Command::Import(Import { accounts })).await? {
        (Reply::Accounts(accounts::Reply::Imported { added, taken }), index) => {
            Ok(Answer::ok(&shape::ImportedAccounts { added, taken }).at(index))
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

fn role_of(role: accounts_shape::Role) -> Role {
    match role {
        accounts_shape::Role::Buyer => Role::Buyer,
        accounts_shape::Role::Creator => Role::Creator,
        accounts_shape::Role::Operator => Role::Operator,
    }
}
