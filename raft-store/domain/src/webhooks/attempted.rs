use super::types::Halted;
use super::{
    ATTEMPTS_MAX, Attempted, Delivery, ERROR_MAX, Endpoint, FAILING_MAX_MS, Rejection, Reply, State, TRIES_KEPT, Try,
    table,
};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Takes note of what came of an attempt, and says when the next one is.
///
/// A delivery is delivered by any answer from 200 to 299. It has failed when the endpoint is gone or disabled, and after
/// [`ATTEMPTS_MAX`] attempts. An endpoint is disabled when it is gone, and when it fails for [`FAILING_MAX_MS`].
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
    let endpoint = note(tx, entry, endpoint, is_success, is_gone);
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
fn note(tx: &mut Tx, entry: &Entry, before: Endpoint, is_success: bool, is_gone: bool) -> Endpoint {
    let mut endpoint = before.clone();
    endpoint.failing_since = if is_success { None } else { before.failing_since.or(Some(entry.now)) };
    let failing_ms = endpoint.failing_since.map_or(0, |since| entry.now.since_ms(since));
    let because = match (is_success, is_gone) {
        (false, true) => Some("gone"),
        (false, false) if failing_ms >= FAILING_MAX_MS => Some("failing"),
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
