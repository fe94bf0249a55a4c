//! Accounts, as operators look after them.

use axum::extract::{Path, State};
use livedrop_domain::accounts::{
    self, Account, ChangePassword, Command, Disable, Enable, Role, SetRole, SignOutEverywhere,
};
use livedrop_domain::{AccountId, Reply, View};
use livedrop_proto::rest;
use livedrop_proto::rest::accounts as accounts_shape;
use livedrop_proto::rest::admin as shape;
use livedrop_proto::rest::list::Page;

use crate::auth::PASSWORD_BYTES;
use crate::rest::Rest;
use crate::rest::accounts::{NewAccount, register};
use crate::rest::answer::Answer;
use crate::rest::body::Json;
use crate::rest::checks::Checks;
use crate::rest::context::Context;
use crate::rest::docs::Problems;
use crate::rest::identity::Operator;
use crate::rest::page::Paged;
use crate::rest::password;
use crate::rest::problem::Problem;
use crate::rest::shop::look;
use crate::rest::text;

/// Opens an account of any role.
#[utoipa::path(post, path = "/v1/admin/accounts", tag = "operations", security(("bearer" = [])), request_body = shape::AdminCreateAccount, responses(
    (status = 201, description = "The account.", body = accounts_shape::Account),
    (status = 409, description = "`email_taken`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn create(
    State(rest): State<Rest>,
    Operator(by): Operator,
    context: Context,
    Json(body): Json<shape::AdminCreateAccount>,
) -> Result<Answer, Problem> {
    let shape::AdminCreateAccount { email, password, display_name, role } = body;
    let new = NewAccount { email, password, display_name, role: role_of(role) };
    register(&rest, &context.request_id, Some(by), new).await
}

/// All accounts, oldest first.
#[utoipa::path(get, path = "/v1/admin/accounts", tag = "operations", security(("bearer" = [])), params(Page), responses(
    (status = 200, description = "A page.", body = rest::List<shape::AdminAccount>),
    Problems,
))]
pub async fn list(State(rest): State<Rest>, _: Operator, paged: Paged<AccountId>) -> Result<Answer, Problem> {
    let get = |view: &dyn View| accounts::list(view, paged.wanted.after, paged.wanted.look_for());
    let seen = paged.read(&rest, get).await?;
    let found = seen.what.iter().map(|account| (account.id, account_shape(account))).collect();
    Ok(paged.answer(found).at(seen.index))
}

/// One account.
#[utoipa::path(get, path = "/v1/admin/accounts/{id}", tag = "operations", security(("bearer" = [])), params(("id" = String, Path, description = "`usr_…`")), responses(
    (status = 200, description = "The account.", body = shape::AdminAccount),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn read(State(rest): State<Rest>, _: Operator, Path(id): Path<String>) -> Result<Answer, Problem> {
    rest.shop.linearizable().await?;
    let account = known(&rest, &id).await?;
    Ok(Answer::ok(&account_shape(&account)))
}

/// Says what an account may do from now on. Its sessions are closed, unless that is what it may do already.
#[utoipa::path(put, path = "/v1/admin/accounts/{id}/role", tag = "operations", security(("bearer" = [])), params(("id" = String, Path, description = "`usr_…`")), request_body = shape::SetRole, responses(
    (status = 200, description = "The account as it is now.", body = shape::AdminAccount),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn set_role(
    State(rest): State<Rest>,
    operator: Operator,
    context: Context,
    Path(id): Path<String>,
    Json(body): Json<shape::SetRole>,
) -> Result<Answer, Problem> {
    let (account_id, role) = (known(&rest, &id).await?.id, role_of(body.role));
    changed(&rest, &context, &operator, Command::SetRole(SetRole { account_id, role })).await
}

/// Gives an account another password, and closes its sessions.
#[utoipa::path(put, path = "/v1/admin/accounts/{id}/password", tag = "operations", security(("bearer" = [])), params(("id" = String, Path, description = "`usr_…`")), request_body = shape::SetPassword, responses(
    (status = 204, description = "Changed."),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`, `weak_password`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn set_password(
    State(rest): State<Rest>,
    operator: Operator,
    context: Context,
    Path(id): Path<String>,
    Json(body): Json<shape::SetPassword>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    checks.length(&body.password, PASSWORD_BYTES, "/password");
    checks.done()?;
    let account = known(&rest, &id).await?;
    let password_hash = password::hash(&rest, body.password, &account.email, &account.display_name).await?;
    let change = ChangePassword { account_id: account.id, password_hash, keep: None, checked: None };
    let (_, index) = change_account(&rest, &context, &operator, Command::ChangePassword(change)).await?;
    // Whoever was guessing knows nothing of the new one, and its owner need not wait for them.
    rest.forget_guesses(&account.email).await;
    Ok(Answer::no_content().at(index))
}

/// Closes all sessions of an account.
#[utoipa::path(delete, path = "/v1/admin/accounts/{id}/sessions", tag = "operations", security(("bearer" = [])), params(("id" = String, Path, description = "`usr_…`")), responses(
    (status = 204, description = "Signed out everywhere."),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn sign_out(
    State(rest): State<Rest>,
    operator: Operator,
    context: Context,
    Path(id): Path<String>,
) -> Result<Answer, Problem> {
    let account_id = known(&rest, &id).await?.id;
    let everywhere = Command::SignOutEverywhere(SignOutEverywhere { account_id, except: None });
    let (_, index) = change_account(&rest, &context, &operator, everywhere).await?;
    Ok(Answer::no_content().at(index))
}

/// Keeps an account from signing in and from doing anything. Its drops and orders stay as they are.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/disable", tag = "operations", security(("bearer" = [])), params(("id" = String, Path, description = "`usr_…`")), responses(
    (status = 200, description = "The account as it is now.", body = shape::AdminAccount),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn disable(
    State(rest): State<Rest>,
    operator: Operator,
    context: Context,
    Path(id): Path<String>,
) -> Result<Answer, Problem> {
    let account_id = known(&rest, &id).await?.id;
    changed(&rest, &context, &operator, Command::Disable(Disable { account_id })).await
}

/// Lets a disabled account sign in again.
#[utoipa::path(post, path = "/v1/admin/accounts/{id}/enable", tag = "operations", security(("bearer" = [])), params(("id" = String, Path, description = "`usr_…`")), responses(
    (status = 200, description = "The account as it is now.", body = shape::AdminAccount),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn enable(
    State(rest): State<Rest>,
    operator: Operator,
    context: Context,
    Path(id): Path<String>,
) -> Result<Answer, Problem> {
    let account_id = known(&rest, &id).await?.id;
    changed(&rest, &context, &operator, Command::Enable(Enable { account_id })).await
}

async fn changed(rest: &Rest, context: &Context, operator: &Operator, command: Command) -> Result<Answer, Problem> {
    let (account, index) = change_account(rest, context, operator, command).await?;
    Ok(Answer::ok(&account_shape(&account)).at(index))
}

/// Has an account changed, and forgets its tokens here at once; the other nodes hear of it.
async fn change_account(
    rest: &Rest,
    context: &Context,
    Operator(by): &Operator,
    command: Command,
) -> Result<(Account, u64), Problem> {
    match rest.decide_by(&context.request_id, Some(*by), command).await? {
        (Reply::Accounts(accounts::Reply::Changed(account)), index) => {
            rest.auth.close_all(account.id);
            Ok((account, index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// An account by its id. A node that lags looks again once it has caught up.
async fn known(rest: &Rest, id: &str) -> Result<Account, Problem> {
    let missing = || Problem::not_found("account");
    let id: AccountId = id.parse().map_err(|_| missing())?;
    let get = || look(&*rest.shop, |view| accounts::get(view, id));
    if let Some(account) = get()?.what {
        return Ok(account);
    }
    rest.shop.linearizable().await?;
    get()?.what.ok_or_else(missing)
}

fn account_shape(account: &Account) -> shape::AdminAccount {
    shape::AdminAccount {
        id: account.id.to_string(),
        email: account.email.clone(),
        display_name: account.display_name.clone(),
        role: text::role_shape(account.role),
        created_at: text::time(account.created_at),
        disabled_at: account.disabled_at.map(text::time),
    }
}

pub fn role_of(role: accounts_shape::Role) -> Role {
    match role {
        accounts_shape::Role::Buyer => Role::Buyer,
        accounts_shape::Role::Creator => Role::Creator,
        accounts_shape::Role::Operator => Role::Operator,
    }
}
