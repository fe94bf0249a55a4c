use super::{Edge, Event, FOLLOWING_MAX, Follow, Rejection, Reply, table};
use crate::accounts::{self, Role};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{AccountId, Entry, Fault, Stop};

/// Has an account follow a creator. One that follows already keeps its place, and nothing is written or told.
///
/// Rejects, in this order: `Yourself`, `CreatorNotFound`, `TooMany`. Emits `Followed`.
/// The follower is not looked for: whoever asks has shown a token of theirs.
pub(super) fn follow(tx: &mut Tx, entry: &Entry, command: &Follow) -> Result<Reply, Stop> {
    let &Follow { follower_id, creator_id } = command;
    ensure(follower_id != creator_id, Rejection::Yourself)?;
    if let Some(edge) = table::edge(tx, follower_id, creator_id)? {
        return Ok(Reply::Followed(edge));
    }
    ensure(is_creator(tx, creator_id)?, Rejection::CreatorNotFound)?;
    let mut own = table::counts(tx, follower_id)?;
    ensure(own.following < FOLLOWING_MAX, Rejection::TooMany)?;
    // From here on it must succeed.
    let edge = Edge { at: entry.now, index: entry.index };
    table::put(tx, follower_id, creator_id, edge);
    own.following += 1;
    table::put_counts(tx, follower_id, own);
    let mut counts = table::counts(tx, creator_id)?;
    counts.followers += 1;
    table::put_counts(tx, creator_id, counts);
    tx.emit(Event::Followed { creator_id, follower_id });
    Ok(Reply::Followed(edge))
}

/// Whether there is something to follow.
pub(super) fn is_creator(tx: &Tx, id: AccountId) -> Result<bool, Fault> {
    Ok(accounts::get(tx, id)?.is_some_and(|account| account.role == Role::Creator))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follows::{Command, Counts, counts, edge, followers, following};
    use crate::machine::testing::{Machine, account};
    use crate::words;

    const CREATOR: AccountId = AccountId::from_u128(1);

    fn follow(machine: &mut Machine, follower: u128, creator: u128) -> Result<words::Reply, words::Rejection> {
        let (follower_id, creator_id) = (AccountId::from_u128(follower), AccountId::from_u128(creator));
        machine.run(Command::Follow(Follow { follower_id, creator_id }))
    }

    #[test]
    fn a_follower_is_counted_listed_and_told_of_once_however_often_they_ask() {
        let mut machine = Machine::with_creator();
        let first = follow(&mut machine, 7, 1);
        let (follower, since) = (AccountId::from_u128(7), Edge { at: machine.now, index: machine.index });
        machine.now.0 += 5;
        assert_eq!(follow(&mut machine, 7, 1), first, "the edge that is there");
        assert_eq!(machine.told("Followed"), 1);
        assert_eq!(edge(&machine.view, follower, CREATOR).ok(), Some(Some(since)));
        assert_eq!(counts(&machine.view, CREATOR).ok(), Some(Counts { followers: 1, following: 0 }));
        assert_eq!(counts(&machine.view, follower).ok(), Some(Counts { followers: 0, following: 1 }));
        assert_eq!(followers(&machine.view, CREATOR, None, 9).ok(), Some(vec![follower]));
        assert_eq!(following(&machine.view, follower, None, 9).ok(), Some(vec![(CREATOR, since)]));
    }

    #[test]
    fn only_creators_are_followed_and_by_others() {
        let mut machine = Machine::with_creator();
        machine.run(accounts::Command::Register(account(2, Role::Buyer))).expect("nobody has the address");
        assert_eq!(follow(&mut machine, 1, 1), Err(Rejection::Yourself.into()));
        assert_eq!(follow(&mut machine, 7, 2), Err(Rejection::CreatorNotFound.into()));
        assert_eq!(follow(&mut machine, 7, 3), Err(Rejection::CreatorNotFound.into()));
    }

    #[test]
    fn who_follows_as_many_as_one_may_follows_no_more() {
        let mut machine = Machine::with_creator();
        let full = Counts { followers: 0, following: FOLLOWING_MAX };
        let key = crate::keys::of_id(crate::keys::FOLLOW_COUNTS, AccountId::from_u128(7).bytes());
        machine.view.0.insert(key.to_vec(), crate::codec::encode(&full));
        let mut overlay = crate::Overlay::default();
        let none = crate::OrderId::from_u128(0);
        let newest = crate::orders::Newest { stored: none, applied: none };
        let mut tx = Tx::new(&machine.view, &mut overlay, 0, newest);
        let entry = Entry { index: 9, now: machine.now };
        let command = Follow { follower_id: AccountId::from_u128(7), creator_id: CREATOR };
        let refused = super::follow(&mut tx, &entry, &command);
        assert!(matches!(refused, Err(Stop::Rejected(words::Rejection::Follows(Rejection::TooMany)))));
    }

    #[test]
    fn lists_go_page_by_page_over_every_bucket_whoever_leaves_meanwhile() {
        let mut machine = Machine::with_creator();
        for follower in 2..60 {
            follow(&mut machine, follower, 1).expect("there is such a creator");
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = followers(&machine.view, CREATOR, after, 7).expect("memory does not fail");
            let Some(last) = page.last().copied() else { break };
            seen.extend(page);
            let unfollow = crate::follows::Unfollow { follower_id: last, creator_id: CREATOR };
            machine.run(Command::Unfollow(unfollow)).expect("it is never rejected");
            after = Some(last);
        }
        let mut all: Vec<_> = (2..60).map(AccountId::from_u128).collect();
        assert_ne!(seen, all, "buckets come first");
        seen.sort();
        all.sort();
        assert_eq!(seen, all);
    }
}
