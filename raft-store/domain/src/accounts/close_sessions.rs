use super::{Account, Event, Rejection, Reply, SignOutEverywhere, table};
use crate::tx::Tx;
use crate::{Entry, SessionId, Stop};

/// Closes every session of an account, but one if it says so.
///
/// Rejects: `AccountNotFound`. Emits `SessionsClosed`.
pub(super) fn sign_out_everywhere(tx: &mut Tx, entry: &Entry, command: SignOutEverywhere) -> Result<Reply, Stop> {
    let account = table::get(tx, command.account_id)?.ok_or(Rejection::AccountNotFound)?;
    Ok(Reply::Changed(close_sessions(tx, entry, account, command.except)?))
}

/// Stores an account that has changed, in its next era: the sessions of those before are closed, but one that is taken
/// along. Tells every node, which then forgets the tokens it has verified.
pub(super) fn close_sessions(
    tx: &mut Tx,
    entry: &Entry,
    account: Account,
    except: Option<SessionId>,
) -> Result<Account, Stop> {
    let kept = match except {
        Some(id) => table::session(tx, id)?.filter(|session| account.lets_in(session)),
        None => None,
    };
    let except = kept.as_ref().map(|session| session.id);
    let account = Account { era: Some(account.era.unwrap_or(0) + 1), version: entry.index, ..account };
    if let Some(mut session) = kept {
        session.era = account.era;
        tx.put(table::session_key(session.id), &session);
    }
    tx.put(table::account_key(account.id), &account);
    tx.emit(Event::SessionsClosed { account_id: account.id, except });
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{self, Command, Refresh, Role, SignIn};
    use crate::machine::testing::{Machine, account};
    use crate::{AccountId, batch::BatchBuilder};
    use crate::{Overlay, Request, apply, codec};

    const ADA: AccountId = AccountId::from_u128(1);
    const BOB: AccountId = AccountId::from_u128(2);

    fn sign_in(account_id: AccountId, n: u128, era: Option<u64>) -> Command {
        let (session_id, refresh_hash) = (SessionId::from_u128(n), [n as u8; 32]);
        Command::SignIn(SignIn { session_id, account_id, refresh_hash, lasts_ms: 60_000, era })
    }

    fn refresh(n: u128) -> Command {
        let (presented_hash, next_hash) = ([n as u8; 32], [n as u8; 32]);
        Command::Refresh(Refresh { session_id: SessionId::from_u128(n), presented_hash, next_hash, lasts_ms: 60_000 })
    }

    /// Ada with sessions 1 to 3, Bob with session 4.
    fn signed_in() -> Machine {
        let mut machine = Machine::default();
        machine.run(Command::Register(account(1, Role::Buyer))).expect("nobody has the address");
        machine.run(Command::Register(account(2, Role::Buyer))).expect("nobody has the address");
        for n in 1..=3 {
            machine.run(sign_in(ADA, n, None)).expect("the account is there");
        }
        machine.run(sign_in(BOB, 4, None)).expect("the account is there");
        machine
    }

    fn stands(machine: &Machine, n: u128) -> bool {
        accounts::standing(&machine.view, SessionId::from_u128(n)).expect("memory does not fail").is_some()
    }

    #[test]
    fn all_sessions_of_one_account_are_closed_but_the_one_that_asks() {
        let mut machine = signed_in();
        let except = Some(SessionId::from_u128(2));
        machine.run(Command::SignOutEverywhere(SignOutEverywhere { account_id: ADA, except })).expect("it is there");
        assert_eq!([1, 2, 3, 4].map(|n| stands(&machine, n)), [false, true, false, true]);
        assert_eq!(machine.run(refresh(1)), Err(Rejection::SessionEnded.into()));
        machine.run(refresh(2)).expect("it was kept");
        machine.run(sign_in(ADA, 5, Some(1))).expect("this is the era");
        assert!(stands(&machine, 5));
        machine.run(Command::SignOutEverywhere(SignOutEverywhere { account_id: ADA, except: None })).expect("again");
        assert_eq!([2, 5, 4].map(|n| stands(&machine, n)), [false, false, true]);
    }

    #[test]
    fn nobody_keeps_a_session_of_somebody_else_or_one_that_is_closed() {
        let mut machine = signed_in();
        for except in
            [Some(SessionId::from_u128(4)), Some(SessionId::from_u128(9)), None, Some(SessionId::from_u128(1))]
        {
            machine
                .run(Command::SignOutEverywhere(SignOutEverywhere { account_id: ADA, except }))
                .expect("it is there");
            assert_eq!([1, 2, 3, 4].map(|n| stands(&machine, n)), [false, false, false, true]);
        }
        let nobody = SignOutEverywhere { account_id: AccountId::from_u128(9), except: None };
        assert_eq!(machine.run(Command::SignOutEverywhere(nobody)), Err(Rejection::AccountNotFound.into()));
    }

    #[test]
    fn a_password_that_was_checked_before_all_was_closed_opens_nothing() {
        let mut machine = signed_in();
        machine
            .run(Command::SignOutEverywhere(SignOutEverywhere { account_id: ADA, except: None }))
            .expect("it is there");
        assert_eq!(machine.run(sign_in(ADA, 6, None)), Err(Rejection::ChangedSince.into()));
    }

    #[test]
    fn in_one_log_entry_too_what_came_before_is_closed_and_what_comes_after_is_not() {
        let mut machine = signed_in();
        let mut batch = BatchBuilder::new();
        let everywhere = Command::SignOutEverywhere(SignOutEverywhere { account_id: ADA, except: None });
        for command in [sign_in(ADA, 6, None), everywhere, sign_in(ADA, 7, Some(1))] {
            let request = Request { request_id: "test".into(), idempotency: None, command: command.into(), by: None };
            batch.push(&codec::encode(&request));
        }
        let mut overlay = Overlay::default();
        machine.index += 1;
        let applied = apply(&machine.view, &mut overlay, machine.index, &batch.finish(machine.now)).expect("no fault");
        machine.view.write(&mut overlay);
        assert!(applied.outcomes.iter().all(|outcome| outcome.answer.is_ok()));
        assert_eq!([6, 7].map(|n| stands(&machine, n)), [false, true]);
    }
}
