use super::types::{CARD_DECLINED, CARD_INSUFFICIENT_FUNDS};
use super::{Confirm, Intent, Kind, Rejection, Reply, Status, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Charges an intent's method, or says that it is declined; again changes nothing.
///
/// Rejects, in this order: `NotFound`, `Canceled`.
pub(super) fn confirm(tx: &mut Tx, entry: &Entry, command: Confirm) -> Result<Reply, Stop> {
    let intent = table::get(tx, command.id)?.ok_or(Rejection::NotFound)?;
    ensure(intent.status != Status::Canceled, Rejection::Canceled)?;
    if intent.status != Status::RequiresConfirmation {
        return Ok(Reply::Intent(intent));
    }
    // From here on it must succeed.
    let declined = match intent.method.as_str() {
        CARD_DECLINED => Some("card_declined".to_owned()),
        CARD_INSUFFICIENT_FUNDS => Some("insufficient_funds".to_owned()),
        _ => None,
    };
    let status = if declined.is_some() { Status::Declined } else { Status::Succeeded };
    let intent = Intent { status, declined, changed_at: entry.now, ..intent };
    table::put(tx, &intent);
    if status == Status::Succeeded {
        table::enter(tx, entry, &intent, Kind::Charge, intent.amount.amount);
    }
    Ok(Reply::Intent(intent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::sandbox::testing::{create, run};
    use crate::sandbox::{Cancel, Command, METHODS, ledger};

    fn confirm(machine: &mut Machine) -> Result<Intent, crate::Rejection> {
        run(machine, Command::Confirm(Confirm { id: create("pm_card_ok").id }))
    }

    #[test]
    fn each_method_does_what_its_name_says_and_a_second_confirmation_nothing() {
        for method in METHODS {
            let mut machine = Machine::default();
            run(&mut machine, Command::Create(create(method))).expect("the method is known");
            let first = confirm(&mut machine).expect("it is there");
            machine.now.0 += 1_000;
            assert_eq!(confirm(&mut machine), Ok(first.clone()));
            let charges = ledger(&machine.view, None, 10).expect("memory does not fail");
            let expected = match method {
                "pm_card_declined" => (Status::Declined, Some("card_declined"), 0),
                "pm_card_insufficient_funds" => (Status::Declined, Some("insufficient_funds"), 0),
                _ => (Status::Succeeded, None, 1),
            };
            assert_eq!((first.status, first.declined.as_deref(), charges.len()), expected, "{method}");
        }
    }

    #[test]
    fn a_charge_is_a_line_of_the_books() {
        let mut machine = Machine::default();
        run(&mut machine, Command::Create(create("pm_card_ok"))).expect("the method is known");
        let intent = confirm(&mut machine).expect("it is there");
        let lines = ledger(&machine.view, None, 10).expect("memory does not fail");
        let [(position, line)] = &lines[..] else { panic!("one line: {lines:?}") };
        assert_eq!(*position, (machine.index, 0));
        assert_eq!((line.at, line.intent, line.order_id), (machine.now, intent.id, intent.order_id));
        assert_eq!((line.kind, line.amount), (Kind::Charge, intent.amount));
    }

    #[test]
    fn what_is_canceled_is_never_charged() {
        let mut machine = Machine::default();
        assert_eq!(confirm(&mut machine), Err(Rejection::NotFound.into()));
        run(&mut machine, Command::Create(create("pm_card_ok"))).expect("the method is known");
        run(&mut machine, Command::Cancel(Cancel { id: create("pm_card_ok").id })).expect("it is not charged");
        assert_eq!(confirm(&mut machine), Err(Rejection::Canceled.into()));
        assert_eq!(ledger(&machine.view, None, 10).expect("memory does not fail"), []);
    }
}
