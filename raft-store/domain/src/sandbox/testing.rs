//! What the tests of this room begin with.

use super::{Command, Confirm, Create, Intent, IntentId, Reply, get};
use crate::machine::testing::Machine;
use crate::{Currency, Money, OrderId, Rejection, words};

pub(super) const AMOUNT: u64 = 4_999;

pub(super) fn create(method: &str) -> Create {
    Create {
        id: IntentId::from_bytes([1; 16]),
        order_id: OrderId::from_u128(1),
        amount: Money { amount: AMOUNT, currency: Currency::EUR },
        method: method.into(),
    }
}

/// A machine with an intent that was confirmed.
pub(super) fn confirmed(method: &str) -> Machine {
    let mut machine = Machine::default();
    run(&mut machine, Command::Create(create(method))).expect("the method is known");
    run(&mut machine, Command::Confirm(Confirm { id: create(method).id })).expect("it is there");
    machine
}

pub(super) fn run(machine: &mut Machine, command: Command) -> Result<Intent, Rejection> {
    machine.run(command).map(|reply| match reply {
        words::Reply::Sandbox(Reply::Intent(intent)) => intent,
        other => panic!("no intent: {other:?}"),
    })
}

pub(super) fn intent(machine: &Machine) -> Intent {
    get(&machine.view, create("").id).expect("memory does not fail").expect("it is there")
}
