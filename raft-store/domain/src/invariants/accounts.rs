//! One key signs, if there are keys, and the audit trail is whole.

use super::Broken;
use crate::accounts::SigningKey;
use crate::audit;
use crate::{View, accounts};

pub(super) fn check(view: &dyn View) -> Result<(), Broken> {
    let keys = accounts::signing_keys(view)?;
    let signers = keys.iter().filter(|key| SigningKey::signs(key)).count();
    if !keys.is_empty() && signers != 1 {
        return Err(Broken::Signers { keys: keys.len(), signers });
    }
    let records = audit::after(view, 0, usize::MAX)?;
    let (newest, head) = (audit::verify(audit::beginning(&records), &records)?, audit::head(view)?);
    if newest != head {
        return Err(Broken::AuditHead { newest: newest.number, head: head.number });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{AddSigningKey, Command, Role};
    use crate::machine::testing::{Machine, account, signing_key};
    use crate::{Timestamp, codec, keys};

    fn machine() -> Machine {
        let mut machine = Machine::default();
        machine.run(Command::Register(account(1, Role::Buyer))).expect("nobody has the address");
        machine.run(Command::AddSigningKey(AddSigningKey { key: signing_key("a") })).expect("it is the first");
        machine
    }

    #[test]
    fn a_cluster_that_cannot_sign_or_could_with_two_keys_is_found() {
        let mut machine = machine();
        let key = |id: &str, retires_at| SigningKey { retires_at, ..signing_key(id) };
        let row = |id: &str| keys::key(keys::SIGNING_KEY, &[id.as_bytes()]);
        machine.view.0.insert(row("b"), codec::encode(&key("b", None)));
        assert!(matches!(check(&machine.view), Err(Broken::Signers { keys: 2, signers: 2 })));
        machine.view.0.insert(row("b"), codec::encode(&key("b", Some(Timestamp(1)))));
        check(&machine.view).expect("one signs");
        machine.view.0.remove(&row("a"));
        assert!(matches!(check(&machine.view), Err(Broken::Signers { keys: 1, signers: 0 })));
    }

    #[test]
    fn a_record_that_is_gone_is_found_also_when_it_is_the_last() {
        for number in [1_u64, 2] {
            let mut machine = machine();
            machine.view.0.remove(&keys::key(keys::AUDIT, &[&number.to_be_bytes()])).expect("there are two records");
            assert!(matches!(check(&machine.view), Err(Broken::Audit(_) | Broken::AuditHead { .. })));
        }
    }
}
