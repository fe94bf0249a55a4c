use super::types::Halted;
use super::{Delete, Rejection, Reply, table};
use crate::Stop;
use crate::tx::Tx;

/// Takes an endpoint away. However many deliveries it has, the clock has them go a few at a time.
///
/// Rejects: `NotFound`.
pub(super) fn delete(tx: &mut Tx, command: Delete) -> Result<Reply, Stop> {
    let endpoint = table::endpoint(tx, command.creator_id, command.endpoint_id)?.ok_or(Rejection::NotFound)?;
    // From here on it must succeed.
    table::delete_endpoint(tx, &endpoint);
    table::put_halted(tx, endpoint.id, &Halted { creator_id: endpoint.creator_id, after: None });
    Ok(Reply::Deleted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::is_due;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::{CREATOR, ENDPOINT, attempted};
    use crate::webhooks::{Command, endpoint};

    #[test]
    fn a_deleted_endpoint_is_gone_at_once_and_its_deliveries_in_bounded_steps() {
        let mut machine = Machine::with_deliveries(5);
        machine.webhooks(Command::Attempted(attempted(2, 200))).expect("it is due");
        machine.webhooks(Command::Attempted(attempted(3, 500))).expect("it is due");
        machine.delete_endpoint();
        assert_eq!(endpoint(&machine.view, CREATOR, ENDPOINT).expect("memory does not fail"), None);
        assert_eq!(machine.due(), []);
        let mut left = Vec::new();
        while is_due(&machine.view, machine.now).expect("memory does not fail") {
            machine.tick_with(2);
            left.push(machine.delivered_or_not().len());
        }
        assert_eq!(left, [3, 1, 0]);
    }

    #[test]
    fn an_endpoint_is_deleted_once() {
        let mut machine = Machine::with_endpoint();
        machine.delete_endpoint();
        let again = Delete { endpoint_id: ENDPOINT, creator_id: CREATOR };
        assert_eq!(machine.webhooks(Command::Delete(again)), Err(Rejection::NotFound.into()));
    }

    #[test]
    fn an_attempt_for_a_deleted_endpoint_is_for_nobody() {
        let mut machine = Machine::with_deliveries(1);
        machine.delete_endpoint();
        let late = machine.webhooks(Command::Attempted(attempted(1, 200)));
        assert_eq!(late, Err(Rejection::NotFound.into()));
    }
}
