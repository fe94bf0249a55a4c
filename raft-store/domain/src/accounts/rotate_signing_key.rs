use super::{Event, Rejection, Reply, RotateSigningKey, SIGNING_KEYS_MAX, SigningKey, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Has another key sign. The one that signed verifies what it has signed until that has run out.
///
/// Rejects: `TooManyKeys`. Emits `SigningKeyAdded`. The answer names the key that signs now: nothing changes when the
/// key is there already, or when another one signs than the caller saw.
pub(super) fn rotate_signing_key(tx: &mut Tx, entry: &Entry, command: RotateSigningKey) -> Result<Reply, Stop> {
    let keys = table::signing_keys(tx)?;
    if let Some(signer) = keys.iter().find(|key| key.signs()) {
        let seen = command.instead_of.as_ref().is_none_or(|seen| *seen == signer.id);
        if !seen || keys.iter().any(|key| key.id == command.key.id) {
            return Ok(Reply::SigningKey(signer.clone()));
        }
    }
    ensure(keys.len() < SIGNING_KEYS_MAX, Rejection::TooManyKeys)?;
    // From here on it must succeed.
    for old in keys.into_iter().filter(SigningKey::signs) {
        let old = SigningKey { retires_at: Some(entry.now.after_ms(command.old_good_for_ms)), ..old };
        tx.put(table::signing_key_key(&old.id), &old);
    }
    Ok(Reply::SigningKey(sign_with(tx, entry, command.key)))
}

/// Stores a key, which signs from now on, and tells every node.
pub(super) fn sign_with(tx: &mut Tx, entry: &Entry, key: SigningKey) -> SigningKey {
    let key = SigningKey { added_at: Some(entry.now), retires_at: None, ..key };
    tx.put(table::signing_key_key(&key.id), &key);
    tx.emit(Event::SigningKeyAdded { key_id: key.id.clone(), added_at: entry.now });
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{AddSigningKey, Command, signer, signing_keys};
    use crate::clock::is_due;
    use crate::machine::testing::{Machine, signing_key};
    use crate::{Reply as Any, words};

    fn rotate(key: &str, instead_of: Option<&str>) -> Command {
        let (key, instead_of) = (signing_key(key), instead_of.map(str::to_owned));
        Command::RotateSigningKey(RotateSigningKey { key, old_good_for_ms: 1_000, instead_of })
    }

    fn signs(answer: Result<Any, words::Rejection>) -> String {
        match answer {
            Ok(Any::Accounts(Reply::SigningKey(key))) => key.id,
            other => panic!("no key: {other:?}"),
        }
    }

    fn good(machine: &Machine) -> Vec<String> {
        let keys = signing_keys(&machine.view).expect("memory does not fail");
        keys.into_iter().map(|key| key.id).collect()
    }

    #[test]
    fn the_new_key_signs_and_the_old_one_is_good_until_its_tokens_have_run_out() {
        let mut machine = Machine::default();
        machine.run(Command::AddSigningKey(AddSigningKey { key: signing_key("b") })).expect("the first stays");
        assert_eq!(signs(machine.run(rotate("a", Some("b")))), "a");
        assert_eq!(good(&machine), ["a", "b"]);
        machine.now.0 += 999;
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
        machine.now.0 += 1;
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(true));
        machine.tick();
        assert_eq!((good(&machine), machine.told("SigningKeyRetired")), (vec!["a".to_owned()], 1));
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
    }

    #[test]
    fn two_who_find_the_key_old_at_the_same_time_change_it_once() {
        let mut machine = Machine::default();
        assert_eq!(signs(machine.run(rotate("a", None))), "a", "it is the first");
        assert_eq!(signs(machine.run(rotate("b", Some("a")))), "b");
        assert_eq!(signs(machine.run(rotate("c", Some("a")))), "b");
        assert_eq!(signs(machine.run(rotate("a", None))), "b", "a key signs once");
        assert_eq!(good(&machine), ["a", "b"]);
    }

    #[test]
    fn there_are_only_so_many_keys_and_always_one_that_signs() {
        let mut machine = Machine::default();
        for n in 0..SIGNING_KEYS_MAX {
            machine.run(rotate(&format!("key {n:02}"), None)).expect("there is room");
        }
        assert_eq!(machine.run(rotate("one more", None)), Err(Rejection::TooManyKeys.into()));
        let signer = signer(&machine.view).expect("memory does not fail").map(|key| key.id);
        assert_eq!(signer, Some(format!("key {:02}", SIGNING_KEYS_MAX - 1)));
        machine.now.0 += 1_000;
        machine.tick();
        machine.run(rotate("one more", None)).expect("there is room again");
    }
}
