//! Keys of this room, and typed reads.

use super::types::Whose;
use super::{Inbox, KEPT_MS, Kind, Notice, Position};
use crate::keys;
use crate::tx::{DueRow, Tx};
use crate::view::Order;
use crate::{AccountId, Entry, Fault, Timestamp, View, codec, tx};

/// The whole key of a notice is its name among those to forget.
pub(super) const NAME_BYTES: usize = 29;

impl Whose {
    /// What the keys of all notices that stand under them begin with.
    pub(super) fn prefix(self) -> [u8; 17] {
        match self {
            Whose::Creator(id) => keys::of_id(keys::NOTICE_OF_CREATOR, id.bytes()),
            Whose::Account(id) => keys::of_id(keys::NOTICE_OF_ACCOUNT, id.bytes()),
        }
    }
}

fn name(whose: Whose, (index, ordinal): Position) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    name[..17].copy_from_slice(&whose.prefix());
    name[17..25].copy_from_slice(&index.to_be_bytes());
    name[25..].copy_from_slice(&ordinal.to_be_bytes());
    name
}

fn position_of(name: &[u8]) -> Result<Position, Fault> {
    let ordinal = name.get(25..NAME_BYTES).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let position = keys::number(name, 17).zip(ordinal);
    position.ok_or_else(|| Fault::new("reading notices", "a key without the position of an event"))
}

fn old_key(at: Timestamp, index: u64) -> [u8; 17] {
    keys::of_time_at(keys::NOTICE_OLD, at, index)
}

fn inbox_key(account: AccountId) -> [u8; 17] {
    keys::of_id(keys::INBOX, account.bytes())
}

/// Stores a notice of the entry, and when to forget it.
pub(super) fn insert(tx: &mut Tx, entry: &Entry, whose: Whose, ordinal: u32, notice: &Notice) {
    let name = name(whose, (entry.index, ordinal));
    tx.put(name, notice);
    tx.append(old_key(notice.at.after_ms(KEPT_MS), entry.index), &name);
}

pub(super) fn put_inbox(tx: &mut Tx, account: AccountId, inbox: &Inbox) {
    tx.put(inbox_key(account), inbox);
}

/// What an account has read and does not want to be told.
pub fn inbox(view: &dyn View, account: AccountId) -> Result<Inbox, Fault> {
    Ok(tx::row(view, &inbox_key(account), "an inbox")?.unwrap_or_default())
}

/// Whether an account wants to be told of this: one look. `creator` is the one whose drop it is about; none for its own
/// orders. It says nothing of whether the account follows the creator.
pub fn wants(view: &dyn View, account: AccountId, creator: Option<AccountId>, kind: Kind) -> Result<bool, Fault> {
    Ok(inbox(view, account)?.wants(creator, kind))
}

/// At most `limit` notices that stand under somebody, newest first: those of log index `since` and later, and of
/// events before `before`.
pub(super) fn notices(
    view: &dyn View,
    whose: Whose,
    since: u64,
    before: Option<Position>,
    limit: usize,
) -> Result<Vec<(Position, Notice)>, Fault> {
    let to = before.map_or_else(|| keys::after(&whose.prefix()), |before| name(whose, before).to_vec());
    let rows = view.scan(&name(whose, (since, 0)), &to, Order::Backward, limit)?;
    rows.iter().map(|(row, bytes)| Ok((position_of(row)?, codec::decode(bytes, "a notice")?))).collect()
}

/// The oldest row of notices that are to be forgotten by `now`, not looking before `from`.
pub(crate) fn first_old(view: &dyn View, from: Timestamp, now: Timestamp) -> Result<Option<DueRow>, Fault> {
    let rows = view.scan(&old_key(from, 0), &old_key(now.after_ms(1), 0), Order::Forward, 1)?;
    let Some((row, names)) = rows.into_iter().next() else { return Ok(None) };
    let at = keys::number(&row, 1).ok_or_else(|| Fault::new("forgetting notices", "a key without a time"))?;
    Ok(Some((row, Timestamp(at), names)))
}

/// Every notice with its name, for checks of the whole state.
pub(crate) fn all_notices(view: &dyn View) -> Result<Vec<(Vec<u8>, Notice)>, Fault> {
    let rows = view.scan(&[keys::NOTICE_OF_CREATOR], &[keys::NOTICE_OF_ACCOUNT + 1], Order::Forward, usize::MAX)?;
    rows.into_iter().map(|(row, bytes)| Ok((row, codec::decode(&bytes, "a notice")?))).collect()
}

/// When which notices are to be forgotten, for checks of the whole state.
pub(crate) fn old_names(view: &dyn View) -> Result<Vec<(Timestamp, Vec<u8>)>, Fault> {
    let rows = view.scan(&[keys::NOTICE_OLD], &[keys::NOTICE_OLD + 1], Order::Forward, usize::MAX)?;
    let mut all = Vec::new();
    for (row, names) in rows {
        let at = keys::number(&row, 1).ok_or_else(|| Fault::new("reading notices", "a key without a time"))?;
        all.extend(names.chunks(NAME_BYTES).map(|name| (Timestamp(at), name.to_vec())));
    }
    Ok(all)
}

/// Every inbox, for checks of the whole state.
pub(crate) fn all_inboxes(view: &dyn View) -> Result<Vec<(AccountId, Inbox)>, Fault> {
    let rows = view.scan(&[keys::INBOX], &[keys::INBOX + 1], Order::Forward, usize::MAX)?;
    let account = |row: &[u8]| keys::id(row, 1).map(AccountId::from_bytes);
    let wrong = || Fault::new("reading inboxes", "a key without an account id");
    rows.iter().map(|(row, bytes)| Ok((account(row).ok_or_else(wrong)?, codec::decode(bytes, "an inbox")?))).collect()
}
