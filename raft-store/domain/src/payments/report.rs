use super::call_off::{begin_cancelling, close};
use super::charge::charged;
use super::{End, Outcome, Payment, Rejection, Reply, Report, Stage, table};
use crate::orders;
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Takes in what the gateway said about the latest intent.
///
/// | stage | result | what follows |
/// |---|---|---|
/// | Creating | Created | Confirming |
/// | | Unknown | Creating once more: one that was made is never confirmed, and takes nothing |
/// | | Refused | Closed, the order failed |
/// | Confirming, Acting, Unknown | Succeeded | Charged, the order confirmed |
/// | | Declined | Cancelling: the intent could still be confirmed |
/// | | ActionRequired | Acting |
/// | | Processing, Unknown | Unknown |
/// | | NotConfirmed | Confirming once more |
/// | | Canceled | Closed, the order failed |
/// | Cancelling | Canceled, Refused | Closed, the order ends as it was called off |
/// | | Succeeded | Charged, the order confirmed |
/// | Abandoned | Canceled, Refused | Closed |
/// | | Succeeded | Charged, and all of it goes back |
///
/// Whatever else it says changes nothing: a payment that is cancelled is cancelled again, and one that ended has ended.
/// When the drop was cancelled, a charge goes back as well.
///
/// Rejects, in this order: `NotFound`, `Stale`. Emits how the order goes on; `Due` only of a refund: whoever reports
/// goes on by itself from the answer.
pub(super) fn report(tx: &mut Tx, entry: &Entry, command: Report) -> Result<Reply, Stop> {
    let order = orders::get(tx, command.order_id)?.ok_or(Rejection::NotFound)?;
    let before = table::get(tx, order.id)?.ok_or(Rejection::NotFound)?;
    ensure(before.attempt == command.attempt, Rejection::Stale { attempt: before.attempt })?;
    // From here on it must succeed.
    use Outcome::*;
    let payment = match (before.stage, command.result) {
        (Stage::Creating, Created { intent_id }) => {
            Payment { intent_id: Some(intent_id), ..intends(&before, Stage::Confirming) }
        }
        (Stage::Creating, Unknown) => intends(&before, Stage::Creating),
        (Stage::Creating, Refused { code }) => {
            let before = Payment { declined: Some(code), ..before };
            let (order, payment) = close(tx, entry, order, before, End::Declined)?;
            return Ok(Reply::Changed(order, payment.into()));
        }
        (Stage::Confirming | Stage::Acting | Stage::Unknown, Declined { code }) => {
            let payment = begin_cancelling(tx, entry, before.clone(), End::Declined);
            Payment { declined: Some(code), ..payment }
        }
        (Stage::Acting, ActionRequired { url }) if before.next_action.as_ref() == Some(&url) => before.clone(),
        (Stage::Confirming | Stage::Acting | Stage::Unknown, ActionRequired { url }) => {
            Payment { next_action: Some(url), ..intends(&before, Stage::Acting) }
        }
        (Stage::Confirming | Stage::Acting, Processing | Unknown) => intends(&before, Stage::Unknown),
        (Stage::Confirming | Stage::Acting | Stage::Unknown, NotConfirmed) => intends(&before, Stage::Confirming),
        (Stage::Confirming | Stage::Acting | Stage::Unknown, Canceled) => {
            let declined = before.declined.clone().or(Some("canceled".into()));
            let (order, payment) = close(tx, entry, order, Payment { declined, ..before }, End::Declined)?;
            return Ok(Reply::Changed(order, payment.into()));
        }
        (Stage::Cancelling | Stage::Abandoned, Canceled | Refused { .. }) => {
            let (order, payment) = close(tx, entry, order, before, End::Cancelled)?;
            return Ok(Reply::Changed(order, payment.into()));
        }
        (Stage::Confirming | Stage::Acting | Stage::Unknown | Stage::Cancelling | Stage::Abandoned, Succeeded) => {
            let (order, payment) = charged(tx, entry, order, before.clone())?;
            return Ok(Reply::Changed(order, table::put(tx, entry, payment, Some(&before)).into()));
        }
        _ => before.clone(),
    };
    Ok(Reply::Changed(order, table::put(tx, entry, payment, Some(&before)).into()))
}

/// The payment with its next intent.
fn intends(payment: &Payment, stage: Stage) -> Payment {
    Payment { stage, attempt: payment.attempt + 1, next_action: None, ..payment.clone() }
}

#[cfg(test)]
mod tests;
