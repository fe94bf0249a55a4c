use super::{Delivery, Event, Rejection, Reply, Resend, State, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Makes a delivery due at once, whatever became of it. What an attempt before comes to is stale from now on.
///
/// Rejects, in this order: `NotFound`, `Disabled`. Emits `Due`.
pub(super) fn resend(tx: &mut Tx, entry: &Entry, command: Resend) -> Result<Reply, Stop> {
    let (whose, position) = ((command.creator_id, command.endpoint_id), (command.index, command.ordinal));
    let endpoint = table::endpoint(tx, whose.0, whose.1)?.ok_or(Rejection::NotFound)?;
    let before = table::delivery(tx, whose.1, position)?.ok_or(Rejection::NotFound)?;
    ensure(endpoint.enabled, Rejection::Disabled)?;
    // From here on it must succeed.
    let attempt = before.attempt.saturating_add(1);
    let delivery = Delivery { state: State::Pending, attempt, due_at: Some(entry.now), ..before.clone() };
    table::put(tx, whose, position, &delivery, Some(&before));
    tx.emit(Event::Due);
    Ok(Reply::Resent { attempt })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountId;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::{CREATOR, ENDPOINT, attempted};
    use crate::webhooks::{Attempted, Command};

    fn resend(index: u64) -> Resend {
        Resend { endpoint_id: ENDPOINT, creator_id: CREATOR, index, ordinal: 0 }
    }

    #[test]
    fn what_was_delivered_is_sent_once_more() {
        let mut machine = Machine::with_deliveries(1);
        machine.webhooks(Command::Attempted(attempted(1, 200))).expect("it is due");
        machine.now.0 += 5_000;
        assert_eq!(machine.webhooks(Command::Resend(resend(1))), Ok(Reply::Resent { attempt: 2 }));
        assert_eq!((machine.due(), machine.told("Due")), (vec![1], 2));
        assert_eq!(machine.delivery(1).due_at, Some(machine.now));
        machine.webhooks(Command::Attempted(Attempted { attempt: 2, ..attempted(1, 200) })).expect("it is the latest");
        assert_eq!((machine.delivery(1).state, machine.delivery(1).tries.len()), (State::Delivered, 2));
    }

    #[test]
    fn what_the_attempt_before_comes_to_is_stale() {
        let mut machine = Machine::with_deliveries(1);
        machine.webhooks(Command::Resend(resend(1))).expect("it is there");
        let late = machine.webhooks(Command::Attempted(attempted(1, 200)));
        assert_eq!(late, Err(Rejection::StaleAttempt { attempt: 2 }.into()));
    }

    #[test]
    fn nothing_is_sent_to_a_disabled_endpoint_or_for_somebody_else() {
        let mut machine = Machine::with_deliveries(1);
        let foreign = Resend { creator_id: AccountId::from_u128(2), ..resend(1) };
        for unknown in [foreign, resend(2)] {
            assert_eq!(machine.webhooks(Command::Resend(unknown)), Err(Rejection::NotFound.into()));
        }
        machine.enable(false);
        assert_eq!(machine.webhooks(Command::Resend(resend(1))), Err(Rejection::Disabled.into()));
    }
}
