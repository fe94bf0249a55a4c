use super::{KINDS, MUTED_MAX, Rejection, Reply, SetPreferences, table};
use crate::Stop;
use crate::stop::ensure;
use crate::tx::Tx;

/// Says what an account does not want to be told, in place of what it said before.
///
/// Rejects: `BadField`. It emits nothing.
pub(super) fn set_preferences(tx: &mut Tx, command: SetPreferences) -> Result<Reply, Stop> {
    let SetPreferences { account_id, mut muted, mut kinds_off } = command;
    ensure(muted.len() <= MUTED_MAX && kinds_off.len() <= KINDS.len(), Rejection::BadField)?;
    let before = table::inbox(tx, account_id)?;
    // From here on it must succeed.
    muted.sort();
    muted.dedup();
    kinds_off.sort();
    kinds_off.dedup();
    let inbox = super::Inbox { muted, kinds_off, ..before.clone() };
    if inbox != before {
        table::put_inbox(tx, account_id, &inbox);
    }
    Ok(Reply::Changed(inbox))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountId;
    use crate::machine::testing::Machine;
    use crate::notifications::{Command, Kind, inbox, wants};

    const ACCOUNT: AccountId = AccountId::from_u128(7);
    const ONE: AccountId = AccountId::from_u128(1);
    const TWO: AccountId = AccountId::from_u128(2);

    #[test]
    fn preferences_are_kept_in_order_and_once() {
        let mut machine = Machine::default();
        let (muted, kinds_off) =
            (vec![TWO, ONE, TWO], vec![Kind::DropLowStock, Kind::DropScheduled, Kind::DropLowStock]);
        let set = SetPreferences { account_id: ACCOUNT, muted, kinds_off };
        machine.run(Command::SetPreferences(set)).expect("there are few");
        let kept = inbox(&machine.view, ACCOUNT).expect("memory does not fail");
        assert_eq!((kept.muted, kept.kinds_off), (vec![ONE, TWO], vec![Kind::DropScheduled, Kind::DropLowStock]));
        let wants = |creator, kind| wants(&machine.view, ACCOUNT, creator, kind).expect("memory does not fail");
        assert!(!wants(Some(ONE), Kind::DropLive) && wants(Some(ACCOUNT), Kind::DropLive));
        assert!(!wants(Some(ACCOUNT), Kind::DropLowStock) && wants(None, Kind::OrderConfirmed));
    }

    #[test]
    fn more_creators_than_one_may_mute_are_refused() {
        let mut machine = Machine::default();
        let muted = (0..=MUTED_MAX as u128).map(AccountId::from_u128).collect();
        let set = SetPreferences { account_id: ACCOUNT, muted, kinds_off: vec![] };
        assert_eq!(machine.run(Command::SetPreferences(set)), Err(Rejection::BadField.into()));
    }
}
