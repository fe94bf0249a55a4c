//! The keys that access tokens are signed with.

use axum::extract::{Path, State};
use http::StatusCode;
use livedrop_domain::accounts::{self, Command, RevokeSigningKey, RotateSigningKey, SigningKey};
use livedrop_domain::{By, Reply};
use livedrop_proto::rest;
use livedrop_proto::rest::admin as shape;

use crate::auth::fresh_signing_key;
use crate::rest::Rest;
use crate::rest::answer::Answer;
use crate::rest::context::Context;
use crate::rest::docs::Problems;
use crate::rest::identity::{Operator, load_keys};
use crate::rest::problem::Problem;
use crate::rest::shop::look;
use crate::rest::text;

/// The keys whose signatures are good.
#[utoipa::path(get, path = "/v1/admin/keys", tag = "operations", security(("bearer" = [])), responses(
    (status = 200, description = "The keys, without their private halves.", body = shape::SigningKeys),
    Problems,
))]
pub async fn list(State(rest): State<Rest>, _: Operator) -> Result<Answer, Problem> {
    rest.shop.linearizable().await?;
    let seen = look(&*rest.shop, accounts::signing_keys)?;
    let keys = seen.what.iter().map(key_shape).collect();
    Ok(Answer::ok(&shape::SigningKeys { keys }).at(seen.index))
}

/// Signs with a new key from now on. The one before is good until the last token that it signed has run out.
#[utoipa::path(post, path = "/v1/admin/keys", tag = "operations", security(("bearer" = [])), responses(
    (status = 201, description = "The key that signs now.", body = shape::SigningKey),
    (status = 409, description = "`too_many_keys`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn rotate(State(rest): State<Rest>, Operator(by): Operator, context: Context) -> Result<Answer, Problem> {
    let (key, old_good_for_ms) = (fresh_signing_key(), rest.auth.options.old_key_ms());
    let rotate = Command::RotateSigningKey(RotateSigningKey { key, old_good_for_ms, instead_of: None });
    let (signer, index) = change_keys(&rest, &context, by, rotate).await?;
    Ok(Answer::json(StatusCode::CREATED, &key_shape(&signer)).at(index))
}

/// Takes a key away at once: every token that it signed is refused from now on, on every node. Whoever has one
/// refreshes it.
#[utoipa::path(delete, path = "/v1/admin/keys/{id}", tag = "operations", security(("bearer" = [])), params(("id" = String, Path, description = "The `kid`.")), responses(
    (status = 204, description = "It is gone; if it was the one that signs, a new one signs."),
    (status = 404, description = "`not_found`", body = rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn revoke(
    State(rest): State<Rest>,
    Operator(by): Operator,
    context: Context,
    Path(id): Path<String>,
) -> Result<Answer, Problem> {
    let revoke = Command::RevokeSigningKey(RevokeSigningKey { key_id: id, replacement: fresh_signing_key() });
    let (_, index) = change_keys(&rest, &context, by, revoke).await?;
    rest.auth.forget_all();
    Ok(Answer::no_content().at(index))
}

/// Has the keys changed, and loads them here. A node that lags hears of it as the others do.
async fn change_keys(rest: &Rest, context: &Context, by: By, command: Command) -> Result<(SigningKey, u64), Problem> {
    match rest.decide_by(&context.request_id, Some(by), command).await? {
        (Reply::Accounts(accounts::Reply::SigningKey(signer)), index) => {
            if rest.shop.at_least(index).await.is_ok() {
                load_keys(rest)?;
            }
            Ok((signer, index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

fn key_shape(key: &SigningKey) -> shape::SigningKey {
    shape::SigningKey {
        id: key.id.clone(),
        signs: key.signs(),
        added_at: key.added_at.map(text::time),
        retires_at: key.retires_at.map(text::time),
    }
}
