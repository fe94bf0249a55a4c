//! Keys of this room, and typed reads.

use super::{Account, SIGNING_KEYS_MAX, Session, SigningKey, TOKENS_LAST_MS};
use crate::keys::{self, key};
use crate::tx::{DueRow, Tx};
use crate::view::Order;
use crate::{AccountId, Entry, Fault, SessionId, Timestamp, View, codec, tx};

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

fn session_due_key(at: Timestamp, index: u64) -> [u8; 17] {
    keys::of_time_at(keys::SESSION_DUE, at, index)
}

fn tokens_left_key() -> [u8; 1] {
    [keys::TOKENS_LEFT]
}

/// Notes that an account was disabled, whose tokens are good elsewhere for a while.
pub(super) fn note_disabled(tx: &mut Tx, entry: &Entry) {
    tx.put(tokens_left_key(), &entry.now.after_ms(TOKENS_LAST_MS));
    tx.tokens_left_until = None;
}

/// Whether a token may be left of an account that was disabled since. Looked up once for all commands of an entry.
pub(crate) fn any_disabled_lately(tx: &mut Tx, entry: &Entry) -> Result<bool, Fault> {
    let until = match tx.tokens_left_until {
        Some(known) => known,
        None => tx::row(tx, &tokens_left_key(), "until when tokens are left")?.unwrap_or_default(),
    };
    tx.tokens_left_until = Some(until);
    Ok(until > entry.now)
}

/// Whether there is such an account and it may do nothing.
pub(crate) fn is_disabled(view: &dyn View, id: AccountId) -> Result<bool, Fault> {
    Ok(get(view, id)?.is_some_and(|account| account.disabled_at.is_some()))
}

/// Has the clock look at a session when it ends as things are now.
pub(super) fn look_at_end(tx: &mut Tx, entry: &Entry, session: &Session) {
    tx.append(session_due_key(session.expires_at, entry.index), &session.id.bytes());
}

/// Has the clock look at a session that it may not know of, at its end or now, whichever is later. One that was refreshed
/// may be looked at twice then, which does no harm.
pub(crate) fn look_at_end_once(tx: &mut Tx, entry: &Entry, session: &Session) -> Result<(), Fault> {
    let (from, to) = (session_due_key(session.expires_at, 0), session_due_key(session.expires_at.after_ms(1), 0));
    let rows = tx.scan(&from, &to, Order::Forward, usize::MAX)?;
    let is_there = rows.iter().any(|(_, ids)| ids.chunks_exact(16).any(|id| id == session.id.bytes()));
    if !is_there {
        let at = session.expires_at.max(entry.now);
        tx.append(session_due_key(at, entry.index), &session.id.bytes());
    }
    Ok(())
}

/// At most `limit` sessions with ids after `after`, lowest first.
pub(crate) fn sessions_after(view: &dyn View, after: Option<SessionId>, limit: usize) -> Result<Vec<Session>, Fault> {
    let from = after.map_or(vec![keys::SESSION], |id| [&session_key(id)[..], &[0]].concat());
    let rows = view.scan(&from, &[keys::SESSION + 1], Order::Forward, limit)?;
    rows.iter().map(|(_, bytes)| codec::decode(bytes, "a session")).collect()
}

/// The oldest row of sessions to look at by `now`, not looking before `from`: its key, its time and the ids in it.
pub(crate) fn first_due(view: &dyn View, from: Timestamp, now: Timestamp) -> Result<Option<DueRow>, Fault> {
    let (from, to) = (session_due_key(from, 0), session_due_key(now.after_ms(1), 0));
    let Some((row, ids)) = view.scan(&from, &to, Order::Forward, 1)?.into_iter().next() else { return Ok(None) };
    let at = keys::number(&row, 1).ok_or_else(|| Fault::new("forgetting sessions", "a key without a time"))?;
    Ok(Some((row, Timestamp(at), ids)))
}

/// Stores a new account and the row that leads to it.
pub(super) fn insert(tx: &mut Tx, account: &Account) {
    tx.put(account_key(account.id), account);
    tx.put(email_key(&account.email), &account.id);
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

/// A session that is open, and its account, if the account still lets it in. It may be past its end.
pub fn standing(view: &dyn View, id: SessionId) -> Result<Option<(Session, Account)>, Fault> {
    let Some(session) = session(view, id)? else { return Ok(None) };
    let account = get(view, session.account_id)?.filter(|account| account.lets_in(&session));
    Ok(account.map(|account| (session, account)))
}

/// At most `limit` accounts with ids after `after`, oldest first.
pub fn list(view: &dyn View, after: Option<AccountId>, limit: usize) -> Result<Vec<Account>, Fault> {
    let from = after.map_or(vec![keys::ACCOUNT], |id| [&account_key(id)[..], &[0]].concat());
    view.scan(&from, &[keys::ACCOUNT + 1], Order::Forward, limit)?
        .into_iter()
        .map(|(_, bytes)| codec::decode(&bytes, "an account"))
        .collect()
}

/// The keys whose signatures are good, in the order of their ids. One of them [signs](SigningKey::signs).
pub fn signing_keys(view: &dyn View) -> Result<Vec<SigningKey>, Fault> {
    view.scan(&[keys::SIGNING_KEY], &[keys::SIGNING_KEY + 1], Order::Forward, SIGNING_KEYS_MAX)?
        .into_iter()
        .map(|(_, bytes)| codec::decode(&bytes, "a signing key"))
        .collect()
}

/// The key that signs, if there is one.
pub fn signer(view: &dyn View) -> Result<Option<SigningKey>, Fault> {
    Ok(signing_keys(view)?.into_iter().find(SigningKey::signs))
}
