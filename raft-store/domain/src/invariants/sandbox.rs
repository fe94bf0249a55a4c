//! The sandbox's books say of each intent what its row says: charged once, or not at all, and never overpaid.

use std::collections::BTreeMap;

use super::Broken;
use crate::View;
use crate::sandbox::{self, IntentId, Kind, Status};

pub(super) fn check(view: &dyn View) -> Result<(), Broken> {
    let mut sums: BTreeMap<IntentId, (u64, u64)> = BTreeMap::new();
    for (_, movement) in sandbox::ledger(view, None, usize::MAX)? {
        let (charged, refunded) = sums.entry(movement.intent).or_default();
        match movement.kind {
            Kind::Charge => *charged += movement.amount.amount,
            Kind::Refund => *refunded += movement.amount.amount,
        }
    }
    for intent in sandbox::intents_all(view)? {
        let sums = sums.remove(&intent.id).unwrap_or_default();
        let due = if intent.status == Status::Succeeded { intent.amount.amount } else { 0 };
        let refunded = intent.refunds.iter().map(|refund| refund.amount).sum();
        for (what, summed, expected) in [("charges", sums.0, due), ("refunds", sums.1, refunded)] {
            if summed != expected {
                return Err(Broken::Books { intent: intent.id, what, summed, expected });
            }
        }
        if refunded > due {
            return Err(Broken::Overpaid { intent: intent.id, refunded, charged: due });
        }
    }
    match sums.first_key_value() {
        Some((intent, (summed, _))) => {
            Err(Broken::Books { intent: *intent, what: "charges", summed: *summed, expected: 0 })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::Machine;
    use crate::sandbox::{Command, Confirm, Create, Intent, Movement, Refund, RefundId};
    use crate::{Currency, Money, OrderId, Timestamp, codec, keys};

    const INTENT: IntentId = IntentId::from_bytes([1; 16]);
    const AMOUNT: Money = Money { amount: 70, currency: Currency::EUR };

    /// Charges an intent, then changes rows as a bug would.
    fn charged(bug: impl FnOnce(&mut Machine)) -> Result<(), Broken> {
        let mut machine = Machine::default();
        let (order_id, method) = (OrderId::from_u128(1), "pm_card_ok".to_owned());
        machine.run(Command::Create(Create { id: INTENT, order_id, amount: AMOUNT, method })).expect("it is new");
        machine.run(Command::Confirm(Confirm { id: INTENT })).expect("it is there");
        bug(&mut machine);
        check(&machine.view)
    }

    fn change_intent(machine: &mut Machine, change: impl FnOnce(&mut Intent)) {
        let mut intent = sandbox::get(&machine.view, INTENT).expect("memory does not fail").expect("it is there");
        change(&mut intent);
        let key = keys::of_id(keys::SANDBOX_INTENT, INTENT.bytes()).to_vec();
        machine.view.0.insert(key, codec::encode(&intent));
    }

    fn change_books(machine: &mut Machine, change: impl FnOnce(&mut Vec<u8>)) {
        let mut rows = machine.view.0.iter_mut().filter(|(key, _)| key[0] == keys::SANDBOX_LEDGER);
        change(rows.next().expect("the charge is in the books").1);
    }

    fn refund(amount: u64) -> Refund {
        Refund { id: RefundId::from_bytes([1; 16]), amount, at: Timestamp(1) }
    }

    #[test]
    fn a_charge_that_is_not_in_the_books_or_twice_in_them_is_found() {
        assert!(charged(|_| ()).is_ok());
        let none = charged(|machine| change_books(machine, Vec::clear));
        assert!(matches!(none, Err(Broken::Books { what: "charges", summed: 0, expected: 70, .. })));
        let twice = charged(|machine| change_books(machine, |lines| *lines = lines.repeat(2)));
        assert!(matches!(twice, Err(Broken::Books { what: "charges", summed: 140, expected: 70, .. })));
    }

    #[test]
    fn a_charge_that_no_intent_knows_of_is_found() {
        let canceled = charged(|machine| change_intent(machine, |intent| intent.status = Status::Canceled));
        assert!(matches!(canceled, Err(Broken::Books { what: "charges", summed: 70, expected: 0, .. })));
        let gone = charged(|machine| machine.view.0.retain(|key, _| key[0] != keys::SANDBOX_INTENT));
        assert!(matches!(gone, Err(Broken::Books { what: "charges", summed: 70, expected: 0, .. })));
    }

    #[test]
    fn a_refund_that_is_not_in_the_books_is_found() {
        let unknown = charged(|machine| change_intent(machine, |intent| intent.refunds.push(refund(70))));
        assert!(matches!(unknown, Err(Broken::Books { what: "refunds", summed: 0, expected: 70, .. })));
    }

    #[test]
    fn a_refund_of_more_than_was_charged_is_found() {
        let overpaid = charged(|machine| {
            change_intent(machine, |intent| intent.refunds.push(refund(71)));
            let (kind, amount) = (Kind::Refund, Money { amount: 71, ..AMOUNT });
            let line = Movement { at: Timestamp(1), intent: INTENT, order_id: OrderId::from_u128(1), kind, amount };
            change_books(machine, |lines| lines.extend(codec::encode(&line)));
        });
        assert!(matches!(overpaid, Err(Broken::Overpaid { refunded: 71, charged: 70, .. })));
    }
}
