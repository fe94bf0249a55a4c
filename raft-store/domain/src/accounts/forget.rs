use super::{Event, SigningKey, table};
use crate::tx::Tx;
use crate::{Entry, Fault, SessionId, Timestamp, View};

/// Forgets a session that has run out. One that was refreshed since is looked at again when it ends now.
pub(crate) fn forget(tx: &mut Tx, entry: &Entry, id: SessionId) -> Result<(), Fault> {
    let Some(session) = table::session(tx, id)? else { return Ok(()) };
    if session.expires_at > entry.now {
        table::look_at_end(tx, entry, &session);
    } else {
        tx.delete(table::session_key(id));
    }
    Ok(())
}

/// Whether there is a key whose tokens have all run out by `now`.
pub(crate) fn any_key_retires(view: &dyn View, now: Timestamp) -> Result<bool, Fault> {
    Ok(table::signing_keys(view)?.iter().any(|key| is_over(key, now)))
}

/// Removes the keys whose tokens have all run out, at most so many, and says how many. Emits `SigningKeyRetired`.
pub(crate) fn retire_keys(tx: &mut Tx, entry: &Entry, limit: usize) -> Result<usize, Fault> {
    let keys = table::signing_keys(tx)?.into_iter().filter(|key| is_over(key, entry.now)).take(limit);
    let mut retired = 0;
    for SigningKey { id, .. } in keys {
        tx.delete(table::signing_key_key(&id));
        tx.emit(Event::SigningKeyRetired { key_id: id });
        retired += 1;
    }
    Ok(retired)
}

fn is_over(key: &SigningKey, now: Timestamp) -> bool {
    key.retires_at.is_some_and(|at| at <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Command, Refresh, Role, SignIn, session};
    use crate::clock::is_due;
    use crate::machine::testing::{Machine, account};

    #[test]
    fn a_session_that_ran_out_is_forgotten_and_one_that_was_refreshed_is_not() {
        let mut machine = Machine::default();
        let opened = account(1, Role::Buyer);
        let account_id = opened.account_id;
        machine.run(Command::Register(opened)).expect("nobody has the address");
        for n in 1..=3 {
            let (session_id, refresh_hash) = (SessionId::from_u128(n), [1; 32]);
            let sign_in = SignIn { session_id, account_id, refresh_hash, lasts_ms: 1_000, era: None };
            machine.run(Command::SignIn(sign_in)).expect("the account is there");
        }
        machine.now.0 += 500;
        let (session_id, presented_hash, next_hash) = (SessionId::from_u128(2), [1; 32], [2; 32]);
        let refresh = Refresh { session_id, presented_hash, next_hash, lasts_ms: 1_000 };
        machine.run(Command::Refresh(refresh)).expect("it has not run out");
        machine.now.0 += 500;
        let open = |machine: &Machine| {
            [1, 2, 3].map(|n| session(&machine.view, SessionId::from_u128(n)).expect("memory does not fail").is_some())
        };
        let mut left = Vec::new();
        while is_due(&machine.view, machine.now).expect("memory does not fail") {
            machine.tick_with(1);
            left.push(open(&machine));
        }
        assert_eq!(left, [[false, true, true], [false, true, true], [false, true, false]]);
        machine.now.0 += 500;
        machine.tick();
        assert_eq!(open(&machine), [false; 3]);
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
    }
}
