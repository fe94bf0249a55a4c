//! The rows of this room.

use minicbor::{Decode, Encode};

use crate::{AccountId, SessionId, Timestamp};

/// The longest e-mail address, in bytes (RFC 5321 path limit).
pub const EMAIL_MAX: usize = 254;
/// The longest display name, in bytes.
pub const DISPLAY_NAME_MAX: usize = 200;

/// How long an access token and a request that shows it last at most, in milliseconds: 20 minutes. For so long after an
/// account was disabled a node that lags may take one of its tokens for good.
pub const TOKENS_LAST_MS: u64 = 20 * 60 * 1_000;
/// The most signing keys that are good at one time.
pub const SIGNING_KEYS_MAX: usize = 16;
/// How many accounts one command may bring.
pub const IMPORT_MAX: usize = 200;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    #[n(0)]
    Buyer,
    #[n(1)]
    Creator,
    #[n(2)]
    Operator,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Account {
    #[n(0)]
    pub id: AccountId,
    #[n(1)]
    pub email: String,
    #[n(2)]
    pub display_name: String,
    #[n(3)]
    pub role: Role,
    /// PHC string format. Nobody can sign in with a password where it is empty.
    #[n(4)]
    pub password_hash: String,
    #[n(5)]
    pub created_at: Timestamp,
    /// The log index of the last change.
    #[n(6)]
    pub version: u64,
    /// How many times all of its sessions were closed at once; absent for never. A count and not a log index: sessions
    /// that were opened before and after in one log entry must differ.
    #[n(7)]
    pub era: Option<u64>,
    /// Since when it may do nothing.
    #[n(8)]
    pub disabled_at: Option<Timestamp>,
}

impl Account {
    /// Whether a session of this account that is open is still good: it was not closed along with all others.
    pub fn lets_in(&self, session: &Session) -> bool {
        session.account_id == self.id && session.era == self.era && self.disabled_at.is_none()
    }
}

/// One sign-in. Its refresh tokens are a family: only the newest is good.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Session {
    #[n(0)]
    pub id: SessionId,
    #[n(1)]
    pub account_id: AccountId,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub refresh_hash: [u8; 32],
    #[n(3)]
    pub opened_at: Timestamp,
    #[n(4)]
    pub expires_at: Timestamp,
    /// The account's era that it belongs to; in another one it is closed.
    #[n(5)]
    pub era: Option<u64>,
}

/// An Ed25519 key (RFC 8032) that signs access tokens.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SigningKey {
    /// The `kid` of the tokens it signs.
    #[n(0)]
    pub id: String,
    /// PKCS#8, DER.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub private: Vec<u8>,
    /// The 32 bytes of the public key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub public: Vec<u8>,
    /// When the state machine took it.
    #[n(3)]
    pub added_at: Option<Timestamp>,
    /// When the last token that it signed has run out. The one key without this is the one that signs.
    #[n(4)]
    pub retires_at: Option<Timestamp>,
}

impl SigningKey {
    /// Whether new tokens are signed with it; the others only verify those that they signed.
    pub fn signs(&self) -> bool {
        self.retires_at.is_none()
    }
}

/// A private key must not reach a log line.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}
