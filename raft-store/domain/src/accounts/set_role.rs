use super::close_sessions::close_sessions;
use super::{Account, Rejection, Reply, SetRole, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Says what an account may do. Its sessions are closed, since their tokens say what it could do before; a role that it
/// has already changes nothing.
///
/// Rejects: `AccountNotFound`. Emits `SessionsClosed`.
pub(super) fn set_role(tx: &mut Tx, entry: &Entry, command: SetRole) -> Result<Reply, Stop> {
    let account = table::get(tx, command.account_id)?.ok_or(Rejection::AccountNotFound)?;
    if account.role == command.role {
        return Ok(Reply::Changed(account));
    }
    let account = Account { role: command.role, ..account };
    Ok(Reply::Changed(close_sessions(tx, entry, account, None)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Command, Role, get};
    use crate::machine::testing::{Machine, account};

    #[test]
    fn another_role_closes_the_sessions_and_the_same_one_does_not() {
        let mut machine = Machine::default();
        let opened = account(1, Role::Buyer);
        let account_id = opened.account_id;
        machine.run(Command::Register(opened)).expect("nobody has the address");
        for (role, closed) in [(Role::Creator, 1), (Role::Creator, 1), (Role::Operator, 2)] {
            machine.run(Command::SetRole(SetRole { account_id, role })).expect("it is there");
            assert_eq!(machine.told("SessionsClosed"), closed);
            assert_eq!(get(&machine.view, account_id).ok().flatten().map(|account| account.role), Some(role));
        }
    }
}
