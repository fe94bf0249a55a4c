use super::types::{Whose, addressed};
use super::{Kind, Notice, table};
use crate::tx::Tx;
use crate::{Entry, Fault, accounts};

/// Writes down what the entry told that somebody may want to read later, when all of its commands are done.
///
/// A purchase and the beginning of a payment cost a look at the event. It emits nothing.
pub(crate) fn note(tx: &mut Tx, entry: &Entry) -> Result<(), Fault> {
    tx.for_each_event(|tx, ordinal, event| {
        let Some((kind, whose)) = addressed(event) else { return Ok(()) };
        if is_news(tx, kind, whose)? {
            let notice = Notice { at: entry.now, event: event.clone() };
            table::insert(tx, entry, whose, ordinal, &notice);
        }
        Ok(())
    })
}

/// Whether anybody is told. Nobody is asked to the drops of a creator whose account is disabled; but that one was called
/// off is still said to those who were.
fn is_news(tx: &Tx, kind: Kind, whose: Whose) -> Result<bool, Fault> {
    match whose {
        Whose::Creator(creator) if kind != Kind::DropCancelled => Ok(!accounts::is_disabled(tx, creator)?),
        _ => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drops::{self, NewItem, Restock, Schedule, Steer};
    use crate::machine::testing::{Machine, drop};
    use crate::notifications::{Position, all_notices};
    use crate::{AccountId, keys};

    /// The kinds of all notices in the order in which they were told, with whom they stand under.
    fn noted(machine: &Machine) -> Vec<(Kind, AccountId)> {
        let position = |name: &[u8]| -> Position {
            let ordinal = u32::from_be_bytes(name[25..].try_into().expect("four bytes"));
            (keys::number(name, 17).expect("an index"), ordinal)
        };
        let mut all: Vec<_> = all_notices(&machine.view)
            .expect("memory does not fail")
            .into_iter()
            .map(|(name, notice)| {
                let whose = keys::id(&name, 1).map(AccountId::from_bytes).expect("an id");
                (position(&name), (Kind::of(&notice.event).expect("only such are noted"), whose))
            })
            .collect();
        all.sort();
        all.into_iter().map(|(_, noted)| noted).collect()
    }

    #[test]
    fn a_drop_from_its_schedule_to_its_end_is_noted_each_thing_once() {
        let mut machine = Machine::with_product();
        let creator = AccountId::from_u128(1);
        let later = Schedule {
            starts_at: Some(machine.now.after_ms(10)),
            items: vec![NewItem { sku: "default".into(), stock: 5 }],
            low_stock_threshold: 2,
            ..drop(1)
        };
        machine.run(drops::Command::Schedule(later)).expect("the creator may");
        machine.now.0 += 10;
        machine.tick();
        for order in 1..=5 {
            machine.paid(order, order, 1);
        }
        let (drop_id, creator_id) = (drop(1).drop_id, creator);
        let restock = Restock { drop_id, creator_id, sku: "default".into(), quantity: 2 };
        machine.run(drops::Command::Restock(restock)).expect("the creator may");
        machine.place(6, 6, 1).expect("there are two");
        machine.cancel(6, 6).expect("it is reserved");
        machine.place(7, 7, 1).expect("there are two");
        machine.now.0 += drop(1).hold_ms;
        machine.tick();
        machine.confirming(8, 8, 1);
        machine
            .report(8, crate::payments::Outcome::Declined { code: "card_declined".into() })
            .expect("it is the latest");
        machine.report(8, crate::payments::Outcome::Canceled).expect("it is called off");
        machine.run(drops::Command::Cancel(Steer { drop_id, creator_id })).expect("the creator may");
        use Kind::*;
        let buyer = |machine: &Machine, n| machine.buyer(n);
        let mut expected = vec![(DropScheduled, creator), (DropLive, creator)];
        expected.extend((1..=3).map(|n| (OrderConfirmed, buyer(&machine, n))));
        expected.insert(4, (DropLowStock, creator));
        let told = noted(&machine);
        let count = |kind: Kind| told.iter().filter(|(known, _)| *known == kind).count();
        let counts: Vec<_> = crate::notifications::KINDS.iter().map(|kind| count(*kind)).collect();
        assert_eq!(counts, [1, 1, 1, 1, 1, 1, 5, 1, 1, 1, 0, 0, 0], "{told:?}");
        assert_eq!(&told[..expected.len()], expected, "in the order in which it happened");
        let of_drops = told.iter().filter(|(kind, _)| *kind <= DropCancelled);
        assert!(of_drops.map(|(_, whose)| whose).all(|whose| *whose == creator));
    }

    #[test]
    fn a_purchase_and_the_beginning_of_a_payment_write_no_notice() {
        let mut machine = Machine::with_drop(5);
        let before = noted(&machine).len();
        machine.place(1, 1, 1).expect("there are five");
        machine.pay(1, 1).expect("it is reserved");
        assert_eq!(noted(&machine).len(), before);
    }

    #[test]
    fn of_drops_of_a_disabled_creator_only_that_they_are_called_off_is_noted() {
        let mut machine = Machine::with_drop(5);
        let creator = AccountId::from_u128(1);
        let before = noted(&machine).len();
        machine.run(accounts::Command::Disable(accounts::Disable { account_id: creator })).expect("it is there");
        machine.paid(1, 1, 5);
        let told: Vec<_> = noted(&machine).split_off(before).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(told, [Kind::OrderConfirmed], "not that it sold out");
        machine.now.0 += accounts::TOKENS_LAST_MS;
        let steer = Steer { drop_id: drop(1).drop_id, creator_id: creator };
        machine.run(drops::Command::Cancel(steer)).expect("it is live");
        assert_eq!(noted(&machine).pop().map(|(kind, _)| kind), Some(Kind::DropCancelled));
    }

    #[test]
    fn that_a_drop_starts_at_another_time_is_noted_and_other_edits_are_not() {
        let mut machine = Machine::with_product();
        let soon = Schedule { starts_at: Some(machine.now.after_ms(10)), ..drop(1) };
        machine.run(drops::Command::Schedule(soon)).expect("the creator may");
        let edit = |starts_at, hold_ms| drops::Edit {
            drop_id: drop(1).drop_id,
            creator_id: drop(1).creator_id,
            starts_at,
            ends_at: None,
            items: None,
            per_customer_limit: None,
            hold_ms,
            low_stock_threshold: None,
            expected_version: None,
        };
        machine.run(drops::Command::Edit(edit(None, Some(2_000)))).expect("it has not started");
        assert_eq!(noted(&machine).len(), 1, "that it was scheduled");
        machine.run(drops::Command::Edit(edit(Some(machine.now.after_ms(99)), None))).expect("it has not started");
        assert_eq!(noted(&machine).pop(), Some((Kind::DropMoved, AccountId::from_u128(1))));
    }
}
