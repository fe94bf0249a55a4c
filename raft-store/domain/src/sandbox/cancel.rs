use super::{Cancel, Intent, Rejection, Reply, Status, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Calls an intent off that was not charged; again changes nothing.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`.
pub(super) fn cancel(tx: &mut Tx, entry: &Entry, command: Cancel) -> Result<Reply, Stop> {
    let intent = table::get(tx, command.id)?.ok_or(Rejection::NotFound)?;
    ensure(intent.status != Status::Succeeded, Rejection::WrongStatus { status: intent.status })?;
    if intent.status == Status::Canceled {
        return Ok(Reply::Intent(intent));
    }
    // From here on it must succeed.
    let intent = Intent { status: Status::Canceled, changed_at: entry.now, ..intent };
    table::put(tx, &intent);
    Ok(Reply::Intent(intent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::sandbox::Command;
    use crate::sandbox::testing::{confirmed, create, run};

    fn cancel(machine: &mut Machine) -> Result<Intent, crate::Rejection> {
        run(machine, Command::Cancel(Cancel { id: create("pm_card_ok").id }))
    }

    #[test]
    fn a_canceled_intent_stays_as_it_is() {
        let mut machine = Machine::default();
        assert_eq!(cancel(&mut machine), Err(Rejection::NotFound.into()));
        run(&mut machine, Command::Create(create("pm_card_ok"))).expect("the method is known");
        let first = cancel(&mut machine).expect("it is not charged");
        machine.now.0 += 1_000;
        assert_eq!((first.status, cancel(&mut machine)), (Status::Canceled, Ok(first)));
    }

    #[test]
    fn a_declined_intent_can_be_canceled_and_a_charged_one_cannot() {
        let mut declined = confirmed("pm_card_declined");
        let intent = cancel(&mut declined).expect("it is not charged");
        assert_eq!((intent.status, intent.declined.as_deref()), (Status::Canceled, Some("card_declined")));
        let mut charged = confirmed("pm_card_ok");
        let wrong = Rejection::WrongStatus { status: Status::Succeeded };
        assert_eq!(cancel(&mut charged), Err(wrong.into()));
    }
}
