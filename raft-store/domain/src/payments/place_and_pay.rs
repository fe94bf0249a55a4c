use super::{PlaceAndPay, Rejection, Reply, pay};
use crate::orders;
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Places an order and begins to pay for it, or neither.
///
/// Rejects `BadMethod`, then whatever the placing of an order is rejected for, in its room's words. Emits what placing
/// emits, then what paying does.
pub(super) fn place_and_pay(tx: &mut Tx, entry: &Entry, command: PlaceAndPay) -> Result<Reply, Stop> {
    let PlaceAndPay { place, with } = command;
    ensure(pay::is_method(&with.method), Rejection::BadMethod)?;
    let order = orders::place(tx, entry, place)?;
    // From here on it must succeed.
    let (order, payment) = pay::begin(tx, entry, order, with)?;
    Ok(Reply::Placed(order, payment.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop, with};
    use crate::orders::{Place, Status};
    use crate::payments::{Command, With};
    use crate::{OrderId, Rejection as No};

    fn buys(machine: &Machine, order: u128, quantity: u32, with: With) -> Command {
        let (order_id, buyer_id) = (OrderId::from_u128(order), machine.buyer(1));
        let place = Place { order_id, buyer_id, drop_id: drop(1).drop_id, sku: None, quantity };
        Command::PlaceAndPay(PlaceAndPay { place, with })
    }

    #[test]
    fn an_order_is_placed_and_about_to_be_paid_in_one_step() {
        let mut machine = Machine::with_drop(2);
        machine.run(buys(&machine, 1, 2, with())).expect("there are two");
        assert_eq!((machine.order(1).status, machine.counts()), (Status::Paying, (0, 2, 0)));
        assert_eq!((machine.told("Reserved"), machine.told("Paying"), machine.told("Due")), (1, 1, 1));
    }

    #[test]
    fn what_cannot_be_placed_is_not_paid_and_says_why_in_the_words_of_orders() {
        let mut machine = Machine::with_drop(1);
        assert_eq!(machine.run(buys(&machine, 1, 2, with())), Err(No::Orders(orders::Rejection::SoldOut)));
        let unnamed = With { method: String::new(), ..with() };
        assert_eq!(machine.run(buys(&machine, 1, 2, unnamed)), Err(Rejection::BadMethod.into()));
        machine.run(buys(&machine, 1, 1, with())).expect("there is one");
        assert_eq!(machine.run(buys(&machine, 1, 1, with())), Err(No::Orders(orders::Rejection::SoldOut)));
    }

    #[test]
    fn the_same_key_gets_the_order_as_it_was_placed() {
        let mut machine = Machine::with_drop(2);
        let command: crate::Command = buys(&machine, 1, 1, with()).into();
        let first = machine.run_keyed(1, "key", "one", command.clone()).expect("there are two");
        machine.cancel(1, 1).expect("it was not confirmed");
        assert_eq!(machine.run_keyed(1, "key", "one", command), Ok(first));
        assert_eq!(machine.counts(), (2, 0, 0));
    }

    #[test]
    fn a_key_is_kept_for_as_long_as_its_order_is_open() {
        let mut machine = Machine::with_drop(2);
        let patient = With { hold_ms: 3 * crate::idempotency::KEPT_MS, ..with() };
        let command: crate::Command = buys(&machine, 1, 1, patient).into();
        let first = machine.run_keyed(1, "key", "one", command.clone()).expect("there are two");
        machine.now.0 += 2 * crate::idempotency::KEPT_MS;
        machine.tick();
        assert_eq!(machine.run_keyed(1, "key", "one", command), Ok(first));
    }
}
