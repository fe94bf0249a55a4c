//! What a creator does to a drop with one word: pause, resume, end, cancel.

use super::{Drop, Event, Phase, Rejection, Reply, Steer, Stock, line, of_creator, open_due, table, winding};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Stops the sale for a while; what is held stays held.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`. Emits `Paused`.
pub(super) fn pause(tx: &mut Tx, entry: &Entry, command: Steer) -> Result<Reply, Stop> {
    change(tx, entry, command, &[Phase::Live], |tx, drop, _| {
        drop.phase = Phase::Paused;
        tx.emit(Event::Paused { drop_id: drop.id, creator_id: drop.creator_id });
        Ok(())
    })
}

/// Goes on with a sale that was paused.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`. Emits `Live`.
pub(super) fn resume(tx: &mut Tx, entry: &Entry, command: Steer) -> Result<Reply, Stop> {
    change(tx, entry, command, &[Phase::Paused], |tx, drop, stock| {
        drop.sold_out = drop.for_sale(stock) == 0;
        open_due::open(tx, entry, drop);
        line::note_units(tx, drop);
        Ok(())
    })
}

/// Ends a sale; what is held can still be paid.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`. Emits `Ended`.
pub(super) fn end(tx: &mut Tx, entry: &Entry, command: Steer) -> Result<Reply, Stop> {
    change(tx, entry, command, &[Phase::Live, Phase::Paused], |tx, drop, _| {
        open_due::end(tx, entry, drop);
        Ok(())
    })
}

/// Calls a drop off: it sells nothing any more, and the clock calls its orders off, which may be many.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`. Emits `Cancelled`.
pub(super) fn cancel(tx: &mut Tx, entry: &Entry, command: Steer) -> Result<Reply, Stop> {
    change(tx, entry, command, &[Phase::Scheduled, Phase::Live, Phase::Paused], |tx, drop, stock| {
        drop.phase = Phase::Cancelled;
        if stock.0.iter().any(|item| item.held + item.sold > 0) {
            winding::begin(tx, drop.id);
        }
        line::note_end(tx, drop);
        tx.emit(Event::Cancelled { drop_id: drop.id, creator_id: drop.creator_id });
        Ok(())
    })
}

fn change(
    tx: &mut Tx,
    entry: &Entry,
    command: Steer,
    from: &[Phase],
    how: impl FnOnce(&mut Tx, &mut Drop, &Stock) -> Result<(), Stop>,
) -> Result<Reply, Stop> {
    let before = of_creator(tx, command.drop_id, command.creator_id)?;
    ensure(from.contains(&before.phase), Rejection::WrongStatus { status: before.status() })?;
    let stock = table::stock(tx, before.id)?;
    let mut drop = before.clone();
    how(tx, &mut drop, &stock)?;
    drop.version = entry.index;
    table::put(tx, &drop, Some(&before));
    Ok(Reply::Changed(drop, stock))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drops::{Command, Restock, Status};
    use crate::machine::testing::{Machine, drop};
    use crate::orders;

    fn steer() -> Steer {
        Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id }
    }

    #[test]
    fn a_paused_drop_sells_nothing_until_it_is_resumed() {
        let mut machine = Machine::with_drop(5);
        machine.run(Command::Pause(steer())).expect("it is live");
        assert_eq!(machine.place(1, 1, 1), Err(orders::Rejection::Paused.into()));
        machine.run(Command::Resume(steer())).expect("it is paused");
        machine.place(2, 1, 1).expect("it is live");
    }

    #[test]
    fn an_ended_drop_sells_nothing_and_stays_ended() {
        let mut machine = Machine::with_drop(5);
        machine.run(Command::End(steer())).expect("it is live");
        assert_eq!(machine.place(1, 1, 1), Err(orders::Rejection::Ended.into()));
        let no = Err(Rejection::WrongStatus { status: Status::Ended }.into());
        for command in [Command::End(steer()), Command::Pause(steer()), Command::Resume(steer())] {
            assert_eq!(machine.run(command), no);
        }
    }

    #[test]
    fn a_drop_with_orders_sells_nothing_once_it_is_cancelled() {
        let mut machine = Machine::with_drop(5);
        machine.place(1, 1, 1).expect("there are five");
        machine.run(Command::Cancel(steer())).expect("it is live");
        assert_eq!(machine.place(2, 2, 1), Err(orders::Rejection::Ended.into()));
        assert_eq!(
            machine.run(Command::Cancel(steer())),
            Err(Rejection::WrongStatus { status: Status::Cancelled }.into())
        );
    }

    #[test]
    fn a_restocked_drop_is_no_longer_sold_out() {
        let mut machine = Machine::with_drop(1);
        machine.place(1, 1, 1).expect("there is one");
        assert_eq!(machine.place(2, 2, 1), Err(orders::Rejection::SoldOut.into()));
        let restock =
            Restock { drop_id: steer().drop_id, creator_id: steer().creator_id, sku: "default".into(), quantity: 2 };
        machine.run(Command::Restock(restock)).expect("it is live");
        machine.place(3, 2, 1).expect("there are two more");
        assert_eq!(machine.told("Restocked"), 1);
    }
}
