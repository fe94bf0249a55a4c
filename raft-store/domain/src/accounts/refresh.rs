use super::{Refresh, Rejection, Reply, Session, sign_out, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Exchanges the newest refresh token of a session for the next one.
///
/// Rejects: `SessionEnded`. A token that is not the newest was copied or replayed: the session is closed and
/// `ReuseDetected` answered (RFC 9700, section 4.14.2). It is an answer, since a rejection writes nothing.
pub(super) fn refresh(tx: &mut Tx, entry: &Entry, command: Refresh) -> Result<Reply, Stop> {
    let (session, _) = table::standing(tx, command.session_id)?.ok_or(Rejection::SessionEnded)?;
    ensure(session.expires_at > entry.now, Rejection::SessionEnded)?;
    if session.refresh_hash != command.presented_hash {
        sign_out::close(tx, session.id);
        return Ok(Reply::ReuseDetected);
    }
    let session =
        Session { refresh_hash: command.next_hash, expires_at: entry.now.after_ms(command.lasts_ms), ..session };
    tx.put(table::session_key(session.id), &session);
    Ok(Reply::Refreshed(session))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Command, Role, SignIn, SignOut};
    use crate::machine::testing::{Machine, account};
    use crate::{SessionId, words};

    const SESSION: SessionId = SessionId::from_u128(9);

    fn signed_in() -> Machine {
        let mut machine = Machine::default();
        let account = account(1, Role::Buyer);
        let account_id = account.account_id;
        machine.run(Command::Register(account)).expect("nobody has the address");
        let sign_in = SignIn { session_id: SESSION, account_id, refresh_hash: [1; 32], lasts_ms: 1_000, era: None };
        machine.run(Command::SignIn(sign_in)).expect("the account is there");
        machine
    }

    fn exchange(machine: &mut Machine, presented: u8, next: u8) -> Result<words::Reply, words::Rejection> {
        machine.run(Command::Refresh(Refresh {
            session_id: SESSION,
            presented_hash: [presented; 32],
            next_hash: [next; 32],
            lasts_ms: 1_000,
        }))
    }

    #[test]
    fn a_refresh_token_used_twice_closes_its_session() {
        let mut machine = signed_in();
        assert!(matches!(
            exchange(&mut machine, 1, 2),
            Ok(words::Reply::Accounts(Reply::Refreshed(session))) if session.refresh_hash == [2; 32]
        ));
        assert_eq!(exchange(&mut machine, 1, 3), Ok(Reply::ReuseDetected.into()));
        assert_eq!(exchange(&mut machine, 2, 3), Err(Rejection::SessionEnded.into()));
    }

    /// What a thief and the owner do with every token that there ever was, in every order of two.
    #[test]
    fn whichever_old_token_is_replayed_and_whenever_the_session_is_closed_for_both() {
        for (replayed, at) in (1..=5_u8).flat_map(|at| (0..at).map(move |replayed| (replayed, at))) {
            let mut machine = signed_in();
            for token in 1..=at {
                exchange(&mut machine, token, token + 1).expect("the newest is good");
            }
            let thief = exchange(&mut machine, replayed, 99);
            assert_eq!(thief, Ok(Reply::ReuseDetected.into()), "token {replayed} after {at} exchanges");
            assert_eq!(exchange(&mut machine, at + 1, at + 2), Err(Rejection::SessionEnded.into()));
            assert_eq!(machine.told("SessionClosed"), 1);
        }
    }

    #[test]
    fn of_many_who_show_one_token_at_once_one_gets_the_next() {
        for together in [2, 10, 50] {
            let mut machine = signed_in();
            let answers: Vec<_> = (0..together).map(|n| exchange(&mut machine, 1, 100 + n)).collect();
            let refreshed = |answer: &&Result<words::Reply, words::Rejection>| {
                matches!(answer, Ok(words::Reply::Accounts(Reply::Refreshed(_))))
            };
            assert_eq!(answers.iter().filter(refreshed).count(), 1);
        }
    }

    #[test]
    fn a_session_past_its_end_or_signed_out_gives_no_more_tokens() {
        let mut machine = signed_in();
        machine.now.0 += 1_000;
        assert_eq!(exchange(&mut machine, 1, 2), Err(Rejection::SessionEnded.into()));
        let mut machine = signed_in();
        machine.run(Command::SignOut(SignOut { session_id: SESSION })).expect("signing out always works");
        assert_eq!(exchange(&mut machine, 1, 2), Err(Rejection::SessionEnded.into()));
    }
}
