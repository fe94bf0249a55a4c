//! Rows that programs of before did not write, made good once, a few a tick.
//!
//! Whoever adds a row that leads to another writes it when that other one is made. Those that are there already get it
//! here, in the order of their keys, from a cursor that is a row itself: what comes of it is a function of the log, as
//! everything is. A new kind of such rows is a new [`Step`] at the end; a state that had completed the steps before goes
//! on with it.

use minicbor::{Decode, Encode};

use crate::tx::Tx;
use crate::{DropId, Entry, Fault, SessionId, accounts, drops};

/// How far it is: everything before the step, and of the step itself all up to the id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Completed {
    #[n(0)]
    step: Step,
    #[n(1)]
    drop: Option<DropId>,
    #[n(2)]
    session: Option<SessionId>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
enum Step {
    /// Drops are listed under their products.
    #[default]
    #[n(0)]
    DropsOfProducts,
    /// The clock looks at sessions when they end.
    #[n(1)]
    EndsOfSessions,
    #[n(2)]
    All,
}

impl Completed {
    pub fn is_all(self) -> bool {
        self.step == Step::All
    }
}

/// Completes at most `limit` rows. Gives how many it looked at, one at least, and how far it is then.
pub(super) fn go_on(tx: &mut Tx, entry: &Entry, before: Completed, limit: usize) -> Result<(usize, Completed), Fault> {
    let (seen, after) = match before.step {
        Step::DropsOfProducts => {
            let page = drops::after(tx, before.drop, limit)?;
            for drop in &page {
                drops::list_under_product(tx, drop)?;
            }
            let last = page.last().map(|drop| drop.id);
            (page.len(), Completed { drop: last.or(before.drop), ..before })
        }
        Step::EndsOfSessions => {
            let page = accounts::sessions_after(tx, before.session, limit)?;
            for session in &page {
                accounts::look_at_end_once(tx, entry, session)?;
            }
            let last = page.last().map(|session| session.id);
            (page.len(), Completed { session: last.or(before.session), ..before })
        }
        Step::All => return Ok((0, before)),
    };
    if seen == limit {
        return Ok((seen, after));
    }
    let step = match before.step {
        Step::DropsOfProducts => Step::EndsOfSessions,
        Step::EndsOfSessions | Step::All => Step::All,
    };
    Ok((seen.max(1), Completed { step, ..Completed::default() }))
}

#[cfg(test)]
mod tests {
    use crate::accounts::{Command, SignIn, session};
    use crate::clock::{Tick, is_due, is_incomplete};
    use crate::drops::of_product;
    use crate::machine::testing::{Machine, drop};
    use crate::{DropId, SessionId, drops, keys, words};

    /// Five drops of a product and five sessions, as a program left them that knew no rows that lead to them.
    fn left_by_an_older_program() -> Machine {
        let mut machine = Machine::with_product();
        for n in 1..=5 {
            let schedule = drops::Schedule { drop_id: DropId::from_u128(n), ..drop(n) };
            machine.run(drops::Command::Schedule(schedule)).expect("the creator may");
            let (session_id, account_id) = (SessionId::from_u128(n), drop(1).creator_id);
            let sign_in =
                SignIn { session_id, account_id, refresh_hash: [1; 32], lasts_ms: 1_000 * n as u64, era: None };
            machine.run(Command::SignIn(sign_in)).expect("the account is there");
        }
        machine.view.0.retain(|key, _| key[0] != keys::DROP_BY_PRODUCT && key[0] != keys::SESSION_DUE);
        machine
    }

    fn complete(machine: &mut Machine, budget: u32) -> usize {
        let mut ticks = 0;
        while is_incomplete(&machine.view).expect("memory does not fail") {
            let tick = words::Command::Clock(Tick::of(budget).completing());
            machine.run_unchecked(tick).expect("a tick is never rejected");
            ticks += 1;
        }
        ticks
    }

    #[test]
    fn what_an_older_program_left_out_is_made_complete_a_little_at_a_time() {
        for budget in [1, 2, 7, 1_000] {
            let mut machine = left_by_an_older_program();
            machine.now.0 += 2_500;
            let ticks = complete(&mut machine, budget);
            assert!(budget == 1_000 || ticks > 1, "{ticks} ticks of {budget}");
            let listed = of_product(&machine.view, drop(1).product_id, None, 9).expect("memory does not fail");
            assert_eq!(listed.len(), 5);
            // Sessions whose end has come go, and the others when it comes.
            let open = |machine: &Machine| {
                (1..=5)
                    .filter(|n| session(&machine.view, SessionId::from_u128(*n)).is_ok_and(|it| it.is_some()))
                    .count()
            };
            machine.tick();
            assert_eq!(open(&machine), 3);
            machine.now.0 += 10_000;
            machine.tick();
            assert_eq!((open(&machine), is_due(&machine.view, machine.now).ok()), (0, Some(false)));
        }
    }

    #[test]
    fn what_is_complete_is_left_as_it_is_and_looked_at_once() {
        let mut machine = Machine::with_drop(5);
        let (session_id, account_id) = (SessionId::from_u128(1), drop(1).creator_id);
        let sign_in = SignIn { session_id, account_id, refresh_hash: [1; 32], lasts_ms: 1_000, era: None };
        machine.run(Command::SignIn(sign_in)).expect("the account is there");
        let rows = |machine: &Machine| -> Vec<_> {
            let about = |key: &&Vec<u8>| matches!(key[0], keys::DROP_BY_PRODUCT | keys::SESSION_DUE);
            machine.view.0.keys().filter(about).cloned().collect()
        };
        let before = rows(&machine);
        complete(&mut machine, 1_000);
        assert_eq!(rows(&machine), before);
        assert_eq!(complete(&mut machine, 1_000), 0);
    }
}
