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
