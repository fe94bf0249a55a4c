use super::close_sessions::close_sessions;
use super::{Account, ChangePassword, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Gives an account another password, and closes its sessions but the one that is to stay.
///
/// Rejects, in this order: `AccountNotFound`; when somebody showed the old password, `Disabled` and `ChangedSince`: of
/// two who change it at once, the second has shown one that is old by then. Emits `SessionsClosed`.
pub(super) fn change_password(tx: &mut Tx, entry: &Entry, command: ChangePassword) -> Result<Reply, Stop> {
    let account = table::get(tx, command.account_id)?.ok_or(Rejection::AccountNotFound)?;
    if let Some(checked) = command.checked {
        ensure(account.disabled_at.is_none(), Rejection::Disabled)?;
        ensure(account.era == checked.era, Rejection::ChangedSince)?;
    }
    let account = Account { password_hash: command.password_hash, ..account };
    Ok(Reply::Changed(close_sessions(tx, entry, account, command.keep)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Checked, Command, Role, get};
    use crate::machine::testing::{Machine, account};

    #[test]
    fn of_two_who_know_the_old_password_one_changes_it() {
        let mut machine = Machine::default();
        let opened = account(1, Role::Buyer);
        let account_id = opened.account_id;
        machine.run(Command::Register(opened)).expect("nobody has the address");
        let change = |password: &str, checked| {
            let password_hash = password.to_owned();
            Command::ChangePassword(ChangePassword { account_id, password_hash, keep: None, checked })
        };
        let hash =
            |machine: &Machine| get(&machine.view, account_id).ok().flatten().map(|account| account.password_hash);
        machine.run(change("first", Some(Checked { era: None }))).expect("it was checked");
        assert_eq!(machine.run(change("second", Some(Checked { era: None }))), Err(Rejection::ChangedSince.into()));
        assert_eq!(hash(&machine).as_deref(), Some("first"));
        machine.run(change("by an operator", None)).expect("an operator shows no password");
        assert_eq!(hash(&machine).as_deref(), Some("by an operator"));
    }
}
