use super::types::{DISPLAY_NAME_MAX, EMAIL_MAX};
use super::{Account, Event, Register, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Opens an account.
///
/// Rejects, in this order: `BadField`, `EmailTaken`. Emits `Registered`.
/// The same account id again is the same request again and gets the account that is there.
pub(super) fn register(tx: &mut Tx, entry: &Entry, command: Register) -> Result<Reply, Stop> {
    ensure(is_well_formed(&command.email, &command.display_name), Rejection::BadField)?;
    if let Some(known) = table::get(tx, command.account_id)? {
        return Ok(Reply::Registered(known));
    }
    ensure(table::by_email(tx, &command.email)?.is_none(), Rejection::EmailTaken)?;
    // From here on it must succeed.
    let account = Account {
        id: command.account_id,
        email: command.email,
        display_name: command.display_name,
        role: command.role,
        password_hash: command.password_hash,
        created_at: entry.now,
        version: entry.index,
        era: None,
        disabled_at: None,
    };
    table::insert(tx, &account);
    tx.emit(Event::Registered { account_id: account.id, role: account.role });
    Ok(Reply::Registered(account))
}

pub(super) fn is_well_formed(email: &str, display_name: &str) -> bool {
    email.contains('@') && email.len() <= EMAIL_MAX && (1..=DISPLAY_NAME_MAX).contains(&display_name.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Command, Role, by_email};
    use crate::machine::testing::{Machine, account};

    #[test]
    fn one_address_opens_one_account_in_whatever_case() {
        let mut machine = Machine::default();
        machine.run(Command::Register(account(1, Role::Buyer))).expect("nobody has the address");
        let again = Register { email: "Account-1@Example.COM".into(), ..account(2, Role::Creator) };
        assert_eq!(machine.run(Command::Register(again)), Err(Rejection::EmailTaken.into()));
        let found = by_email(&machine.view, "ACCOUNT-1@example.com").expect("memory does not fail");
        assert_eq!(found.map(|found| found.id), Some(account(1, Role::Buyer).account_id));
    }

    #[test]
    fn the_same_request_again_gets_the_same_account() {
        let mut machine = Machine::default();
        let first = machine.run(Command::Register(account(1, Role::Buyer)));
        assert_eq!(machine.run(Command::Register(account(1, Role::Buyer))), first);
    }

    #[test]
    fn an_account_keeps_its_address() {
        let mut machine = Machine::default();
        let first = machine.run(Command::Register(account(1, Role::Buyer)));
        let moved = Register { email: "elsewhere@example.com".into(), ..account(1, Role::Buyer) };
        assert_eq!(machine.run(Command::Register(moved)), first);
        assert_eq!(by_email(&machine.view, "elsewhere@example.com").expect("memory does not fail"), None);
    }

    #[test]
    fn an_address_without_an_at_sign_or_an_empty_name_is_refused() {
        let mut machine = Machine::default();
        for wrong in [
            Register { email: "nobody".into(), ..account(1, Role::Buyer) },
            Register { display_name: String::new(), ..account(1, Role::Buyer) },
            Register { display_name: "x".repeat(201), ..account(1, Role::Buyer) },
        ] {
            assert_eq!(machine.run(Command::Register(wrong)), Err(Rejection::BadField.into()));
        }
    }
}
