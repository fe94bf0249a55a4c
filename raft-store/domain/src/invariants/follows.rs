//! Everyone who follows stands in two rows, nobody follows themselves or more than they may, and all are counted.

use std::collections::{BTreeMap, BTreeSet};

use super::Broken;
use crate::follows::{self, Counts, FOLLOWING_MAX};
use crate::{AccountId, View};

pub(super) fn check(view: &dyn View) -> Result<(), Broken> {
    let of_creators: BTreeSet<_> = follows::all_followers(view)?.into_iter().collect();
    let of_followers: BTreeSet<_> = follows::all_following(view)?.into_iter().collect();
    if let Some((creator, follower)) = of_creators.symmetric_difference(&of_followers).next() {
        return Err(Broken::HalfFollowed { creator: *creator, follower: *follower });
    }
    let mut sums: BTreeMap<AccountId, Counts> = BTreeMap::new();
    for (creator, follower) in of_creators {
        sums.entry(creator).or_default().followers += 1;
        sums.entry(follower).or_default().following += 1;
    }
    for (account, counted) in follows::all_counts(view)? {
        let summed = sums.remove(&account).unwrap_or_default();
        if counted != summed || summed == Counts::default() || summed.following > FOLLOWING_MAX {
            return Err(Broken::Followers { account, counted, summed });
        }
    }
    match sums.into_iter().next() {
        Some((account, summed)) => Err(Broken::Followers { account, counted: Counts::default(), summed }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::follows::{Command, Follow};
    use crate::machine::testing::Machine;
    use crate::{codec, keys};

    /// Has account 7 follow creator 1, then changes rows as a bug would.
    fn followed(bug: impl FnOnce(&mut Machine)) -> Result<(), Broken> {
        let mut machine = Machine::with_creator();
        let follow = Follow { follower_id: AccountId::from_u128(7), creator_id: AccountId::from_u128(1) };
        machine.run(Command::Follow(follow)).expect("there is such a creator");
        bug(&mut machine);
        check(&machine.view)
    }

    #[test]
    fn a_following_with_one_row_is_found() {
        assert!(followed(|_| ()).is_ok());
        for prefix in [keys::FOLLOWER, keys::FOLLOWING] {
            let half = followed(|machine| machine.view.0.retain(|key, _| key[0] != prefix));
            assert!(matches!(half, Err(Broken::HalfFollowed { .. })));
        }
    }

    #[test]
    fn a_count_that_is_wrong_or_not_there_is_found() {
        let gone = followed(|machine| machine.view.0.retain(|key, _| key[0] != keys::FOLLOW_COUNTS));
        assert!(matches!(gone, Err(Broken::Followers { .. })));
        let two = followed(|machine| {
            let key = keys::of_id(keys::FOLLOW_COUNTS, AccountId::from_u128(1).bytes());
            machine.view.0.insert(key.to_vec(), codec::encode(&Counts { followers: 2, following: 0 }));
        });
        assert!(matches!(two, Err(Broken::Followers { summed: Counts { followers: 1, .. }, .. })));
    }
}
