use super::follow::is_creator;
use super::{Edge, Event, FOLLOWING_MAX, IMPORT_MAX, Import, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop, accounts};

/// Brings followers to a creator. Those who follow already, who have no account, or who may not follow are counted and
/// left as they are: bringing the same list again changes nothing.
///
/// Rejects, in this order: `BadField`, `CreatorNotFound`. Emits `Imported` once, when it added any.
pub(super) fn import(tx: &mut Tx, entry: &Entry, command: &Import) -> Result<Reply, Stop> {
    let Import { creator_id, followers } = command;
    ensure(followers.len() <= IMPORT_MAX, Rejection::BadField)?;
    ensure(is_creator(tx, *creator_id)?, Rejection::CreatorNotFound)?;
    // From here on it must succeed.
    let edge = Edge { at: entry.now, index: entry.index };
    let (mut added, mut already, mut unknown, mut refused) = (0, 0, 0, 0);
    for follower in followers {
        if follower == creator_id {
            refused += 1;
        } else if table::edge(tx, *follower, *creator_id)?.is_some() {
            already += 1;
        } else if !accounts::exists(tx, *follower)? {
            unknown += 1;
        } else {
            let mut own = table::counts(tx, *follower)?;
            if own.following >= FOLLOWING_MAX {
                refused += 1;
                continue;
            }
            own.following += 1;
            table::put(tx, *follower, *creator_id, edge);
            table::put_counts(tx, *follower, own);
            tx.flush();
            added += 1;
        }
    }
    if added > 0 {
        let mut counts = table::counts(tx, *creator_id)?;
        counts.followers += u64::from(added);
        table::put_counts(tx, *creator_id, counts);
        tx.emit(Event::Imported { creator_id: *creator_id, added });
    }
    Ok(Reply::Imported { added, already, unknown, refused })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Role;
    use crate::follows::{Command, Counts, counts};
    use crate::machine::testing::{Machine, account};
    use crate::{AccountId, words};

    const CREATOR: AccountId = AccountId::from_u128(1);

    fn import(
        machine: &mut Machine,
        followers: impl IntoIterator<Item = u128>,
    ) -> Result<words::Reply, words::Rejection> {
        let followers = followers.into_iter().map(AccountId::from_u128).collect();
        machine.run(Command::Import(Import { creator_id: CREATOR, followers }))
    }

    fn imported(added: u32, already: u32, unknown: u32, refused: u32) -> Result<words::Reply, words::Rejection> {
        Ok(Reply::Imported { added, already, unknown, refused }.into())
    }

    #[test]
    fn a_list_is_brought_once_however_often_it_is_sent() {
        let mut machine = Machine::with_creator();
        for n in 2..40 {
            machine.run(accounts::Command::Register(account(n, Role::Buyer))).expect("nobody has the address");
        }
        assert_eq!(import(&mut machine, 1..50), imported(38, 0, 10, 1));
        assert_eq!(import(&mut machine, 1..50), imported(0, 38, 10, 1));
        assert_eq!(import(&mut machine, [7, 7, 99]), imported(0, 2, 1, 0));
        assert_eq!(machine.told("Imported"), 1, "one event for all of them");
        assert_eq!(counts(&machine.view, CREATOR).ok(), Some(Counts { followers: 38, following: 0 }));
        assert_eq!(counts(&machine.view, AccountId::from_u128(7)).ok(), Some(Counts { followers: 0, following: 1 }));
    }

    #[test]
    fn who_is_named_twice_in_one_list_follows_once() {
        let mut machine = Machine::with_creator();
        machine.run(accounts::Command::Register(account(2, Role::Buyer))).expect("nobody has the address");
        assert_eq!(import(&mut machine, [2, 2]), imported(1, 1, 0, 0));
    }

    #[test]
    fn too_many_at_once_and_followers_of_nobody_are_refused() {
        let mut machine = Machine::with_creator();
        assert_eq!(import(&mut machine, 0..1_001), Err(Rejection::BadField.into()));
        let creator_id = AccountId::from_u128(9);
        let nobody = machine.run(Command::Import(Import { creator_id, followers: vec![] }));
        assert_eq!(nobody, Err(Rejection::CreatorNotFound.into()));
    }
}
