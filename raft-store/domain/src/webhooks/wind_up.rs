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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::is_due;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::news;

    #[test]
    fn what_waits_for_a_disabled_endpoint_fails_in_ticks_of_bounded_work() {
        let mut machine = Machine::with_deliveries(5);
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
        machine.enable(false);
        let mut failed = Vec::new();
        while is_due(&machine.view, machine.now).expect("memory does not fail") {
            machine.tick_with(2);
            failed.push((1..=5).filter(|index| machine.delivery(*index).state == State::Failed).count());
        }
        assert_eq!(failed, [2, 4, 5]);
    }

    #[test]
    fn an_endpoint_that_is_disabled_again_is_gone_through_from_the_start() {
        let mut machine = Machine::with_deliveries(3);
        machine.enable(false);
        machine.tick_with(2);
        machine.enable(true);
        machine.enqueue(vec![news(4)]).expect("nobody else enqueues");
        machine.enable(false);
        machine.tick();
        assert_eq!([1, 2, 3, 4].map(|index| machine.delivery(index).state), [State::Failed; 4]);
    }
}
