use super::{Event, Reply, Unfollow, table};
use crate::tx::Tx;
use crate::{Fault, Stop};

/// Has an account follow a creator no more. Where it does not, nothing is written or told.
///
/// It is never rejected. Emits `Unfollowed`.
pub(super) fn unfollow(tx: &mut Tx, command: &Unfollow) -> Result<Reply, Stop> {
    let &Unfollow { follower_id, creator_id } = command;
    if table::edge(tx, follower_id, creator_id)?.is_none() {
        return Ok(Reply::Unfollowed);
    }
    let none_left = || Fault::new("counting who follows whom", "somebody follows and is not counted");
    let mut own = table::counts(tx, follower_id)?;
    own.following = own.following.checked_sub(1).ok_or_else(none_left)?;
    let mut counts = table::counts(tx, creator_id)?;
    counts.followers = counts.followers.checked_sub(1).ok_or_else(none_left)?;
    table::delete(tx, follower_id, creator_id);
    table::put_counts(tx, follower_id, own);
    table::put_counts(tx, creator_id, counts);
    tx.emit(Event::Unfollowed { creator_id, follower_id });
    Ok(Reply::Unfollowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follows::{Command, Counts, Follow, counts, edge, followers};
    use crate::machine::testing::Machine;
    use crate::{AccountId, keys};

    const CREATOR: AccountId = AccountId::from_u128(1);
    const FOLLOWER: AccountId = AccountId::from_u128(7);

    fn unfollow(machine: &mut Machine) {
        let unfollow = Unfollow { follower_id: FOLLOWER, creator_id: CREATOR };
        let answer = machine.run(Command::Unfollow(unfollow));
        assert_eq!(answer, Ok(Reply::Unfollowed.into()));
    }

    #[test]
    fn who_unfollows_leaves_no_row_behind() {
        let mut machine = Machine::with_creator();
        let follow = Command::Follow(Follow { follower_id: FOLLOWER, creator_id: CREATOR });
        machine.run(follow.clone()).expect("there is such a creator");
        unfollow(&mut machine);
        unfollow(&mut machine);
        assert_eq!(machine.told("Unfollowed"), 1);
        assert_eq!(edge(&machine.view, FOLLOWER, CREATOR).ok(), Some(None));
        assert_eq!(followers(&machine.view, CREATOR, None, 9).ok(), Some(vec![]));
        assert_eq!(counts(&machine.view, CREATOR).ok(), Some(Counts::default()));
        let left = machine.view.0.keys().filter(|key| (keys::FOLLOWER..=keys::FOLLOW_COUNTS).contains(&key[0]));
        assert_eq!(left.count(), 0);
        machine.run(follow).expect("they may come back");
        assert_eq!(counts(&machine.view, CREATOR).ok(), Some(Counts { followers: 1, following: 0 }));
    }
}
