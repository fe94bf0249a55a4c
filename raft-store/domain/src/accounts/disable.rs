use super::close_sessions::close_sessions;
use super::{Account, Disable, Enable, Rejection, Reply, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Keeps an account from doing anything. One that is disabled already stays so since then.
///
/// Rejects: `AccountNotFound`. Emits `SessionsClosed`.
pub(super) fn disable(tx: &mut Tx, entry: &Entry, command: Disable) -> Result<Reply, Stop> {
    let account = table::get(tx, command.account_id)?.ok_or(Rejection::AccountNotFound)?;
    if account.disabled_at.is_some() {
        return Ok(Reply::Changed(account));
    }
    let account = Account { disabled_at: Some(entry.now), ..account };
    table::note_disabled(tx, entry);
    Ok(Reply::Changed(close_sessions(tx, entry, account, None)?))
}

/// Lets an account sign in again. The sessions that were closed stay closed.
///
/// Rejects: `AccountNotFound`.
pub(super) fn enable(tx: &mut Tx, entry: &Entry, command: Enable) -> Result<Reply, Stop> {
    let account = table::get(tx, command.account_id)?.ok_or(Rejection::AccountNotFound)?;
    if account.disabled_at.is_none() {
        return Ok(Reply::Changed(account));
    }
    let account = Account { disabled_at: None, version: entry.index, ..account };
    tx.put(table::account_key(account.id), &account);
    Ok(Reply::Changed(account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{ChangePassword, Checked, Command, Refresh, Role, SignIn, TOKENS_LAST_MS};
    use crate::machine::testing::{Machine, account, product};
    use crate::{SessionId, products};

    #[test]
    fn a_disabled_account_does_nothing_until_it_is_enabled_and_signs_in_again() {
        let mut machine = Machine::default();
        let opened = account(1, Role::Creator);
        let account_id = opened.account_id;
        machine.run(Command::Register(opened)).expect("nobody has the address");
        let session = |n: u128, era| {
            let (session_id, refresh_hash) = (SessionId::from_u128(n), [1; 32]);
            Command::SignIn(SignIn { session_id, account_id, refresh_hash, lasts_ms: 60_000, era })
        };
        let refresh = |n: u128| {
            let (session_id, presented_hash, next_hash) = (SessionId::from_u128(n), [1; 32], [2; 32]);
            Command::Refresh(Refresh { session_id, presented_hash, next_hash, lasts_ms: 60_000 })
        };
        let checked = Some(Checked { era: Some(1) });
        let password = ChangePassword { account_id, password_hash: "other".into(), keep: None, checked };
        machine.run(session(1, None)).expect("it is not disabled");
        for _ in 0..2 {
            machine.run(Command::Disable(Disable { account_id })).expect("it is there");
        }
        assert_eq!(machine.told("SessionsClosed"), 1);
        assert_eq!(machine.run(session(2, Some(1))), Err(Rejection::Disabled.into()));
        assert_eq!(machine.run(refresh(1)), Err(Rejection::SessionEnded.into()));
        assert_eq!(machine.run(Command::ChangePassword(password)), Err(Rejection::Disabled.into()));
        let create = products::Command::Create(product(1, 1));
        assert_eq!(machine.run(create.clone()), Err(Rejection::Disabled.into()));
        machine.now.0 += TOKENS_LAST_MS;
        assert_eq!(machine.run(create.clone()), Err(products::Rejection::NotACreator.into()));
        machine.run(Command::Enable(Enable { account_id })).expect("it is there");
        assert_eq!(machine.run(refresh(1)), Err(Rejection::SessionEnded.into()), "what was closed stays closed");
        machine.run(session(2, Some(1))).expect("it is enabled");
        machine.run(refresh(2)).expect("it is open");
        machine.run(create).expect("the creator may");
    }
}
