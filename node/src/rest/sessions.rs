//! Signing in, staying signed in, signing out.

use axum::extract::State;
use http::StatusCode;
use livedrop_domain::accounts::{self, Account, AddSigningKey, Session, SignIn, SignOut, SignOutEverywhere};
use livedrop_domain::{Reply, SessionId};
use livedrop_proto::rest::accounts as shape;

use super::Rest;
use super::accounts::{account, account_shape};
use super::answer::Answer;
use super::body::Json;
use super::code;
use super::context::{Context, RequestId};
use super::docs::Problems;
use super::identity::Caller;
use super::mint;
use super::password;
use super::problem::Problem;
use super::shop::look;
use crate::auth::{KeyRing, Public, RefreshToken, fresh_signing_key};

/// Signs in.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = shape::SignIn, responses(
    (status = 201, description = "The session.", body = shape::Session),
    (status = 401, description = "`bad_credentials`", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    (status = 403, description = "`account_disabled`: the password is right.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_requests`: wrong too often.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn sign_in(
    State(rest): State<Rest>,
    context: Context,
    Json(body): Json<shape::SignIn>,
) -> Result<Answer, Problem> {
    match open(&rest, &context, &body).await {
        // While the password was checked it was changed, or all sessions were closed. It is checked as it is now.
        Err(problem) if *problem.code() == code::ACCOUNT_CHANGED => open(&rest, &context, &body).await,
        opened => opened,
    }
}

async fn open(rest: &Rest, context: &Context, body: &shape::SignIn) -> Result<Answer, Problem> {
    let account = password::check(rest, context.client, &body.email, body.password.clone()).await?;
    let token = RefreshToken::fresh(mint::session(rest.now()));
    let command = accounts::Command::SignIn(SignIn {
        session_id: token.session_id,
        account_id: account.id,
        refresh_hash: token.digest(),
        lasts_ms: rest.auth.options.session_ms,
        era: account.era,
    });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Accounts(accounts::Reply::SignedIn(session)), index) => {
            let answer = signed_in(rest, &context.request_id, &session, &account, &token).await?;
            Ok(Answer::json(StatusCode::CREATED, &answer).at(index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Exchanges a refresh token for a new pair of tokens. One that was used before closes its session.
#[utoipa::path(post, path = "/v1/sessions/refresh", tag = "sessions", request_body = shape::Refresh, responses(
    (status = 200, description = "A new pair.", body = shape::Session),
    (status = 401, description = "`unauthenticated`: the session has ended.", body = livedrop_proto::rest::Problem, content_type = "application/problem+json"),
    Problems,
))]
pub async fn refresh(
    State(rest): State<Rest>,
    context: Context,
    Json(body): Json<shape::Refresh>,
) -> Result<Answer, Problem> {
    let Some(presented) = RefreshToken::parse(&body.refresh_token) else {
        return Err(Problem::unauthenticated("The refresh token is not one of ours."));
    };
    let next = RefreshToken::fresh(presented.session_id);
    let command = accounts::Command::Refresh(accounts::Refresh {
        session_id: presented.session_id,
        presented_hash: presented.digest(),
        next_hash: next.digest(),
        lasts_ms: rest.auth.options.session_ms,
    });
    match rest.decide(&context.request_id, command).await? {
        (Reply::Accounts(accounts::Reply::Refreshed(session)), index) => {
            let account = account(&rest, session.account_id).await?;
            let answer = signed_in(&rest, &context.request_id, &session, &account, &next).await?;
            Ok(Answer::ok(&answer).at(index))
        }
        (Reply::Accounts(accounts::Reply::ReuseDetected), index) => {
            rest.auth.close(presented.session_id);
            let detail = "The refresh token was used before, so its session was closed. Sign in again.";
            Err(Problem::unauthenticated(detail).at(index))
        }
        (other, _) => Err(Problem::unexpected(&other)),
    }
}

/// Signs out: the session's tokens are refused from now on, on every node.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", security(("bearer" = [])), responses(
    (status = 204, description = "Signed out."),
    Problems,
))]
pub async fn sign_out(State(rest): State<Rest>, context: Context, caller: Caller) -> Result<Answer, Problem> {
    let session_id: SessionId = caller.0.session_id;
    let (_, index) = rest.decide(&context.request_id, accounts::Command::SignOut(SignOut { session_id })).await?;
    rest.auth.close(session_id);
    Ok(Answer::no_content().at(index))
}

/// Signs out everywhere: all tokens of all sessions of the account are refused from now on, on every node.
#[utoipa::path(delete, path = "/v1/sessions", tag = "sessions", security(("bearer" = [])), responses(
    (status = 204, description = "Signed out, here and everywhere."),
    Problems,
))]
pub async fn sign_out_everywhere(
    State(rest): State<Rest>,
    context: Context,
    caller: Caller,
) -> Result<Answer, Problem> {
    let account_id = caller.account_id();
    let command = accounts::Command::SignOutEverywhere(SignOutEverywhere { account_id, except: None });
    let (_, index) = rest.decide(&context.request_id, command).await?;
    rest.auth.close_all(account_id);
    Ok(Answer::no_content().at(index))
}

/// The public keys that access tokens are signed with.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "sessions", responses(
    (status = 200, description = "The keys.", body = shape::Jwks),
    Problems,
))]
pub async fn jwks(State(rest): State<Rest>, context: Context) -> Result<Answer, Problem> {
    let keys = signing_keys(&rest, &context.request_id).await?.public().into_iter().map(jwk).collect();
    Ok(Answer::ok(&shape::Jwks { keys })
        .with(http::header::CACHE_CONTROL, http::HeaderValue::from_static("public, max-age=60")))
}

async fn signed_in(
    rest: &Rest,
    request_id: &RequestId,
    session: &Session,
    account: &Account,
    token: &RefreshToken,
) -> Result<shape::Session, Problem> {
    signing_keys(rest, request_id).await?;
    let signed = rest.auth.sign(account.id, account.role, session.id, rest.now());
    Ok(shape::Session {
        access_token: signed.ok_or_else(|| Problem::new(&code::INTERNAL, "There is no key to sign with."))?,
        refresh_token: token.text(),
        token_type: "Bearer".into(),
        expires_in: rest.auth.options.access_ms / 1_000,
        account: account_shape(account),
    })
}

/// The keys that sign. When there are none yet, the first one who needs them makes one: the state machine keeps the
/// first that it is given, so that all nodes sign with the same one.
pub async fn signing_keys(rest: &Rest, request_id: &RequestId) -> Result<std::sync::Arc<KeyRing>, Problem> {
    let mut keys = rest.auth.keys();
    if keys.is_empty() {
        keys = look(&*rest.shop, |view| rest.auth.load_keys(view))?.what;
    }
    if keys.is_empty() {
        let command = accounts::Command::AddSigningKey(AddSigningKey { key: fresh_signing_key() });
        match rest.decide(request_id, command).await? {
            (Reply::Accounts(accounts::Reply::SigningKey(key)), _) => rest.auth.take_key(key),
            (other, _) => return Err(Problem::unexpected(&other)),
        }
        keys = rest.auth.keys();
    }
    Ok(keys)
}

fn jwk(Public { id, x }: Public) -> shape::Jwk {
    let [kty, crv, alg, usage] = ["OKP", "Ed25519", "EdDSA", "sig"].map(String::from);
    shape::Jwk { kty, crv, kid: id, alg, usage, x }
}
