//! What can be said to and by this room.

use minicbor::{Decode, Encode};

use super::{Account, Role, Session, SigningKey};
use crate::{AccountId, SessionId, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Command {
    #[n(0)]
    Register(#[n(0)] Register),
    #[n(1)]
    SignIn(#[n(0)] SignIn),
    #[n(2)]
    Refresh(#[n(0)] Refresh),
    #[n(3)]
    SignOut(#[n(0)] SignOut),
    #[n(4)]
    AddSigningKey(#[n(0)] AddSigningKey),
    #[n(6)]
    ChangePassword(#[n(0)] ChangePassword),
    #[n(7)]
    SignOutEverywhere(#[n(0)] SignOutEverywhere),
    #[n(8)]
    SetRole(#[n(0)] SetRole),
    #[n(9)]
    Disable(#[n(0)] Disable),
    #[n(10)]
    Enable(#[n(0)] Enable),
    #[n(11)]
    RotateSigningKey(#[n(0)] RotateSigningKey),
    #[n(12)]
    RevokeSigningKey(#[n(0)] RevokeSigningKey),
    #[n(5)]
    Import(#[n(0)] Import),
}

/// Opens an account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Register {
    #[n(0)]
    pub account_id: AccountId,
    /// As typed; two addresses that differ in case only are one.
    #[n(1)]
    pub email: String,
    #[n(2)]
    pub display_name: String,
    #[n(3)]
    pub role: Role,
    /// An argon2id hash in PHC string format, made at the edge.
    #[n(4)]
    pub password_hash: String,
}

/// Opens a session for an account whose password was checked at the edge.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignIn {
    #[n(0)]
    pub session_id: SessionId,
    #[n(1)]
    pub account_id: AccountId,
    /// A digest of the secret in the refresh token.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub refresh_hash: [u8; 32],
    /// How long the session lasts without a refresh, in milliseconds.
    #[n(3)]
    pub lasts_ms: u64,
    /// The account's era when its password was checked: a password that was changed meanwhile opens nothing.
    #[n(4)]
    pub era: Option<u64>,
}

/// Exchanges a refresh token for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refresh {
    #[n(0)]
    pub session_id: SessionId,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub presented_hash: [u8; 32],
    #[cbor(n(2), with = "minicbor::bytes")]
    pub next_hash: [u8; 32],
    #[n(3)]
    pub lasts_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignOut {
    #[n(0)]
    pub session_id: SessionId,
}

/// Adds the key that signs access tokens, unless there is one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AddSigningKey {
    #[n(0)]
    pub key: SigningKey,
}

/// Gives an account another password, and closes its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ChangePassword {
    #[n(0)]
    pub account_id: AccountId,
    /// An argon2id hash in PHC string format, made at the edge.
    #[n(1)]
    pub password_hash: String,
    /// A session that stays open.
    #[n(2)]
    pub keep: Option<SessionId>,
    /// What the caller knows who showed the old password; not there when an operator does it.
    #[n(3)]
    pub checked: Option<Checked>,
}

/// What was seen of an account when its password was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Checked {
    #[n(0)]
    pub era: Option<u64>,
}

/// Closes every session of an account, however many there are.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignOutEverywhere {
    #[n(0)]
    pub account_id: AccountId,
    /// A session that stays open.
    #[n(1)]
    pub except: Option<SessionId>,
}

/// Says what an account may do from now on, and closes its sessions.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SetRole {
    #[n(0)]
    pub account_id: AccountId,
    #[n(1)]
    pub role: Role,
}

/// Keeps an account from doing anything, and closes its sessions. Its drops and orders stay.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Disable {
    #[n(0)]
    pub account_id: AccountId,
}

/// Lets a disabled account sign in again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Enable {
    #[n(0)]
    pub account_id: AccountId,
}

/// Signs with another key from now on; the one before is good until the tokens that it signed have run out.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RotateSigningKey {
    #[n(0)]
    pub key: SigningKey,
    /// How long the one before is good, in milliseconds.
    #[n(1)]
    pub old_good_for_ms: u64,
    /// The key that signed when the caller looked: two who find it old at the same time change it once. Whatever it
    /// is, when this is not there.
    #[n(2)]
    pub instead_of: Option<String>,
}

/// Takes a key away at once: every token that it signed is worth nothing from now on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RevokeSigningKey {
    #[n(0)]
    pub key_id: String,
    /// Signs from now on, if the key that goes is the one that signs; else it is not used.
    #[n(1)]
    pub replacement: SigningKey,
}

/// Brings accounts that were opened elsewhere: at most [`super::IMPORT_MAX`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Import {
    #[n(0)]
    pub accounts: Vec<ImportedAccount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ImportedAccount {
    #[n(0)]
    pub account_id: AccountId,
    #[n(1)]
    pub email: String,
    #[n(2)]
    pub display_name: String,
    #[n(3)]
    pub role: Role,
    /// In PHC string format. Empty: nobody can sign in with a password.
    #[n(4)]
    pub password_hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    #[n(0)]
    Registered(#[n(0)] Account),
    #[n(1)]
    SignedIn(#[n(0)] Session),
    #[n(2)]
    Refreshed(#[n(0)] Session),
    /// A refresh token was used twice, so somebody copied it: the session is closed.
    #[n(3)]
    ReuseDetected,
    #[n(4)]
    SignedOut,
    /// The key that signs now: the one given, or the one that was there first.
    #[n(5)]
    SigningKey(#[n(0)] SigningKey),
    /// The account as it is now.
    #[n(7)]
    Changed(#[n(0)] Account),
    /// What became of those that were brought; the two come to as many as there were.
    #[n(6)]
    Imported {
        #[n(0)]
        added: u32,
        /// The id or the address was there.
        #[n(1)]
        taken: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Rejection {
    #[n(0)]
    EmailTaken,
    #[n(1)]
    AccountNotFound,
    /// No such session, or it has ended.
    #[n(2)]
    SessionEnded,
    /// Empty or longer than the limits of this room.
    #[n(3)]
    BadField,
    /// The account may do nothing.
    #[n(4)]
    Disabled,
    /// All sessions were closed, or the password was changed, since the caller checked the password.
    #[n(5)]
    ChangedSince,
    #[n(6)]
    KeyNotFound,
    /// As many keys are good as may be; the oldest will go by itself.
    #[n(7)]
    TooManyKeys,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    #[n(0)]
    Registered {
        #[n(0)]
        account_id: AccountId,
        #[n(1)]
        role: Role,
    },
    /// Tokens of this session are worth nothing from now on.
    #[n(1)]
    SessionClosed {
        #[n(0)]
        session_id: SessionId,
    },
    #[n(2)]
    SigningKeyAdded {
        #[n(0)]
        key_id: String,
        #[n(1)]
        added_at: Timestamp,
    },
    /// Tokens of all sessions of this account but one are worth nothing from now on.
    #[n(3)]
    SessionsClosed {
        #[n(0)]
        account_id: AccountId,
        #[n(1)]
        except: Option<SessionId>,
    },
    /// The tokens that it signed have run out.
    #[n(4)]
    SigningKeyRetired {
        #[n(0)]
        key_id: String,
    },
    /// The tokens that it signed are worth nothing from now on.
    #[n(5)]
    SigningKeyRevoked {
        #[n(0)]
        key_id: String,
    },
}
