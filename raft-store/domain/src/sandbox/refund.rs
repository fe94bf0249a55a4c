use super::{Kind, PayBack, Refund, Rejection, Reply, Status, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Pays a part of a charge back, or all of it; the same refund again changes nothing.
///
/// Rejects, in this order: `NotFound`, `WrongStatus`, `KeyReused`, `MoreThanCharged`.
pub(super) fn refund(tx: &mut Tx, entry: &Entry, command: PayBack) -> Result<Reply, Stop> {
    let PayBack { id, refund_id, amount } = command;
    let mut intent = table::get(tx, id)?.ok_or(Rejection::NotFound)?;
    ensure(intent.status == Status::Succeeded, Rejection::WrongStatus { status: intent.status })?;
    if let Some(known) = intent.refunds.iter().find(|refund| refund.id == refund_id) {
        ensure(known.amount == amount, Rejection::KeyReused)?;
        return Ok(Reply::Intent(intent));
    }
    let left = intent.charged() - intent.refunded();
    ensure(amount <= left, Rejection::MoreThanCharged { left })?;
    // From here on it must succeed.
    intent.refunds.push(Refund { id: refund_id, amount, at: entry.now });
    intent.changed_at = entry.now;
    table::put(tx, &intent);
    table::enter(tx, entry, &intent, Kind::Refund, amount);
    Ok(Reply::Intent(intent))
}
