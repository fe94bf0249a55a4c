//! Passwords: whether one is right, and another in its place.

use std::net::IpAddr;

use axum::extract::State;
use livedrop_domain::accounts::{self, Account, ChangePassword, Checked};
use livedrop_proto::rest::accounts as shape;

use super::Rest;
use super::accounts::account;
use super::answer::Answer;
use super::body::Json;
use super::checks::Checks;
use super::code;
use super::context::Context;
use super::docs::Problems;
use super::identity::Caller;
use super::problem::Problem;
use super::shop::look;
use crate::auth::{NotAPassword, PASSWORD_BYTES};

/// Changes the caller's password, who shows the old one. All other sessions of the account are closed.
#[utoipa::path(put, path = "/v1/me/password", tag = "accounts", security(("bearer" = [])), request_body = shape::ChangePassword, responses(
    (status = 204, description = "Changed. This session stays open."),
    (status = 401, description = "`bad_credentials`: the current password is another one.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    (status = 422, description = "`invalid_request`, `weak_password`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_requests`: wrong too often.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn change(
    State(rest): State<Rest>,
    caller: Caller,
    context: Context,
    Json(body): Json<shape::ChangePassword>,
) -> Result<Answer, Problem> {
    let mut checks = Checks::default();
    checks.length(&body.new_password, PASSWORD_BYTES, "/new_password");
    checks.done()?;
    let email = account(&rest, caller.account_id()).await?.email;
    let owner = check(&rest, context.client, &email, body.current_password).await?;
    let command = accounts::Command::ChangePassword(ChangePassword {
        account_id: owner.id,
        password_hash: hash(&rest, body.new_password, &owner.email, &owner.display_name).await?,
        keep: Some(caller.0.session_id),
        checked: Some(Checked { era: owner.era }),
    });
    let (_, index) = rest.decide(&context.request_id, command).await?;
    rest.auth.close_all(owner.id);
    Ok(Answer::no_content().at(index))
}

/// The account of this address, if this is its password and it may do something.
///
/// Rejects, in this order: `too_many_requests`, `bad_credentials` (which counts as a guess), `account_disabled`.
pub async fn check(rest: &Rest, client: IpAddr, email: &str, password: String) -> Result<Account, Problem> {
    let guess = rest.guess(email, client).await?;
    let account = match owner(rest, email, password).await {
        Ok(Some(account)) => {
            guess.right().await;
            account
        }
        Ok(None) => {
            guess.wrong().await;
            let detail = "No account has this e-mail address and this password.";
            return Err(Problem::new(&code::BAD_CREDENTIALS, detail));
        }
        Err(not_checked) => {
            guess.dropped().await;
            return Err(not_checked);
        }
    };
    match account.disabled_at {
        // Only whoever knows the password is told.
        Some(_) => Err(disabled()),
        None => Ok(account),
    }
}

/// The account of this address, if this is its password.
async fn owner(rest: &Rest, email: &str, password: String) -> Result<Option<Account>, Problem> {
    // An account that was opened a moment ago, on another node, can sign in here; a password that was changed cannot.
    rest.shop.linearizable().await?;
    let account = look(&*rest.shop, |view| accounts::by_email(view, email))?.what;
    // Without an account the same work is done, so that neither answer nor time tells whether there is one.
    let hash = account.as_ref().map(|account| account.password_hash.clone()).filter(|hash| !hash.is_empty());
    let right = rest.auth.passwords.verify(password, hash).await?;
    Ok(account.filter(|_| right))
}

/// The hash of a new password, unless it is too easy to guess for somebody who knows whose it is.
///
/// Rejects: `weak_password`.
pub async fn hash(rest: &Rest, password: String, email: &str, display_name: &str) -> Result<String, Problem> {
    let hints = vec![email.to_owned(), display_name.to_owned(), "livedrop".into()];
    rest.auth.passwords.hash(password, hints).await.map_err(|error| match error {
        NotAPassword::Busy(busy) => Problem::from(busy),
        NotAPassword::Weak(why) => Problem::new(&code::WEAK_PASSWORD, why),
    })
}

pub fn disabled() -> Problem {
    Problem::new(&code::ACCOUNT_DISABLED, "An operator has disabled the account.")
}
