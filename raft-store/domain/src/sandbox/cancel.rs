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
