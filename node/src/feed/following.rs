//! Who is told of a creator's drops: whoever followed when it happened, and wants to hear of such things.
//!
//! Looked up at the time of the event, for the accounts that are listening, a few at a time: apply waits for each look.

use std::collections::BTreeMap;

use livedrop_domain::notifications::{self, Kind};
use livedrop_domain::{AccountId, Fault, View, accounts, follows};

use crate::rest::{Shop, look};

/// Accounts, or creators, that are looked up in one look. Each costs three reads of a row.
const LOOKED_UP: usize = 128;

/// Those of `accounts` that are told of what this creator's drops came to at this log index.
pub fn of_creator(
    shop: &dyn Shop,
    creator: AccountId,
    kind: Option<Kind>,
    index: u64,
    accounts: &[AccountId],
) -> Result<Vec<AccountId>, Fault> {
    let mut followers = Vec::new();
    for some in accounts.chunks(LOOKED_UP) {
        let following = |view: &dyn View| {
            let mut following = Vec::new();
            for account in some {
                if told_since(view, *account, creator, kind)?.is_some_and(|since| since <= index) {
                    following.push(*account);
                }
            }
            Ok(following)
        };
        followers.append(&mut look(shop, following)?.what);
    }
    Ok(followers)
}

/// Since which log index an account is told of each kind of event of each creator; none when it is not.
pub type Since = BTreeMap<(AccountId, Option<Kind>), Option<u64>>;

/// Of each creator and kind of event, since which log index the account is told of it; none when it is not.
pub fn of_account(shop: &dyn Shop, account: AccountId, wanted: &[(AccountId, Option<Kind>)]) -> Result<Since, Fault> {
    let mut since = BTreeMap::new();
    for some in wanted.chunks(LOOKED_UP) {
        let found = |view: &dyn View| {
            let told = |(creator, kind): &(AccountId, Option<Kind>)| {
                Ok(((*creator, *kind), told_since(view, account, *creator, *kind)?))
            };
            some.iter().map(told).collect::<Result<Vec<_>, Fault>>()
        };
        since.extend(look(shop, found)?.what);
    }
    Ok(since)
}

/// Since which log index an account is told of such events of a creator; none when it is not.
fn told_since(
    view: &dyn View,
    account: AccountId,
    creator: AccountId,
    kind: Option<Kind>,
) -> Result<Option<u64>, Fault> {
    let Some(edge) = follows::edge(view, account, creator)? else { return Ok(None) };
    // Nobody is asked to the drops of a creator whose account is disabled; that one is called off is said all the same.
    let is_off = kind == Some(Kind::DropCancelled);
    if !is_off && accounts::get(view, creator)?.is_some_and(|creator| creator.disabled_at.is_some()) {
        return Ok(None);
    }
    // What is too small for the inbox is not muted by kind, but with its creator.
    let wants = match kind {
        Some(kind) => notifications::wants(view, account, Some(creator), kind)?,
        None => !notifications::inbox(view, account)?.muted.contains(&creator),
    };
    Ok(wants.then_some(edge.index))
}
