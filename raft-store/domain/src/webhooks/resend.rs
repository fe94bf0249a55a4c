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
