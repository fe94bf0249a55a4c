//! Access tokens: JSON Web Tokens (RFC 7519) of one type, with one algorithm, from our own keys only (RFC 8725).

use jsonwebtoken::{Algorithm, Header, Validation};
use livedrop_domain::accounts::Role;
use livedrop_domain::{AccountId, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::is_key_id;
use super::{Identity, KeyRing};

/// The `typ` of an access token (RFC 9068), so that no other kind of token passes for one.
const TYPE: &str = "at+jwt";
/// Nothing that we sign is longer, in bytes.
const TOKEN_BYTES_MAX: usize = 2_048;

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("the token is not one that this cluster signed")]
    Forged,
    /// Signed with a key that was not loaded; it may have been added since.
    #[error("the token was signed with a key that is not known here")]
    UnknownKey,
    #[error("the token has expired")]
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    role: String,
    /// Seconds since the Unix epoch, as `exp`.
    iat: u64,
    exp: u64,
    iss: String,
}

/// Signs a token that lasts `lasts_ms` from `now`, rounded down to the second. `None` without a key.
pub(super) fn sign(
    keys: &KeyRing,
    issuer: &str,
    account_id: AccountId,
    role: Role,
    session_id: SessionId,
    now: Timestamp,
    lasts_ms: u64,
) -> Option<String> {
    let (id, key) = keys.signing()?;
    let claims = Claims {
        sub: account_id.to_string(),
        sid: session_id.to_string(),
        role: role_name(role).into(),
        iat: now.0 / 1_000,
        exp: now.after_ms(lasts_ms).0 / 1_000,
        iss: issuer.into(),
    };
    let header = Header { typ: Some(TYPE.into()), kid: Some(id.into()), ..Header::new(Algorithm::EdDSA) };
    Some(jsonwebtoken::encode(&header, &claims, key).expect("a key that the state machine took signs"))
}

/// Who a token names, if one of `keys` signed it, for `issuer`, and it has not expired.
pub(super) fn verify(token: &str, keys: &KeyRing, issuer: &str, now: Timestamp) -> Result<Identity, BadToken> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(BadToken::Forged);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| BadToken::Forged)?;
    if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
        return Err(BadToken::Forged);
    }
    // Only the key's name is taken from the token: a key, or where to fetch one, never is.
    let id = header.kid.filter(|id| is_key_id(id)).ok_or(BadToken::Forged)?;
    let key = keys.decoding(&id).ok_or(BadToken::UnknownKey)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    // The time is the one that was handed in, not the library's.
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| BadToken::Forged)?.claims;
    let identity = Identity {
        account_id: claims.sub.parse().map_err(|_| BadToken::Forged)?,
        session_id: claims.sid.parse().map_err(|_| BadToken::Forged)?,
        role: role_named(&claims.role).ok_or(BadToken::Forged)?,
        expires_at: Timestamp(claims.exp.saturating_mul(1_000)),
    };
    if identity.expires_at <= now { Err(BadToken::Expired) } else { Ok(identity) }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Buyer => "buyer",
        Role::Creator => "creator",
        Role::Operator => "operator",
    }
}

fn role_named(name: &str) -> Option<Role> {
    [Role::Buyer, Role::Creator, Role::Operator].into_iter().find(|role| role_name(*role) == name)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use jsonwebtoken::EncodingKey;
    use serde_json::json;

    use super::super::fresh_signing_key;
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn signed(keys: &KeyRing) -> String {
        let (account, session) = (AccountId::from_u128(1), SessionId::from_u128(2));
        sign(keys, "cluster", account, Role::Creator, session, NOW, 60_000).expect("there is a key")
    }

    fn forged(header: serde_json::Value, claims: serde_json::Value, signature: &str) -> String {
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(header), part(claims))
    }

    fn claims() -> serde_json::Value {
        let (sub, sid) = (AccountId::from_u128(1).to_string(), SessionId::from_u128(2).to_string());
        json!({"sub": sub, "sid": sid, "role": "operator", "iat": 1, "exp": 9_999_999_999u64, "iss": "cluster"})
    }

    #[test]
    fn a_token_says_who_it_was_signed_for_until_it_expires() {
        let keys = KeyRing::new(vec![fresh_signing_key()]);
        let token = signed(&keys);
        let identity = verify(&token, &keys, "cluster", NOW).expect("it was just signed");
        assert_eq!((identity.account_id, identity.role), (AccountId::from_u128(1), Role::Creator));
        assert_eq!(verify(&token, &keys, "cluster", NOW.after_ms(60_000)), Err(BadToken::Expired));
    }

    #[test]
    fn a_token_of_another_cluster_or_key_is_refused() {
        let keys = KeyRing::new(vec![fresh_signing_key()]);
        let token = signed(&keys);
        assert_eq!(verify(&token, &keys, "other", NOW), Err(BadToken::Forged));
        let others = KeyRing::new(vec![fresh_signing_key()]);
        assert_eq!(verify(&token, &others, "cluster", NOW), Err(BadToken::UnknownKey));
    }

    #[test]
    fn forged_tokens_are_refused() {
        let key = fresh_signing_key();
        let keys = KeyRing::new(vec![key.clone()]);
        let good = signed(&keys);
        let (body, signature) = good.rsplit_once('.').expect("a token has three parts");
        let (header, _) = body.split_once('.').expect("a token has three parts");
        let hmac = Header { typ: Some(TYPE.into()), kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        let with_public_key_as_secret =
            jsonwebtoken::encode(&hmac, &claims(), &EncodingKey::from_secret(&key.public)).expect("HMAC signs");
        let plain = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        let of_another_type =
            jsonwebtoken::encode(&plain, &claims(), &EncodingKey::from_ed_der(&key.private)).expect("it signs");
        let attempts = [
            String::new(),
            "a.b".into(),
            "a.b.c".into(),
            forged(json!({"alg": "none", "typ": TYPE, "kid": key.id}), claims(), ""),
            forged(json!({"alg": "None", "typ": TYPE, "kid": key.id}), claims(), ""),
            forged(json!({"alg": "EdDSA", "typ": TYPE, "kid": key.id}), claims(), signature),
            forged(json!({"alg": "EdDSA", "typ": TYPE, "kid": key.id}), claims(), ""),
            forged(json!({"alg": "EdDSA", "typ": TYPE}), claims(), signature),
            format!("{header}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode(claims().to_string())),
            format!("{body}."),
            format!("{good}A"),
            format!("{good}.{signature}"),
            "x".repeat(1 << 20),
            with_public_key_as_secret,
            of_another_type,
        ];
        for attempt in attempts {
            assert_eq!(verify(&attempt, &keys, "cluster", NOW), Err(BadToken::Forged), "{attempt:.80}");
        }
    }

    #[test]
    fn a_key_that_a_token_brings_along_is_not_used() {
        let (ours, theirs) = (fresh_signing_key(), fresh_signing_key());
        let keys = KeyRing::new(vec![ours.clone()]);
        for id in [&ours.id, &theirs.id, "../../etc/passwd"] {
            let header = Header {
                typ: Some(TYPE.into()),
                kid: Some(id.into()),
                jku: Some("https://example.com/jwks.json".into()),
                ..Header::new(Algorithm::EdDSA)
            };
            let token = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_ed_der(&theirs.private));
            assert!(verify(&token.expect("it signs"), &keys, "cluster", NOW).is_err());
        }
    }
}
