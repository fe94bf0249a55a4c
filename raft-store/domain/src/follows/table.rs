//! Keys of this room, and typed reads.

use super::{Counts, Edge};
use crate::keys::{self, key};
use crate::tx::Tx;
use crate::view::Order;
use crate::{AccountId, Fault, View, codec, tx};

/// Followers of one creator stand in 16 runs of about the same length, so that they can be gone through side by side.
/// The last bytes of a ULID are random: they are a hash already.
fn bucket(follower: AccountId) -> u8 {
    follower.bytes()[15] & 0x0f
}

fn follower_key(creator: AccountId, follower: AccountId) -> Vec<u8> {
    key(keys::FOLLOWER, &[&creator.bytes(), &[bucket(follower)], &follower.bytes()])
}

fn following_key(follower: AccountId, creator: AccountId) -> [u8; 33] {
    keys::of_ids(keys::FOLLOWING, follower.bytes(), creator.bytes())
}

fn counts_key(account: AccountId) -> [u8; 17] {
    keys::of_id(keys::FOLLOW_COUNTS, account.bytes())
}

/// Stores both rows of a following. Whoever calls counts it.
pub(super) fn put(tx: &mut Tx, follower: AccountId, creator: AccountId, edge: Edge) {
    tx.mark(follower_key(creator, follower));
    tx.put(following_key(follower, creator), &edge);
}

/// Removes both rows of a following. Whoever calls counts it.
pub(super) fn delete(tx: &mut Tx, follower: AccountId, creator: AccountId) {
    tx.delete(follower_key(creator, follower));
    tx.delete(following_key(follower, creator));
}

pub(super) fn put_counts(tx: &mut Tx, account: AccountId, counts: Counts) {
    if counts == Counts::default() {
        tx.delete(counts_key(account));
    } else {
        tx.put(counts_key(account), &counts);
    }
}

/// Since when `follower` follows `creator`, if they do: one look.
pub fn edge(view: &dyn View, follower: AccountId, creator: AccountId) -> Result<Option<Edge>, Fault> {
    tx::row(view, &following_key(follower, creator), "a following")
}

/// How many follow an account, and how many it follows.
pub fn counts(view: &dyn View, account: AccountId) -> Result<Counts, Fault> {
    Ok(tx::row(view, &counts_key(account), "how many follow")?.unwrap_or_default())
}

/// At most `limit` followers of a creator, always in the same order, which is of no meaning; those that come after
/// `after`, who need not follow any more.
pub fn followers(
    view: &dyn View,
    creator: AccountId,
    after: Option<AccountId>,
    limit: usize,
) -> Result<Vec<AccountId>, Fault> {
    let all = keys::of_id(keys::FOLLOWER, creator.bytes());
    let from = after.map_or(all.to_vec(), |after| next_after(follower_key(creator, after)));
    let rows = view.scan(&from, &keys::after(&all), Order::Forward, limit)?;
    rows.iter().map(|(row, _)| account_at(row, 18)).collect()
}

/// At most `limit` creators whom an account follows, in the order of their ids, after `after`.
pub fn following(
    view: &dyn View,
    follower: AccountId,
    after: Option<AccountId>,
    limit: usize,
) -> Result<Vec<(AccountId, Edge)>, Fault> {
    let all = keys::of_id(keys::FOLLOWING, follower.bytes());
    let from = after.map_or(all.to_vec(), |after| next_after(following_key(follower, after).to_vec()));
    let rows = view.scan(&from, &keys::after(&all), Order::Forward, limit)?;
    rows.iter().map(|(row, bytes)| Ok((account_at(row, 17)?, codec::decode(bytes, "a following")?))).collect()
}

/// Everyone who follows, as creator and follower, by the rows of creators; for checks of the whole state.
pub(crate) fn all_followers(view: &dyn View) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    let rows = view.scan(&[keys::FOLLOWER], &[keys::FOLLOWER + 1], Order::Forward, usize::MAX)?;
    let mut all = Vec::with_capacity(rows.len());
    for (row, _) in rows {
        let follower = account_at(&row, 18)?;
        if row[17] != bucket(follower) {
            return Err(Fault::new("reading followers", "a follower in another's bucket"));
        }
        all.push((account_at(&row, 1)?, follower));
    }
    Ok(all)
}

/// Everyone who follows, as creator and follower, by the rows of followers; for checks of the whole state.
pub(crate) fn all_following(view: &dyn View) -> Result<Vec<(AccountId, AccountId)>, Fault> {
    let rows = view.scan(&[keys::FOLLOWING], &[keys::FOLLOWING + 1], Order::Forward, usize::MAX)?;
    rows.iter().map(|(row, _)| Ok((account_at(row, 17)?, account_at(row, 1)?))).collect()
}

/// Every count, for checks of the whole state.
pub(crate) fn all_counts(view: &dyn View) -> Result<Vec<(AccountId, Counts)>, Fault> {
    let rows = view.scan(&[keys::FOLLOW_COUNTS], &[keys::FOLLOW_COUNTS + 1], Order::Forward, usize::MAX)?;
    rows.iter().map(|(row, bytes)| Ok((account_at(row, 1)?, codec::decode(bytes, "how many follow")?))).collect()
}

fn account_at(row: &[u8], at: usize) -> Result<AccountId, Fault> {
    let id = keys::id(row, at).map(AccountId::from_bytes);
    id.ok_or_else(|| Fault::new("reading who follows whom", "a key without an account id"))
}

/// The first key that sorts after this one.
fn next_after(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}
