use super::schedule::{items_are_well_formed, stock_of};
use super::types::HOLD_MS;
use super::{Drop, Edit, Event, Phase, Rejection, Reply, of_creator, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Changes a drop that has not started.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`, `ChangedSince`, `BadField`, `EndsTooEarly`. Emits `Edited`.
/// A start that is not later than now opens it with the next tick.
pub(super) fn edit(tx: &mut Tx, entry: &Entry, command: Edit) -> Result<Reply, Stop> {
    let before = of_creator(tx, command.drop_id, command.creator_id)?;
    ensure(before.phase == Phase::Scheduled, Rejection::WrongStatus { status: before.status() })?;
    let as_seen = command.expected_version.is_none_or(|version| version == before.version);
    ensure(as_seen, Rejection::ChangedSince { version: before.version })?;
    let drop = Drop {
        starts_at: command.starts_at.unwrap_or(before.starts_at).max(entry.now),
        ends_at: command.ends_at.unwrap_or(before.ends_at),
        per_customer_limit: command.per_customer_limit.unwrap_or(before.per_customer_limit),
        hold_ms: command.hold_ms.unwrap_or(before.hold_ms),
        low_stock_threshold: command.low_stock_threshold.unwrap_or(before.low_stock_threshold),
        version: entry.index,
        ..before.clone()
    };
    let items_fit = command.items.as_deref().is_none_or(items_are_well_formed);
    ensure(items_fit && HOLD_MS.contains(&drop.hold_ms), Rejection::BadField)?;
    ensure(drop.ends_at > drop.starts_at, Rejection::EndsTooEarly)?;
    let stock = match command.items {
        Some(items) => stock_of(items),
        None => table::stock(tx, drop.id)?,
    };
    // From here on it must succeed.
    table::put(tx, &drop, Some(&before));
    table::put_stock(tx, drop.id, &stock);
    let starts_at = (drop.starts_at != before.starts_at).then_some(drop.starts_at);
    tx.emit(Event::Edited { drop_id: drop.id, creator_id: drop.creator_id, starts_at });
    Ok(Reply::Changed(drop, stock))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drops::{Command, Schedule, Status, get};
    use crate::machine::testing::{Machine, drop};

    fn nothing() -> Edit {
        Edit {
            drop_id: drop(1).drop_id,
            creator_id: drop(1).creator_id,
            starts_at: None,
            ends_at: None,
            items: None,
            per_customer_limit: None,
            hold_ms: None,
            low_stock_threshold: None,
            expected_version: None,
        }
    }

    #[test]
    fn a_drop_that_has_started_stays_as_it_is() {
        let mut machine = Machine::with_drop(5);
        assert_eq!(machine.run(Command::Edit(nothing())), Err(Rejection::WrongStatus { status: Status::Live }.into()));
    }

    #[test]
    fn a_drop_that_is_moved_opens_at_its_new_start_only() {
        let mut machine = Machine::with_product();
        let (soon, later) = (machine.now.after_ms(10), machine.now.after_ms(100));
        machine.run(Command::Schedule(Schedule { starts_at: Some(soon), ..drop(1) })).expect("the creator may");
        machine.run(Command::Edit(Edit { starts_at: Some(later), ..nothing() })).expect("it has not started");
        let mut status_at = |now| {
            machine.now = now;
            machine.tick();
            get(&machine.view, drop(1).drop_id).expect("memory does not fail").expect("it is there").status()
        };
        assert_eq!((status_at(soon), status_at(later)), (Status::Upcoming, Status::Live));
    }

    #[test]
    fn an_edit_of_what_somebody_else_changed_is_refused() {
        let mut machine = Machine::with_product();
        let soon = machine.now.after_ms(10);
        machine.run(Command::Schedule(Schedule { starts_at: Some(soon), ..drop(1) })).expect("the creator may");
        let stale = machine.run(Command::Edit(Edit { expected_version: Some(1), ..nothing() }));
        assert!(matches!(stale, Err(crate::Rejection::Drops(Rejection::ChangedSince { .. }))));
    }
}
