use super::{Create, Intent, METHODS, Rejection, Reply, Status, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Makes an intent; asked for again, it is the one that there is, however far it has come.
///
/// Rejects, in this order: `UnknownMethod`, `KeyReused`.
pub(super) fn create(tx: &mut Tx, entry: &Entry, command: Create) -> Result<Reply, Stop> {
    let Create { id, order_id, amount, method } = command;
    ensure(METHODS.contains(&method.as_str()), Rejection::UnknownMethod)?;
    if let Some(known) = table::get(tx, id)? {
        let is_same = (known.order_id, known.amount, &known.method) == (order_id, amount, &method);
        ensure(is_same, Rejection::KeyReused)?;
        return Ok(Reply::Intent(known));
    }
    // From here on it must succeed.
    let intent = Intent {
        id,
        order_id,
        amount,
        method,
        status: Status::RequiresConfirmation,
        declined: None,
        refunds: Vec::new(),
        created_at: entry.now,
        changed_at: entry.now,
    };
    table::put(tx, &intent);
    Ok(Reply::Intent(intent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::sandbox::testing::{create, intent, run};
    use crate::sandbox::{Command, Confirm, get};
    use crate::{Money, OrderId};

    #[test]
    fn an_intent_is_made_and_nothing_is_charged() {
        let mut machine = Machine::default();
        let made = run(&mut machine, Command::Create(create("pm_card_ok"))).expect("the method is known");
        assert_eq!((made.status, made.charged(), made.created_at), (Status::RequiresConfirmation, 0, machine.now));
        assert_eq!(get(&machine.view, made.id).expect("memory does not fail"), Some(made));
    }

    #[test]
    fn the_same_key_is_the_same_intent_however_far_it_has_come() {
        let mut machine = Machine::default();
        run(&mut machine, Command::Create(create("pm_card_ok"))).expect("the method is known");
        run(&mut machine, Command::Confirm(Confirm { id: create("pm_card_ok").id })).expect("it is there");
        machine.now.0 += 1_000;
        let again = run(&mut machine, Command::Create(create("pm_card_ok"))).expect("it asks for the same");
        assert_eq!((again.status, again), (Status::Succeeded, intent(&machine)));
    }

    #[test]
    fn the_same_key_for_something_else_is_refused() {
        let mut machine = Machine::default();
        run(&mut machine, Command::Create(create("pm_card_ok"))).expect("the method is known");
        let first = create("pm_card_ok");
        for other in [
            create("pm_card_slow"),
            Create { order_id: OrderId::from_u128(99), ..first.clone() },
            Create { amount: Money { amount: 1, ..first.amount }, ..first.clone() },
        ] {
            assert_eq!(run(&mut machine, Command::Create(other)), Err(Rejection::KeyReused.into()));
        }
    }

    #[test]
    fn a_method_that_there_is_not_is_refused() {
        let mut machine = Machine::default();
        let answer = run(&mut machine, Command::Create(create("pm_card_visa")));
        assert_eq!(answer, Err(Rejection::UnknownMethod.into()));
    }
}
