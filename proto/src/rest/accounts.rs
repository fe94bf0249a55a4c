//! Accounts and sign-in.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys.
    Buyer,
    /// Sells, and buys.
    Creator,
    /// Runs the cluster.
    Operator,
}

/// The roles that anybody can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublicRole {
    Buyer,
    Creator,
}

/// `POST /v1/accounts`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// At most 254 bytes. Addresses that differ in case only are one.
    #[schema(max_length = 254, format = Email, example = "ada@example.com")]
    pub email: String,
    /// 8 to 1,024 bytes, and not easy to guess.
    #[schema(min_length = 8, max_length = 1_024, format = Password, example = "correct horse battery staple")]
    pub password: String,
    /// 1 to 200 bytes. Others see it.
    #[schema(min_length = 1, max_length = 200, example = "Ada")]
    pub display_name: String,
    pub role: PublicRole,
}

/// An account, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// `usr_…`
    #[schema(example = "usr_01KAS0FJX0D2W8NMC0D3F5H7KA")]
    pub id: String,
    pub email: String,
    pub display_name: String,
    pub role: Role,
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// `POST /v1/sessions`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    #[schema(max_length = 254)]
    pub email: String,
    #[schema(max_length = 1_024, format = Password)]
    pub password: String,
}

/// `POST /v1/sessions/refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The newest one of the session. An older one closes the session.
    #[schema(max_length = 512, format = Password)]
    pub refresh_token: String,
}

/// `PUT /v1/me/password`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(max_length = 1_024, format = Password)]
    pub current_password: String,
    /// 8 to 1,024 bytes, and not easy to guess.
    #[schema(min_length = 8, max_length = 1_024, format = Password)]
    pub new_password: String,
}

/// A signed-in session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// A JSON Web Token for `Authorization: Bearer …`.
    pub access_token: String,
    /// Good for one exchange at `POST /v1/sessions/refresh`.
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// How long the access token is good, in seconds.
    pub expires_in: u64,
    pub account: Account,
}

/// `GET /.well-known/jwks.json` (RFC 7517): the keys that access tokens are verified with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}

/// One Ed25519 public key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Jwk {
    /// Always `OKP`.
    #[schema(example = "OKP")]
    pub kty: String,
    /// Always `Ed25519`.
    #[schema(example = "Ed25519")]
    pub crv: String,
    /// The `kid` in the header of the tokens that it verifies.
    pub kid: String,
    /// Always `EdDSA`.
    #[schema(example = "EdDSA")]
    pub alg: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: String,
    /// The 32 bytes of the key, base64url without padding.
    pub x: String,
}

/// Passwords and tokens must not reach a log line, so these shapes say only whose they are.
impl fmt::Debug for CreateAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateAccount").field("email", &self.email).field("role", &self.role).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("email", &self.email).finish_non_exhaustive()
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresh").finish_non_exhaustive()
    }
}

impl fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangePassword").finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("account", &self.account).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_printed() {
        let sign_in = SignIn { email: "ada@example.com".into(), password: "secret words".into() };
        assert!(!format!("{sign_in:?}").contains("secret"));
    }

    #[test]
    fn nobody_makes_an_operator_of_himself() {
        let body = r#"{"email":"a@b.c","password":"x","display_name":"A","role":"operator"}"#;
        assert!(serde_json::from_str::<CreateAccount>(body).is_err());
    }
}
