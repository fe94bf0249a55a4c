//! Who is asking: passwords, signed tokens, and what is remembered of both.
//!
//! ```text
//!  password ──argon2id──► session row ──► access token (15 minutes, signed) + refresh token (opaque, hash stored)
//!                                              │
//!  request ──► hash of its token ──► remembered? ──yes──► identity
//!                                              └──no──► signature, claims, session row ──► remembered, identity
//! ```
//!
//! Nothing here knows HTTP, and nothing here reads or writes rows by itself: it is handed a view and the time.

mod keys;
mod passwords;
mod refresh;
mod remembered;
mod tokens;

use std::sync::Arc;

use arc_swap::ArcSwap;
use livedrop_domain::accounts::{Role, SigningKey};
use livedrop_domain::{AccountId, Event, Fault, SessionId, Timestamp, View, accounts};

pub use keys::{KeyRing, Public, fresh_signing_key};
pub use passwords::{Busy, Cost, NotAPassword, PASSWORD_BYTES, Passwords, is_hash};
pub use refresh::RefreshToken;
pub use remembered::{Ticket, TokenHash};
pub use tokens::BadToken;

use remembered::Remembered;

/// Who a request comes from, as its token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    pub account_id: AccountId,
    pub session_id: SessionId,
    pub role: Role,
    pub expires_at: Timestamp,
}

/// The token in what a caller sends as `Authorization: Bearer …`.
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case("Bearer ").then_some(token)
}

/// How long tokens last, how much is remembered, what a password costs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Life of an access token, in milliseconds.
    pub access_ms: u64,
    /// Signs in the place of a key that is so old, in milliseconds; `None` leaves it to operators.
    pub rotate_keys_after_ms: Option<u64>,
    /// Life of a session without a refresh, in milliseconds.
    pub session_ms: u64,
    /// The most verified tokens that are remembered.
    pub remembered_max: usize,
    pub password_cost: Cost,
    /// Threads that hash passwords.
    pub password_threads: usize,
    /// Passwords that may wait for one of them.
    pub password_queue_max: usize,
    /// The least zxcvbn score of a new password, 0 to 4.
    pub password_score_min: u8,
}

/// How long a node may lag behind and go on signing with the key that was replaced, in milliseconds.
const LAG_MS: u64 = 5 * 60_000;

impl Options {
    /// How long a key that was replaced is good: until whatever was signed with it has run out.
    pub fn old_key_ms(&self) -> u64 {
        self.access_ms + LAG_MS
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            access_ms: 15 * 60_000,
            rotate_keys_after_ms: Some(30 * 86_400_000),
            session_ms: 30 * 86_400_000,
            remembered_max: 200_000,
            password_cost: Cost::default(),
            password_threads: 2,
            password_queue_max: 32,
            password_score_min: 2,
        }
    }
}

/// All that a node knows about who is asking.
pub struct Auth {
    pub passwords: Passwords,
    pub options: Options,
    issuer: String,
    keys: ArcSwap<KeyRing>,
    remembered: Remembered,
}

impl Auth {
    /// `issuer` is the cluster's id: a token of another cluster is worth nothing here.
    pub fn new(issuer: impl Into<String>, options: Options) -> Self {
        Auth {
            passwords: Passwords::new(&options),
            issuer: issuer.into(),
            keys: ArcSwap::default(),
            remembered: Remembered::new(options.remembered_max),
            options,
        }
    }

    /// The identity behind a token that was verified before, if it still stands: one hash, one lookup.
    pub fn recall(&self, token: &TokenHash, now: Timestamp) -> Option<Identity> {
        self.remembered.get(token, now)
    }

    /// Checks a token's signature and claims. Whether its session still stands is the caller's to look up, and to
    /// [`remember`](Auth::remember) with the ticket taken *before* that look.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<(Identity, Ticket), BadToken> {
        let keys = self.remembered.keys_ticket();
        let identity = tokens::verify(token, &self.keys.load(), &self.issuer, now)?;
        Ok((identity, self.remembered.ticket(keys, &identity)))
    }

    pub fn remember(&self, token: TokenHash, identity: Identity, ticket: Ticket) {
        self.remembered.insert(token, identity, ticket);
    }

    /// Signs an access token. `None` until a signing key was loaded.
    pub fn sign(&self, account_id: AccountId, role: Role, session_id: SessionId, now: Timestamp) -> Option<String> {
        tokens::sign(&self.keys.load(), &self.issuer, account_id, role, session_id, now, self.options.access_ms)
    }

    /// The keys that were loaded last.
    pub fn keys(&self) -> Arc<KeyRing> {
        self.keys.load_full()
    }

    /// Loads the signing keys from the rows.
    pub fn load_keys(&self, view: &dyn View) -> Result<Arc<KeyRing>, Fault> {
        let ring = Arc::new(KeyRing::new(accounts::signing_keys(view)?));
        self.keys.store(ring.clone());
        Ok(ring)
    }

    /// Takes the key that an `AddSigningKey` was answered with.
    pub fn take_key(&self, key: SigningKey) {
        self.keys.store(Arc::new(KeyRing::new(vec![key])));
    }

    /// Takes note of a fact: tokens of closed sessions, and those that a revoked key signed, are no longer remembered.
    /// Of a key that is new or gone the caller has loaded the keys anew by then.
    pub fn observe(&self, event: &Event) {
        match event {
            Event::Accounts(accounts::Event::SessionClosed { session_id }) => self.close(*session_id),
            Event::Accounts(accounts::Event::SessionsClosed { account_id, .. }) => self.close_all(*account_id),
            Event::Accounts(accounts::Event::SigningKeyRevoked { .. }) => self.forget_all(),
            _ => {}
        }
    }

    /// Forgets the tokens of all sessions of an account. Those of a session that stays open are verified once more.
    pub fn close_all(&self, account_id: AccountId) {
        self.remembered.forget_account(account_id);
    }

    /// Forgets the tokens of a session that was closed.
    pub fn close(&self, session_id: SessionId) {
        self.remembered.forget(session_id);
    }

    /// Takes note that facts were missed: nothing remembered can be relied on.
    pub fn forget_all(&self) {
        self.remembered.forget_all();
    }
}

#[cfg(test)]
impl Options {
    /// Cheap passwords, for tests.
    pub fn cheap() -> Self {
        let password_cost = Cost { memory_kib: 8, passes: 1, lanes: 1 };
        Options { password_cost, password_threads: 1, ..Options::default() }
    }
}
