use super::{Action, Actor, Deed, Head, Record, chain, table};
use crate::tx::Tx;
use crate::{Entry, Fault, Timestamp, View};

/// Whether there are records of before `before`, those up to number `floor` being gone. The newest one always stays.
pub(crate) fn is_long(view: &dyn View, floor: u64, before: Timestamp) -> Result<bool, Fault> {
    let first = table::after(view, floor, 1)?.pop();
    Ok(match first {
        Some(first) => first.at < before && first.number < table::head(view)?.number,
        None => false,
    })
}

/// Lets go of at most `limit` of the oldest records of before `before`, and puts that on record: which was the last of
/// them, and its hash, which the first that is left has as that of the record before. So the chain can be checked from
/// there, and that its beginning was let go of and not taken away can be checked as well. Gives the number of the last.
pub(crate) fn trim(
    tx: &mut Tx,
    entry: &Entry,
    floor: u64,
    before: Timestamp,
    limit: usize,
) -> Result<Option<u64>, Fault> {
    let newest = table::head(tx)?.number;
    let is_old = |record: &Record| record.at < before && record.number < newest;
    let old: Vec<Record> = table::after(tx, floor, limit)?.into_iter().take_while(is_old).collect();
    let Some(last) = old.last() else { return Ok(None) };
    for record in &old {
        table::delete(tx, record.number);
    }
    let (subject, detail) = said(Head { number: last.number, hash: last.hash });
    let deed = Deed { actor: Actor::System, action: Action::TrailTrimmed, subject, detail };
    chain::record(tx, entry, "clock", deed)?;
    Ok(Some(last.number))
}

/// What the first of all records that are kept follows from: nothing, or what they say was let go of.
pub(crate) fn beginning(records: &[Record]) -> Head {
    let Some(first) = records.first() else { return Head::default() };
    let before = Head { number: first.number.saturating_sub(1), hash: first.previous };
    let (subject, detail) = said(before);
    let says =
        |record: &Record| record.action == Action::TrailTrimmed && record.subject == subject && record.detail == detail;
    if records.iter().any(says) { before } else { Head::default() }
}

/// The subject and the detail of the record that all up to this one were let go of.
fn said(last: Head) -> (String, String) {
    (last.number.to_string(), format!("hash={}", blake3::Hash::from(last.hash).to_hex()))
}

#[cfg(test)]
mod tests {
    use crate::accounts::{self, Role};
    use crate::audit::{Action, Head, after, verify};
    use crate::clock::{AUDIT_STEP_MS, Kept, Tick, is_audit_long};
    use crate::machine::testing::{Machine, account};
    use crate::words::Command;

    const DAY_MS: u64 = 86_400_000;

    /// Five accounts, one a day.
    fn recorded() -> Machine {
        let mut machine = Machine::default();
        for n in 1..=5 {
            machine.run(accounts::Command::Register(account(n, Role::Buyer))).expect("nobody has the address");
            machine.now.0 += DAY_MS;
        }
        machine
    }

    fn tick(machine: &mut Machine, budget: u32, keep_ms: u64) {
        let tick = Tick::keeping(budget, Kept::default()).trimming_audit(keep_ms);
        machine.run(Command::Clock(tick)).expect("a tick is never rejected");
    }

    fn is_long(machine: &Machine, keep_ms: u64) -> bool {
        is_audit_long(&machine.view, machine.now, keep_ms).expect("memory does not fail")
    }

    #[test]
    fn old_records_go_and_the_chain_is_good_from_the_first_that_is_left() {
        let mut machine = recorded();
        let before = after(&machine.view, 0, 10).expect("memory does not fail");
        assert!(!is_long(&machine, 5 * DAY_MS) && is_long(&machine, 3 * DAY_MS));
        tick(&mut machine, 100, 3 * DAY_MS);
        assert!(!is_long(&machine, 3 * DAY_MS));
        let left = after(&machine.view, 0, 10).expect("memory does not fail");
        assert_eq!(left.iter().map(|record| record.number).collect::<Vec<_>>(), [3, 4, 5, 6]);
        let begin = Head { number: 2, hash: before[1].hash };
        assert_eq!(left[0].previous, begin.hash);
        verify(begin, &left).expect("nothing else was changed");
        let trimmed = left.last().expect("there are four");
        let hash = blake3::Hash::from(begin.hash).to_hex();
        assert_eq!(
            (trimmed.action, &trimmed.subject, &trimmed.detail),
            (Action::TrailTrimmed, &"2".into(), &format!("hash={hash}"))
        );
    }

    #[test]
    fn few_go_at_a_time_and_the_newest_stays_however_old_it_is() {
        let mut machine = recorded();
        machine.now.0 += 100 * DAY_MS;
        let mut lengths = Vec::new();
        while is_long(&machine, DAY_MS) {
            tick(&mut machine, 4, DAY_MS);
            lengths.push(after(&machine.view, 0, 10).expect("memory does not fail").len());
        }
        assert!(lengths.len() > 1, "a tick does a bounded amount: {lengths:?}");
        let left = after(&machine.view, 0, 10).expect("memory does not fail");
        assert!(left.iter().all(|record| record.action == Action::TrailTrimmed), "{left:?}");
    }

    #[test]
    fn an_older_leader_lets_go_of_nothing_and_not_every_day_has_a_tick_of_its_own() {
        let mut machine = recorded();
        machine.tick();
        assert_eq!(after(&machine.view, 0, 10).expect("memory does not fail").len(), 5);
        assert!(!is_long(&machine, 5 * DAY_MS - AUDIT_STEP_MS / 2));
    }
}
