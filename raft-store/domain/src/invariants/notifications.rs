//! Every notice stands under whom it is for, once, and will be forgotten; nobody mutes more than they may.

use std::collections::BTreeMap;

use super::Broken;
use crate::View;
use crate::notifications::{self, KEPT_MS, KINDS, Kind, MUTED_MAX};

pub(super) fn check(view: &dyn View) -> Result<(), Broken> {
    let mut ends: BTreeMap<_, _> = notifications::old_names(view)?.into_iter().map(|(at, name)| (name, at)).collect();
    for (name, notice) in notifications::all_notices(view)? {
        let end = ends.remove(&name);
        let what = match Kind::of(&notice.event) {
            None => "is of something that is not noted",
            Some(_) if end.is_none() => "will never be forgotten",
            Some(_) if end != Some(notice.at.after_ms(KEPT_MS)) => "will be forgotten at another time",
            Some(_) => continue,
        };
        return Err(Broken::Notice { name, what });
    }
    if let Some((name, _)) = ends.into_iter().next() {
        return Err(Broken::Notice { name, what: "is to be forgotten and is not there" });
    }
    for (account, inbox) in notifications::all_inboxes(view)? {
        let muted = inbox.muted.len() <= MUTED_MAX && inbox.muted.is_sorted_by(|one, other| one < other);
        let off = inbox.kinds_off.len() <= KINDS.len() && inbox.kinds_off.is_sorted_by(|one, other| one < other);
        if !(muted && off) {
            return Err(Broken::Inbox { account });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::notifications::Inbox;
    use crate::{AccountId, codec, keys};

    /// A drop went live, then rows are changed as a bug would.
    fn live(bug: impl FnOnce(&mut Machine)) -> Result<(), Broken> {
        let mut machine = Machine::with_drop(5);
        bug(&mut machine);
        check(&machine.view)
    }

    #[test]
    fn a_notice_that_stays_for_good_and_one_that_is_gone_too_early_are_found() {
        assert!(live(|_| ()).is_ok());
        let stays = live(|machine| machine.view.0.retain(|key, _| key[0] != keys::NOTICE_OLD));
        assert!(matches!(stays, Err(Broken::Notice { what: "will never be forgotten", .. })));
        let gone = live(|machine| machine.view.0.retain(|key, _| key[0] != keys::NOTICE_OF_CREATOR));
        assert!(matches!(gone, Err(Broken::Notice { what: "is to be forgotten and is not there", .. })));
    }

    #[test]
    fn preferences_out_of_order_are_found() {
        let muted = vec![AccountId::from_u128(2), AccountId::from_u128(1)];
        let wrong = live(|machine| {
            let key = keys::of_id(keys::INBOX, AccountId::from_u128(7).bytes());
            machine.view.0.insert(key.to_vec(), codec::encode(&Inbox { muted, ..Inbox::default() }));
        });
        assert!(matches!(wrong, Err(Broken::Inbox { .. })));
    }
}
