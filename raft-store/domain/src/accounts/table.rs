//! Keys of this room, and typed reads.

use super::{Account, Session, SigningKey};
use crate::keys::{self, key};
use crate::{AccountId, Fault, SessionId, View, codec, tx};

pub(super) fn account_key(id: AccountId) -> [u8; 17] {
    keys::of_id(keys::ACCOUNT, id.bytes())
}

pub(super) fn email_key(email: &str) -> Vec<u8> {
    key(keys::ACCOUNT_BY_EMAIL, &[email.to_lowercase().as_bytes()])
}

pub(super) fn session_key(id: SessionId) -> [u8; 17] {
    keys::of_id(keys::SESSION, id.bytes())
}

pub(super) fn signing_key_key(id: &str) -> Vec<u8> {
    key(keys::SIGNING_KEY, &[id.as_bytes()])
}

/// The account with this id.
pub fn get(view: &dyn View, id: AccountId) -> Result<Option<Account>, Fault> {
    tx::row(view, &account_key(id), "an account")
}

/// Whether there is an account with this id.
pub fn exists(view: &dyn View, id: AccountId) -> Result<bool, Fault> {
    let mut found = false;
    view.read(&account_key(id), &mut |_| found = true)?;
    Ok(found)
}

/// The account with this e-mail address, in any case.
pub fn by_email(view: &dyn View, email: &str) -> Result<Option<Account>, Fault> {
    match tx::row(view, &email_key(email), "an e-mail index row")? {
        Some(id) => get(view, id),
        None => Ok(None),
    }
}

/// The open session with this id; it may be past its end.
pub fn session(view: &dyn View, id: SessionId) -> Result<Option<Session>, Fault> {
    tx::row(view, &session_key(id), "a session")
}

/// The keys whose signatures are good, oldest first. The first one signs.
pub fn signing_keys(view: &dyn View) -> Result<Vec<SigningKey>, Fault> {
    view.scan(&[keys::SIGNING_KEY], &[keys::SIGNING_KEY + 1], crate::view::Order::Forward, 16)?
        .into_iter()
        .map(|(_, bytes)| codec::decode(&bytes, "a signing key"))
        .collect()
}
