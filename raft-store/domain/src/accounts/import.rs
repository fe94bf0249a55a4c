use super::{Account, IMPORT_MAX, Import, ImportedAccount, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Fault, Stop};

/// Opens many accounts, as they were elsewhere. One whose id or address is taken is counted and left out: bringing the
/// same list again changes nothing.
///
/// Rejects: `BadField`. It emits nothing: nobody waits for any of them.
pub(super) fn import(tx: &mut Tx, entry: &Entry, command: Import) -> Result<Reply, Stop> {
    let fits = |new: &ImportedAccount| super::register::is_well_formed(&new.email, &new.display_name);
    ensure(command.accounts.len() <= IMPORT_MAX && command.accounts.iter().all(fits), Rejection::BadField)?;
    // From here on it must succeed.
    let (mut added, mut taken) = (0, 0);
    for new in command.accounts {
        if is_taken(tx, &new)? {
            taken += 1;
            continue;
        }
        let account = Account {
            id: new.account_id,
            email: new.email,
            display_name: new.display_name,
            role: new.role,
            password_hash: new.password_hash,
            created_at: entry.now,
            version: entry.index,
            disabled_at: None,
            era: None,
        };
        table::insert(tx, &account);
        tx.flush();
        added += 1;
    }
    Ok(Reply::Imported { added, taken })
}

fn is_taken(tx: &Tx, new: &ImportedAccount) -> Result<bool, Fault> {
    Ok(table::exists(tx, new.account_id)? || table::by_email(tx, &new.email)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Command, Register, Role, by_email, get};
    use crate::machine::testing::{Machine, account};
    use crate::{AccountId, words};

    fn imported(n: u128, email: &str) -> ImportedAccount {
        ImportedAccount {
            account_id: AccountId::from_u128(n),
            email: email.into(),
            display_name: format!("Account {n}"),
            role: Role::Buyer,
            password_hash: String::new(),
        }
    }

    fn import(machine: &mut Machine, accounts: &[(u128, &str)]) -> Result<words::Reply, words::Rejection> {
        let accounts = accounts.iter().map(|(n, email)| imported(*n, email)).collect();
        machine.run(Command::Import(Import { accounts }))
    }

    #[test]
    fn a_list_is_brought_once_and_takes_nothing_from_those_who_are_there() {
        let mut machine = Machine::default();
        machine.run(Command::Register(account(1, Role::Creator))).expect("nobody has the address");
        let list = [(1, "a@b"), (2, "ACCOUNT-1@example.com"), (3, "c@d"), (4, "C@d"), (5, "e@f"), (5, "g@h")];
        assert_eq!(import(&mut machine, &list), Ok(Reply::Imported { added: 2, taken: 4 }.into()));
        assert_eq!(import(&mut machine, &list), Ok(Reply::Imported { added: 0, taken: 6 }.into()));
        let found = by_email(&machine.view, "E@F").expect("memory does not fail");
        assert_eq!(found.map(|found| (found.id, found.created_at)), Some((AccountId::from_u128(5), machine.now)));
        let first = get(&machine.view, AccountId::from_u128(1)).expect("memory does not fail").expect("it is there");
        assert_eq!((first.email.as_str(), first.role), ("account-1@example.com", Role::Creator));
        assert_eq!(machine.told("Registered"), 1);
    }

    #[test]
    fn too_many_at_once_and_a_bad_address_among_good_ones_are_refused_whole() {
        let mut machine = Machine::default();
        assert_eq!(import(&mut machine, &[(1, "a@b"), (2, "nobody")]), Err(Rejection::BadField.into()));
        assert_eq!(import(&mut machine, &[(1, "a@b"); IMPORT_MAX + 1]), Err(Rejection::BadField.into()));
        assert_eq!(get(&machine.view, AccountId::from_u128(1)).ok(), Some(None));
        machine.run(Command::Register(Register { ..account(1, Role::Buyer) })).expect("the id is free");
    }
}
