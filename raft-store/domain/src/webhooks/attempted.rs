use super::types::Halted;
use super::{
    ATTEMPTS_MAX, Attempted, Delivery, ERROR_MAX, Endpoint, FAILING_MAX_MS, Rejection, Reply, State, TRIES_KEPT, Try,
    table,
};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Attempts at one delivery that show an endpoint to be failing: they take hours.
const FAILING_ATTEMPTS: u32 = 6;

/// Takes note of what came of an attempt, and says when the next one is.
///
/// A delivery is delivered by any answer from 200 to 299. It has failed when the endpoint is gone or disabled, and after
/// [`ATTEMPTS_MAX`] attempts. An endpoint is disabled when it is gone, and when it fails for [`FAILING_MAX_MS`] and has
/// had [`FAILING_ATTEMPTS`] attempts at this delivery: the first failure after a quiet week disables nothing.
///
/// Rejects, in this order: `BadField`, `NotFound`, `StaleAttempt`.
pub(super) fn attempted(tx: &mut Tx, entry: &Entry, command: Attempted) -> Result<Reply, Stop> {
    let (whose, position) = ((command.creator_id, command.endpoint_id), (command.index, command.ordinal));
    ensure(command.error.as_ref().is_none_or(|error| error.len() <= ERROR_MAX), Rejection::BadField)?;
    let endpoint = table::endpoint(tx, whose.0, whose.1)?.ok_or(Rejection::NotFound)?;
    let before = table::delivery(tx, whose.1, position)?.ok_or(Rejection::NotFound)?;
    let is_latest = before.state == State::Pending && before.attempt == command.attempt;
    ensure(is_latest, Rejection::StaleAttempt { attempt: before.attempt })?;
    // From here on it must succeed.
    let is_success = command.status.is_some_and(|status| (200..300).contains(&status));
    let is_gone = command.gone || command.status == Some(410);
    let endpoint = note(tx, entry, endpoint, is_success, is_gone, before.attempt);
    let mut delivery = before.clone();
    if is_success {
        end(&mut delivery, State::Delivered);
    } else if !endpoint.enabled || delivery.attempt >= ATTEMPTS_MAX {
        end(&mut delivery, State::Failed);
    } else {
        delivery.attempt += 1;
        delivery.due_at = Some(entry.now.after_ms(command.retry_in_ms));
    }
    let Attempted { status, error, duration_ms, .. } = command;
    delivery.tries.push(Try { at: entry.now, status, error, duration_ms });
    delivery.tries.drain(..delivery.tries.len().saturating_sub(TRIES_KEPT));
    table::put(tx, whose, position, &delivery, Some(&before));
    Ok(Reply::Noted { state: delivery.state, attempt: delivery.attempt, due_at: delivery.due_at })
}

/// What an attempt says about its endpoint.
fn note(tx: &mut Tx, entry: &Entry, before: Endpoint, is_success: bool, is_gone: bool, attempt: u32) -> Endpoint {
    let mut endpoint = before.clone();
    endpoint.failing_since = if is_success { None } else { before.failing_since.or(Some(entry.now)) };
    let failing_ms = endpoint.failing_since.map_or(0, |since| entry.now.since_ms(since));
    let because = match (is_success, is_gone) {
        (false, true) => Some("gone"),
        (false, false) if failing_ms >= FAILING_MAX_MS && attempt >= FAILING_ATTEMPTS => Some("failing"),
        _ => None,
    };
    if let Some(because) = because.filter(|_| before.enabled) {
        endpoint.enabled = false;
        endpoint.disabled_because = Some(because.to_owned());
        table::put_halted(tx, endpoint.id, &Halted { creator_id: endpoint.creator_id, after: None });
    }
    if endpoint != before {
        endpoint.version = entry.index;
        table::put_endpoint(tx, &endpoint);
    }
    endpoint
}

fn end(delivery: &mut Delivery, state: State) {
    delivery.state = state;
    delivery.due_at = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountId;
    use crate::machine::testing::Machine;
    use crate::webhooks::Command;
    use crate::webhooks::testing::{RETRY_MS, attempted as of, news};

    /// Fails the attempt that is due until `end` says that it is enough, an hour between any two.
    fn fail(machine: &mut Machine, index: u64, end: impl Fn(&Machine) -> bool) {
        while !end(machine) {
            machine.now.0 += 60 * 60 * 1_000;
            let attempt = machine.delivery(index).attempt;
            machine.webhooks(Command::Attempted(Attempted { attempt, ..of(index, 503) })).expect("it is the latest");
        }
    }

    #[test]
    fn an_answer_from_200_to_299_delivers() {
        for (status, is_delivered) in [(200, true), (299, true), (199, false), (300, false), (404, false)] {
            let mut machine = Machine::with_deliveries(1);
            machine.webhooks(Command::Attempted(of(1, status))).expect("it is due");
            let delivery = machine.delivery(1);
            let is = (delivery.state == State::Delivered, delivery.due_at.is_none());
            assert_eq!(is, (is_delivered, is_delivered), "{status}");
            let tried = Try { at: machine.now, status: Some(status), error: None, duration_ms: 20 };
            assert_eq!(delivery.tries, [tried]);
        }
    }

    #[test]
    fn what_failed_is_tried_again_when_the_caller_says() {
        let mut machine = Machine::with_deliveries(1);
        let lost = Attempted { status: None, error: Some("no answer".into()), ..of(1, 0) };
        let answer = machine.webhooks(Command::Attempted(lost));
        let due_at = Some(machine.now.after_ms(RETRY_MS));
        assert_eq!(answer, Ok(Reply::Noted { state: State::Pending, attempt: 2, due_at }));
        assert_eq!(machine.due(), []);
        machine.now.0 += RETRY_MS;
        assert_eq!(machine.due(), [1]);
    }

    #[test]
    fn what_is_said_of_another_attempt_than_the_latest_is_stale() {
        let mut machine = Machine::with_deliveries(1);
        machine.webhooks(Command::Attempted(of(1, 500))).expect("it is due");
        let late = machine.webhooks(Command::Attempted(of(1, 200)));
        assert_eq!(late, Err(Rejection::StaleAttempt { attempt: 2 }.into()));
        let second = Attempted { attempt: 2, ..of(1, 200) };
        machine.webhooks(Command::Attempted(second.clone())).expect("it is the latest");
        let twice = machine.webhooks(Command::Attempted(second));
        assert_eq!(twice, Err(Rejection::StaleAttempt { attempt: 2 }.into()));
        assert_eq!(machine.delivery(1).tries.len(), 2);
    }

    #[test]
    fn after_so_many_attempts_it_has_failed() {
        let mut machine = Machine::with_deliveries(1);
        fail(&mut machine, 1, |machine| machine.delivery(1).state == State::Failed);
        let delivery = machine.delivery(1);
        assert_eq!((delivery.attempt, delivery.tries.len(), delivery.due_at), (ATTEMPTS_MAX, TRIES_KEPT, None));
        assert!(machine.endpoint().enabled, "it has not failed for days");
    }

    #[test]
    fn an_endpoint_that_is_gone_is_disabled_and_all_that_waited_has_failed() {
        for gone in [of(1, 410), Attempted { gone: true, status: None, ..of(1, 0) }] {
            let mut machine = Machine::with_deliveries(2);
            machine.webhooks(Command::Attempted(gone)).expect("it is due");
            let endpoint = machine.endpoint();
            assert_eq!((endpoint.enabled, endpoint.disabled_because.as_deref()), (false, Some("gone")));
            assert_eq!((machine.delivery(1).state, machine.due()), (State::Failed, vec![]));
            machine.tick();
            assert_eq!(machine.delivery(2).state, State::Failed);
        }
    }

    #[test]
    fn an_endpoint_that_fails_for_days_is_disabled_and_a_success_starts_the_count_anew() {
        let mut machine = Machine::with_deliveries(1);
        fail(&mut machine, 1, |machine| machine.delivery(1).attempt == 3);
        let since = machine.endpoint().failing_since.expect("it fails");
        machine.now = since.after_ms(FAILING_MAX_MS - 1);
        machine.webhooks(Command::Attempted(Attempted { attempt: 3, ..of(1, 500) })).expect("it is the latest");
        assert!(machine.endpoint().enabled);
        machine.now = since.after_ms(FAILING_MAX_MS);
        machine.enqueue(vec![news(2), news(3)]).expect("nobody else enqueues");
        machine.webhooks(Command::Attempted(of(2, 204))).expect("it is due");
        assert_eq!(machine.endpoint().failing_since, None);
        machine.webhooks(Command::Attempted(of(3, 500))).expect("it is due");
        machine.now.0 += FAILING_MAX_MS;
        for attempt in 2..=FAILING_ATTEMPTS {
            assert!(machine.endpoint().enabled, "one that was quiet for days has not failed for days");
            machine.webhooks(Command::Attempted(Attempted { attempt, ..of(3, 500) })).expect("it is the latest");
        }
        let endpoint = machine.endpoint();
        assert_eq!((endpoint.enabled, endpoint.disabled_because.as_deref()), (false, Some("failing")));
    }

    #[test]
    fn an_answer_that_comes_after_the_endpoint_was_disabled_still_counts() {
        let mut machine = Machine::with_deliveries(2);
        machine.enable(false);
        machine.webhooks(Command::Attempted(of(1, 200))).expect("it is pending");
        machine.webhooks(Command::Attempted(of(2, 500))).expect("it is pending");
        assert_eq!([1, 2].map(|index| machine.delivery(index).state), [State::Delivered, State::Failed]);
        assert!(!machine.endpoint().enabled);
    }

    #[test]
    fn what_is_not_there_and_long_stories_are_refused() {
        let mut machine = Machine::with_deliveries(1);
        let foreign = Attempted { creator_id: AccountId::from_u128(2), ..of(1, 200) };
        let long = Attempted { error: Some("x".repeat(ERROR_MAX + 1)), ..of(1, 200) };
        for (wrong, why) in
            [(of(2, 200), Rejection::NotFound), (foreign, Rejection::NotFound), (long, Rejection::BadField)]
        {
            assert_eq!(machine.webhooks(Command::Attempted(wrong)), Err(why.into()));
        }
    }
}
