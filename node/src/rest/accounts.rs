//! Accounts.

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use livedrop_domain::accounts::{self, Account, DISPLAY_NAME_MAX, EMAIL_MAX, Register, Role};
use livedrop_domain::{AccountId, By, Reply};
use livedrop_proto::rest::Consistency;
use livedrop_proto::rest::accounts as shape;

use super::Rest;
use super::answer::Answer;
use super::body::Json;
use super::checks::Checks;
use super::context::{Context, RequestId};
use super::docs::Problems;
use super::freshness;
use super::identity::Caller;
use super::mint;
use super::password;
use super::problem::Problem;
use super::shop::look;
use super::text;
use crate::auth::PASSWORD_BYTES;

/// Opens an account.
#[utoipa::path(post, path = "/v1/accounts", tag = "accounts", request_body = shape::CreateAccount, responses(
    (status = 201, description = "The account.", body = shape::Account),
    (status = 409, description = "`email_taken`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`, `weak_password`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn create(
    State(rest): State<Rest>,
    context: Context,
    Json(body): Json<shape::CreateAccount>,
) -> Result<Answer, Problem> {
    let role = match body.role {
        shape::PublicRole::Buyer => Role::Buyer,
        shape::PublicRole::Creator => Role::Creator,
    };
    let new = NewAccount { email: body.email, password: body.password, display_name: body.display_name, role };
    register(&rest, &context.request_id, None, new).await
}

/// The caller's own account.
#[utoipa::path(get, path = "/v1/me", tag = "accounts", security(("bearer" = [])), responses(
    (status = 200, description = "The account.", body = shape::Account),
    Problems,
))]
pub async fn me(State(rest): State<Rest>, caller: Caller, headers: HeaderMap) -> Result<Answer, Problem> {
    let id = caller.account_id();
    let seen = freshness::read(&rest, &headers, None, Consistency::Local, |view| accounts::get(view, id)).await?;
    let account = match seen.what {
        Some(account) => account,
        // The token is good, so the account is there, and this node has not applied it yet.
        None => account(&rest, id).await?,
    };
    Ok(Answer::ok(&account_shape(&account)).at(seen.index))
}

/// An account that is to be opened.
pub struct NewAccount {
    pub email: String,
    pub password: String,
    pub display_name: String,
    pub role: Role,
}

/// Checks the fields, hashes the password, and has the account opened, by an operator if one does it.
pub async fn register(
    rest: &Rest,
    request_id: &RequestId,
    by: Option<By>,
    NewAccount { email, password, display_name, role }: NewAccount,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    check_names(&mut checks, &email, &display_name, |field| format!("/{field}"));
    checks.length(&password, PASSWORD_BYTES, "/password");
    checks.done()?;
    let password_hash = password::hash(rest, password, &email, &display_name).await?;
    let account_id = mint::account(rest.now());
    let command = accounts::Command::Register(Register { account_id, email, display_name, role, password_hash });
    match rest.decide_by(request_id, by, command).await? {
        (Reply::Accounts(accounts::Reply::Registered(account)), index) => {
            Ok(Answer::json(StatusCode::CREATED, &account_shape(&account)).at(index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Notes what is wrong with an address and with what others see; `pointer` says where a field is.
pub fn check_names(checks: &mut Checks, email: &str, display_name: &str, pointer: impl Fn(&str) -> String) {
    let detail = format!("must be an e-mail address of at most {EMAIL_MAX} bytes");
    checks.ensure(is_address(email), &pointer("email"), detail);
    let shown = pointer("display_name");
    checks.length(display_name, 1..=DISPLAY_NAME_MAX, &shown);
    checks.ensure(!display_name.chars().any(char::is_control), &shown, "must have no control characters");
}

/// An account that must be there. A node that lags looks again once it has caught up.
pub async fn account(rest: &Rest, id: AccountId) -> Result<Account, Problem> {
    let get = || look(&*rest.shop, |view| accounts::get(view, id));
    if let Some(account) = get()?.what {
        return Ok(account);
    }
    rest.shop.linearizable().await?;
    get()?.what.ok_or_else(|| Problem::unauthenticated("The account is gone."))
}

pub fn account_shape(account: &Account) -> shape::Account {
    shape::Account {
        id: account.id.to_string(),
        email: account.email.clone(),
        display_name: account.display_name.clone(),
        role: text::role_shape(account.role),
        created_at: text::time(account.created_at),
    }
}

/// Whether a text has the form of an e-mail address. Whether mail arrives there only mail can tell.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= EMAIL_MAX
        && !local.is_empty()
        && !domain.is_empty()
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
}
