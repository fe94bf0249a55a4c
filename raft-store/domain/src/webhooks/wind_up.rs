use super::types::Halted;
use super::{Delivery, State, table};
use crate::Fault;
use crate::tx::Tx;

/// Goes through at most `limit` deliveries of endpoints that were deleted or disabled: those of a deleted one go, and
/// what waits for a disabled one has failed. Gives how many things it did, none when there is nothing to do.
///
/// What waits for an endpoint that was enabled again by now is sent after all.
pub(crate) fn wind_up(tx: &mut Tx, limit: usize) -> Result<usize, Fault> {
    let Some((id, halted)) = table::halted(tx, 1)?.pop() else { return Ok(0) };
    let endpoint = table::endpoint(tx, halted.creator_id, id)?;
    if endpoint.as_ref().is_some_and(|endpoint| endpoint.enabled) {
        table::delete_halted(tx, id);
        return Ok(1);
    }
    let deliveries = table::deliveries_after(tx, id, halted.after, limit)?;
    for (position, delivery) in &deliveries {
        if endpoint.is_none() {
            table::delete(tx, id, *position, delivery);
        } else if delivery.state == State::Pending {
            let failed = Delivery { state: State::Failed, due_at: None, ..delivery.clone() };
            table::put(tx, (halted.creator_id, id), *position, &failed, Some(delivery));
        }
        tx.flush();
    }
    match deliveries.last() {
        Some((last, _)) if deliveries.len() == limit => {
            table::put_halted(tx, id, &Halted { after: Some(*last), ..halted });
            Ok(limit)
        }
        _ => {
            table::delete_halted(tx, id);
            Ok(deliveries.len() + 1)
        }
    }
}
