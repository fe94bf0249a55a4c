use super::table::{self, NAME_BYTES};
use crate::Fault;
use crate::tx::Tx;

/// Splits the names of a row of old deliveries.
pub(crate) fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(NAME_BYTES)
}

/// Forgets a delivery that is old, whatever became of it, unless it went with its endpoint.
pub(crate) fn forget(tx: &mut Tx, name: &[u8]) -> Result<(), Fault> {
    let (endpoint, position) = table::named(name, 0)?;
    if let Some(delivery) = table::delivery(tx, endpoint, position)? {
        table::delete(tx, endpoint, position, &delivery);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::clock::is_due;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::{attempted, news};
    use crate::webhooks::{Command, KEPT_MS};

    #[test]
    fn a_delivery_is_kept_a_week_and_then_forgotten_whatever_became_of_it() {
        let mut machine = Machine::with_deliveries(5);
        machine.webhooks(Command::Attempted(attempted(2, 200))).expect("it is due");
        machine.now.0 += KEPT_MS - 1;
        machine.enqueue(vec![news(6)]).expect("nobody else enqueues");
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
        machine.now.0 += 1;
        let mut left = Vec::new();
        while is_due(&machine.view, machine.now).expect("memory does not fail") {
            machine.tick_with(2);
            left.push(machine.delivered_or_not().len());
        }
        assert_eq!((left, machine.delivered_or_not(), machine.due()), (vec![4, 2, 1], vec![6], vec![6]));
    }

    #[test]
    fn what_went_with_its_endpoint_is_not_missed() {
        let mut machine = Machine::with_deliveries(2);
        machine.delete_endpoint();
        machine.tick();
        machine.now.0 += KEPT_MS;
        machine.tick();
        assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
    }
}
