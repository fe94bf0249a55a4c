use super::rotate_signing_key::sign_with;
use super::{Event, Rejection, Reply, RevokeSigningKey, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Takes a key away at once. When it is the one that signs, its replacement does from now on.
///
/// Rejects: `KeyNotFound`. Emits `SigningKeyAdded` when there is another signer, and `SigningKeyRevoked`: every node
/// then forgets what it has verified. The answer names the key that signs now.
pub(super) fn revoke_signing_key(tx: &mut Tx, entry: &Entry, command: RevokeSigningKey) -> Result<Reply, Stop> {
    let keys = table::signing_keys(tx)?;
    let revoked = keys.iter().find(|key| key.id == command.key_id).ok_or(Rejection::KeyNotFound)?;
    let stays = keys.iter().find(|key| key.signs() && key.id != revoked.id);
    tx.delete(table::signing_key_key(&revoked.id));
    let signer = match stays {
        Some(signer) => signer.clone(),
        None => sign_with(tx, entry, command.replacement),
    };
    tx.emit(Event::SigningKeyRevoked { key_id: command.key_id });
    Ok(Reply::SigningKey(signer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{AddSigningKey, Command, RotateSigningKey, signing_keys};
    use crate::machine::testing::{Machine, signing_key};

    fn revoke(machine: &mut Machine, key_id: &str, replacement: &str) -> Result<crate::Reply, crate::Rejection> {
        let (key_id, replacement) = (key_id.to_owned(), signing_key(replacement));
        machine.run(Command::RevokeSigningKey(RevokeSigningKey { key_id, replacement }))
    }

    fn good(machine: &Machine) -> Vec<(String, bool)> {
        let keys = signing_keys(&machine.view).expect("memory does not fail");
        keys.into_iter().map(|key| (key.id.clone(), key.signs())).collect()
    }

    #[test]
    fn a_revoked_key_is_gone_at_once_and_another_one_signs() {
        let mut machine = Machine::default();
        machine.run(Command::AddSigningKey(AddSigningKey { key: signing_key("a") })).expect("the first stays");
        revoke(&mut machine, "a", "b").expect("it is there");
        assert_eq!(good(&machine), [("b".to_owned(), true)]);
        assert_eq!(revoke(&mut machine, "a", "c"), Err(Rejection::KeyNotFound.into()));
        let key = signing_key("c");
        let rotate = RotateSigningKey { key, old_good_for_ms: 1_000, instead_of: None };
        machine.run(Command::RotateSigningKey(rotate)).expect("there is room");
        revoke(&mut machine, "b", "d").expect("it is there");
        assert_eq!(good(&machine), [("c".to_owned(), true)], "one that only verifies needs no replacement");
        assert_eq!(machine.told("SigningKeyRevoked"), 2);
    }
}
