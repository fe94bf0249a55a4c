use super::{Join, LINE_MAX, Place, QUANTITY_MAX, Rejection, Reply, Waiter, table};
use crate::drops::{self, Phase};
use crate::orders::{self, Status};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{DropId, Entry, Stop};

/// Takes a place at the end of the line for a variant of which nothing is for sale.
///
/// Whoever waits already keeps their place and the id of their order, and may want fewer units than before. Whoever has
/// an open offer gets it for an answer, so that a request that is repeated does not take a place behind its own offer.
///
/// Rejects, in this order: `DropNotFound`, `NotOpen` or `Ended`, `UnknownSku`, `BadQuantity`, `AlreadyWaiting`,
/// `LimitReached`, `UnitsAvailable`, `LineFull`, `IdTaken`. Emits nothing: whoever joined was answered.
pub(super) fn join(tx: &mut Tx, entry: &Entry, command: Join) -> Result<Reply, Stop> {
    let Join { drop_id, account_id, sku, quantity, order_id } = command;
    let drop = drops::get(tx, drop_id)?.ok_or(Rejection::DropNotFound)?;
    match drop.phase {
        _ if drop.ends_at <= entry.now => return Err(Rejection::Ended.into()),
        Phase::Scheduled if drop.starts_at > entry.now => {
            return Err(Rejection::NotOpen { opens_at: drop.starts_at }.into());
        }
        Phase::Scheduled | Phase::Live | Phase::Paused => {}
        Phase::Ended | Phase::Cancelled => return Err(Rejection::Ended.into()),
    }
    let stock = drops::stock(tx, drop_id)?;
    let wanted = stock.place_of(sku.as_deref()).ok_or(Rejection::UnknownSku)?;
    let item = wanted as u16;
    ensure((1..=QUANTITY_MAX).contains(&quantity), Rejection::BadQuantity)?;
    match table::place(tx, drop_id, account_id)? {
        Some(Place { offered: Some(order_id), .. }) => {
            let order = orders::get(tx, order_id)?;
            if order.is_some_and(|order| matches!(order.status, Status::Reserved | Status::Paying)) {
                return Ok(Reply::Offered { order_id });
            }
        }
        Some(place) => return keep(tx, drop_id, place, item, quantity),
        None => {}
    }
    let limit = drop.per_customer_limit;
    let units = if limit == 0 { 0 } else { drops::units_of(tx, drop_id, account_id)?.saturating_add(quantity) };
    ensure(units <= limit, Rejection::LimitReached { limit })?;
    let is_waited_for = drop.is_waited_for(wanted);
    ensure(is_waited_for || stock.0[wanted].available == 0, Rejection::UnitsAvailable)?;
    let mut line = table::line(tx, drop_id, item)?;
    ensure(line.waiting < LINE_MAX, Rejection::LineFull)?;
    ensure(!orders::is_taken(tx, order_id)?, Rejection::IdTaken)?;
    // From here on it must succeed.
    let sequence = line.next;
    line.waiting += 1;
    line.next += 1;
    table::put_waiter(tx, drop_id, (item, sequence), &Waiter { account_id, order_id, quantity, joined_at: entry.now });
    table::put_place(tx, drop_id, account_id, &Place { item, sequence, offered: None });
    table::put_line(tx, drop_id, item, &line);
    if !is_waited_for {
        drops::change_line(tx, entry, drop_id, item, true)?;
    }
    Ok(Reply::Waiting { item, sequence, quantity })
}

/// Leaves somebody where they wait, for as many units as they want now, if these are not more.
fn keep(tx: &mut Tx, drop: DropId, place: Place, item: u16, quantity: u32) -> Result<Reply, Stop> {
    let sequence = place.sequence;
    let waiter = table::waiter(tx, drop, place.item, sequence)?;
    ensure(place.item == item && quantity <= waiter.quantity, Rejection::AlreadyWaiting)?;
    // From here on it must succeed.
    if quantity < waiter.quantity {
        table::put_waiter(tx, drop, (item, sequence), &Waiter { quantity, ..waiter });
    }
    Ok(Reply::Waiting { item, sequence, quantity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drops::{Command, Restock, Schedule, Steer};
    use crate::machine::testing::{Machine, drop};
    use crate::waitlist::{Position, Standing, line, standing};
    use crate::{OrderId, Rejection as No};

    fn steer() -> Steer {
        Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id }
    }

    #[test]
    fn whoever_comes_first_is_first_in_line() {
        let mut machine = Machine::sold_out(1);
        for buyer in [5, 3, 4] {
            machine.join(100 + buyer, buyer, 1).expect("nothing is left");
        }
        assert_eq!(machine.waiting(), [5, 3, 4]);
        assert_eq!([5, 3, 4].map(|buyer| machine.position(buyer)), [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn whoever_joins_again_keeps_their_place_and_may_want_less_but_not_more() {
        let mut machine = Machine::sold_out(1);
        let first = machine.join(101, 1, 3).expect("nothing is left");
        machine.join(102, 2, 1).expect("nothing is left");
        assert_eq!(machine.join(103, 1, 3), Ok(first));
        assert_eq!(machine.join(104, 1, 4), Err(Rejection::AlreadyWaiting.into()));
        machine.join(105, 1, 2).expect("it is less");
        assert_eq!(machine.waiting(), [1, 2]);
        let standing = standing(&machine.view, drop(1).drop_id, machine.buyer(1)).expect("memory does not fail");
        assert_eq!(standing, Some(Standing::Waiting { item: 0, quantity: 2, position: Position::Exactly(1) }));
        machine.cancel(1, 9).expect("it is reserved");
        assert_eq!(machine.order(101).buyer_id, machine.buyer(1), "the first order id counts");
    }

    #[test]
    fn whoever_was_offered_something_gets_the_offer_for_an_answer_while_it_is_open() {
        let mut machine = Machine::sold_out(1);
        machine.join(101, 1, 1).expect("nothing is left");
        machine.cancel(1, 9).expect("it is reserved");
        let order_id = OrderId::from_u128(101);
        assert_eq!(machine.join(102, 1, 1), Ok(Reply::Offered { order_id }));
        machine.cancel(101, 1).expect("it is reserved");
        assert_eq!(machine.join(103, 1, 1), Err(Rejection::UnitsAvailable.into()));
        machine.place(2, 2, 1).expect("nobody waits");
        machine.join(104, 1, 1).expect("that offer is over");
        assert_eq!(machine.waiting(), [1]);
    }

    #[test]
    fn nobody_waits_for_what_they_can_buy() {
        let mut machine = Machine::with_drop(1);
        assert_eq!(machine.join(101, 1, 1), Err(Rejection::UnitsAvailable.into()));
        machine.place(1, 9, 1).expect("there is one");
        machine.join(101, 1, 1).expect("nothing is left");
        assert_eq!(line(&machine.view, drop(1).drop_id, 0).expect("memory does not fail").waiting, 1);
    }

    #[test]
    fn nobody_waits_for_what_is_not_there_has_not_begun_or_is_over() {
        let mut machine = Machine::with_product();
        assert_eq!(machine.join(101, 1, 1), Err(Rejection::DropNotFound.into()));
        let opens_at = machine.now.after_ms(10);
        let later = Schedule { starts_at: Some(opens_at), ..drop(1) };
        machine.run(Command::Schedule(later)).expect("the creator may");
        let early: No = Rejection::NotOpen { opens_at }.into();
        assert!(early.is_too_early());
        assert_eq!(machine.join(101, 1, 1), Err(early));
        machine.now = opens_at;
        machine.place(1, 9, 5).expect("there are five");
        assert_eq!(machine.join_sku(101, 1, Some("xl"), 1), Err(Rejection::UnknownSku.into()));
        for quantity in [0, QUANTITY_MAX + 1] {
            assert_eq!(machine.join(101, 1, quantity), Err(Rejection::BadQuantity.into()));
        }
        assert_eq!(machine.join(1, 1, 1), Err(Rejection::IdTaken.into()));
        machine.run(Command::Pause(steer())).expect("it is live");
        machine.join(102, 1, 1).expect("a paused drop goes on some time");
        machine.run(Command::End(steer())).expect("it is paused");
        assert_eq!(machine.join(103, 2, 1), Err(Rejection::Ended.into()));
    }

    #[test]
    fn nobody_waits_for_more_than_one_customer_may_have() {
        let mut machine = Machine::with_product();
        machine.run(Command::Schedule(Schedule { per_customer_limit: 3, ..drop(1) })).expect("the creator may");
        machine.place(1, 1, 2).expect("three are allowed");
        machine.place(2, 2, 3).expect("three are allowed");
        let reached = Err(Rejection::LimitReached { limit: 3 }.into());
        assert_eq!([machine.join(101, 1, 2), machine.join(101, 2, 1)], [reached.clone(), reached]);
        machine.join(102, 1, 1).expect("one more is allowed");
    }

    #[test]
    fn a_full_line_takes_nobody() {
        let mut machine = Machine::sold_out(1);
        machine.join(101, 1, 1).expect("nothing is left");
        machine.change_line(|line| line.waiting = LINE_MAX);
        let join = machine.join_command(102, 2, None, 1);
        assert_eq!(machine.run_unchecked(join), Err(Rejection::LineFull.into()));
    }

    #[test]
    fn a_line_is_for_one_variant() {
        let mut machine = Machine::with_product();
        let items = ["s", "m"].map(|sku| drops::NewItem { sku: sku.into(), stock: 1 }).to_vec();
        machine.run(Command::Schedule(Schedule { items, ..drop(1) })).expect("the creator may");
        machine.place_sku(1, 9, Some("s"), 1).expect("there is one");
        machine.join_sku(101, 1, Some("s"), 1).expect("nothing is left");
        assert_eq!(machine.join_sku(102, 1, Some("m"), 1), Err(Rejection::AlreadyWaiting.into()));
        machine.place_sku(2, 2, Some("m"), 1).expect("nobody waits for it");
        let restock =
            Restock { drop_id: steer().drop_id, creator_id: steer().creator_id, sku: "m".into(), quantity: 1 };
        machine.run(Command::Restock(restock)).expect("it is live");
        assert_eq!(machine.waiting(), [1], "that was another variant");
    }
}
