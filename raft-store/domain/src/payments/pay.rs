use super::types::METHOD_MAX;
use super::{Event, Pay, Payment, Rejection, Reply, Stage, With, charge, table};
use crate::orders::{self, Order, Status};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Fault, Stop};

/// Begins to pay for a reserved order, whose units are held longer for it. What is free is paid at once.
///
/// Rejects, in this order: `BadMethod`, `NotFound` (also when it is somebody else's), `WrongStatus`, `HoldOver`.
/// Emits `Paying`, then `Due`; of what is free `Confirmed`.
pub(super) fn pay(tx: &mut Tx, entry: &Entry, command: Pay) -> Result<Reply, Stop> {
    let Pay { order_id, buyer_id, with } = command;
    ensure(is_method(&with.method), Rejection::BadMethod)?;
    let order = orders::get(tx, order_id)?.filter(|order| order.buyer_id == buyer_id).ok_or(Rejection::NotFound)?;
    ensure(order.status == Status::Reserved, Rejection::WrongStatus { status: order.status })?;
    ensure(order.held_until() > entry.now, Rejection::HoldOver)?;
    // From here on it must succeed.
    let (order, payment) = begin(tx, entry, order, with)?;
    Ok(Reply::Changed(order, payment.into()))
}

pub(super) fn is_method(method: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=METHOD_MAX).contains(&method.len()) && method.bytes().all(is_fit)
}

/// Begins the payment of a reserved order.
pub(super) fn begin(tx: &mut Tx, entry: &Entry, order: Order, with: With) -> Result<(Order, Payment), Fault> {
    let payment = Payment {
        order_id: order.id,
        gateway: with.gateway,
        method: with.method,
        amount: order.amount(),
        stage: Stage::Creating,
        attempt: 1,
        intent_id: None,
        started_at: entry.now,
        give_up_ms: with.give_up_ms,
        give_up_at: None,
        end: None,
        declined: None,
        next_action: None,
        refunds: Vec::new(),
        version: entry.index,
    };
    let (order, payment) = match payment.amount.amount {
        0 => charge::charged(tx, entry, order, payment)?,
        _ => {
            let order = orders::begin_payment(tx, entry, order, with.hold_ms);
            tx.emit(Event::Due { order_id: order.id });
            (order, payment)
        }
    };
    Ok((order, table::put(tx, entry, payment, None)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::{Machine, drop, product, with};
    use crate::payments::{Command, End, get};
    use crate::{Currency, Money, OrderId, drops, products};

    fn pay(machine: &Machine, order: u128, buyer: u128, with: With) -> Command {
        Command::Pay(Pay { order_id: OrderId::from_u128(order), buyer_id: machine.buyer(buyer), with })
    }

    #[test]
    fn a_payment_holds_the_units_longer_and_asks_for_the_gateway() {
        let mut machine = Machine::with_drop(5);
        let placed = machine.place(1, 1, 2).expect("there are five");
        machine.now.0 += 1_000;
        let (order, payment) = machine.pay(1, 1).expect("it is reserved");
        assert_eq!((order.status, order.held_until()), (Status::Paying, machine.now.after_ms(with().hold_ms)));
        assert_eq!(order.hold_expires_at, placed.hold_expires_at, "as the first answer said");
        assert_eq!((payment.stage, payment.attempt, payment.amount), (Stage::Creating, 1, order.amount()));
        assert_eq!((machine.told("Paying"), machine.told("Due")), (1, 1));
        assert_eq!(machine.counts(), (3, 2, 0));
        assert_eq!(get(&machine.view, order.id).expect("memory does not fail"), Some(payment));
    }

    #[test]
    fn a_hold_that_is_longer_anyway_stays_as_long() {
        let mut machine = Machine::with_drop(5);
        let placed = machine.place(1, 1, 1).expect("there are five");
        machine.run(pay(&machine, 1, 1, With { hold_ms: 1, ..with() })).expect("it is reserved");
        assert_eq!(machine.order(1).held_until(), placed.hold_expires_at);
        machine.now = placed.hold_expires_at;
        machine.tick();
        assert_eq!(machine.order(1).status, Status::Expired, "the clock still looks");
    }

    #[test]
    fn an_order_is_paid_once_and_by_its_buyer() {
        let mut machine = Machine::with_drop(5);
        machine.place(1, 1, 1).expect("there are five");
        assert_eq!(machine.pay(1, 2), Err(Rejection::NotFound.into()));
        assert_eq!(machine.pay(7, 1), Err(Rejection::NotFound.into()));
        machine.pay(1, 1).expect("it is reserved");
        assert_eq!(machine.pay(1, 1), Err(Rejection::WrongStatus { status: Status::Paying }.into()));
    }

    #[test]
    fn a_hold_that_is_over_cannot_be_paid_though_the_clock_has_not_come() {
        let mut machine = Machine::with_drop(5);
        machine.place(1, 1, 1).expect("there are five");
        machine.now.0 += drop(1).hold_ms;
        assert_eq!(machine.pay(1, 1), Err(Rejection::HoldOver.into()));
    }

    #[test]
    fn a_method_is_a_name_and_not_a_text() {
        let mut machine = Machine::with_drop(5);
        machine.place(1, 1, 1).expect("there are five");
        for method in ["", "pm card", "pm/card", "pm_\u{e9}", &"m".repeat(METHOD_MAX + 1)] {
            let command = pay(&machine, 1, 1, With { method: method.into(), ..with() });
            assert_eq!(machine.run(command), Err(Rejection::BadMethod.into()), "{method}");
        }
        let longest = With { method: "m".repeat(METHOD_MAX), ..with() };
        machine.run(pay(&machine, 1, 1, longest)).expect("it is not too long");
    }

    #[test]
    fn what_is_free_is_paid_at_once() {
        let mut machine = Machine::with_creator();
        let price = Money { amount: 0, currency: Currency::EUR };
        let free = products::Create { price, ..product(1, 1) };
        machine.run(products::Command::Create(free)).expect("the creator may");
        machine.run(drops::Command::Schedule(drop(1))).expect("the creator may");
        machine.place(1, 1, 1).expect("there are five");
        let (order, payment) = machine.pay(1, 1).expect("it is reserved");
        assert_eq!((order.status, payment.stage, payment.end), (Status::Confirmed, Stage::Charged, None::<End>));
        assert!(!payment.needs_gateway());
        assert_eq!((machine.told("Confirmed"), machine.told("Due"), machine.counts()), (1, 0, (4, 0, 1)));
    }
}
