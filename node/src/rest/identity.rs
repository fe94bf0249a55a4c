//! Who is asking, taken from the token that came with the request.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use livedrop_domain::accounts::{self, Role};
use livedrop_domain::{AccountId, By, Timestamp};

use super::Rest;
use super::code;
use super::problem::Problem;
use super::shop::look;
use crate::auth::{self, BadToken, Identity, Ticket, TokenHash};

/// Whoever has a good token.
pub struct Caller(pub Identity);

impl Caller {
    pub async fn of(rest: &Rest, headers: &HeaderMap) -> Result<Self, Problem> {
        identify(rest, bearer(headers)?).await.map(Caller)
    }

    pub fn account_id(&self) -> AccountId {
        self.0.account_id
    }
}

/// Somebody who sells.
pub struct Seller(pub AccountId);

/// Somebody who runs the cluster: an account with that role, or whoever can read the node's own operator token.
pub struct Operator(pub By);

impl FromRequestParts<Rest> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, rest: &Rest) -> Result<Self, Problem> {
        Caller::of(rest, &parts.headers).await
    }
}

impl FromRequestParts<Rest> for Seller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, rest: &Rest) -> Result<Self, Problem> {
        let identity = identify(rest, bearer(&parts.headers)?).await?;
        match identity.role {
            Role::Creator => Ok(Seller(identity.account_id)),
            Role::Buyer | Role::Operator => Err(Problem::new(&code::FORBIDDEN, "Only creators sell.")),
        }
    }
}

impl FromRequestParts<Rest> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, rest: &Rest) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?;
        if rest.is_operator_token(token) {
            return Ok(Operator(By { account: None }));
        }
        let Identity { account_id, role, .. } = identify(rest, token).await?;
        match role {
            Role::Operator => Ok(Operator(By { account: Some(account_id) })),
            Role::Buyer | Role::Creator => {
                // It writes nothing, so it is not in the audit trail.
                tracing::warn!(account = %account_id, ?role, method = %parts.method, path = parts.uri.path(), "denied");
                Err(Problem::new(&code::FORBIDDEN, "Only operators may."))
            }
        }
    }
}

pub fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let header = headers.get(AUTHORIZATION).ok_or_else(|| Problem::unauthenticated("There is no token."))?;
    let token = header.to_str().ok().and_then(auth::bearer);
    token.ok_or_else(|| Problem::unauthenticated("Send Authorization: Bearer and the token."))
}

/// Who a token belongs to: remembered, or verified and then remembered.
pub async fn identify(rest: &Rest, token: &str) -> Result<Identity, Problem> {
    let (hash, now) = (TokenHash::of(token), rest.now());
    match rest.auth.recall(&hash, now) {
        Some(identity) => Ok(identity),
        None => verify(rest, token, hash, now).await,
    }
}

/// Checks the signature, and that the session still stands. A node that lags may not have heard of the key or the
/// session yet: before it refuses, it makes sure that it has applied everything that was acknowledged.
async fn verify(rest: &Rest, token: &str, hash: TokenHash, now: Timestamp) -> Result<Identity, Problem> {
    let mut verified = rest.auth.verify(token, now);
    if verified == Err(BadToken::UnknownKey) {
        load_keys(rest)?;
        verified = rest.auth.verify(token, now);
    }
    if verified == Err(BadToken::UnknownKey) {
        // Another node may sign with a key already that this one is about to hear of. Once is enough: whoever could
        // sign with it had applied it. Somebody who makes keys up costs what a public read costs, and they share rounds.
        rest.shop.linearizable().await?;
        load_keys(rest)?;
        verified = rest.auth.verify(token, now);
    }
    let (identity, ticket) = verified.map_err(|bad| {
        Problem::unauthenticated(match bad {
            BadToken::Forged | BadToken::UnknownKey => "The token is not one of ours.",
            BadToken::Expired => "The token has expired. Refresh it.",
        })
    })?;
    if stands(rest, &identity)? || stands_for_certain(rest, &identity).await? {
        remember(rest, hash, identity, ticket);
        return Ok(identity);
    }
    Err(Problem::unauthenticated("The session has ended. Sign in again."))
}

async fn stands_for_certain(rest: &Rest, identity: &Identity) -> Result<bool, Problem> {
    rest.shop.linearizable().await?;
    stands(rest, identity)
}

/// Whether this node knows nothing that has ended the session, or what its account may do.
pub fn stands(rest: &Rest, identity: &Identity) -> Result<bool, Problem> {
    let standing = look(&*rest.shop, |view| accounts::standing(view, identity.session_id))?.what;
    Ok(standing.is_some_and(|(_, account)| account.id == identity.account_id && account.role == identity.role))
}

fn remember(rest: &Rest, hash: TokenHash, identity: Identity, ticket: Ticket) {
    rest.auth.remember(hash, identity, ticket);
}

/// Loads the signing keys as they are here.
pub fn load_keys(rest: &Rest) -> Result<(), Problem> {
    rest.shop.look(&mut |view, _| rest.auth.load_keys(view).map(drop))?;
    Ok(())
}
