use super::{Event, Order, Place, QUANTITY_MAX, Rejection, Status, newest, table, told};
use crate::drops::{self, Held};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{AccountId, DropId, Entry, OrderId, Stop};

/// Holds units of a drop for a buyer: the purchase that everything here is for.
///
/// Rejects, in this order: `BadQuantity`, `DropNotFound`, `NotOpen`, `Paused` or `Ended`, `UnknownSku`, `LimitReached`,
/// `SoldOut`, `IdTaken`. Emits `Reserved`, after what the drop has to say.
///
/// Does not look the buyer up: the token that named them was signed for an account that is there, and if it was disabled
/// since, the machine has refused the command.
pub(crate) fn place(tx: &mut Tx, entry: &Entry, command: Place) -> Result<Order, Stop> {
    let Place { order_id, buyer_id, drop_id, sku, quantity } = command;
    ensure((1..=QUANTITY_MAX).contains(&quantity), Rejection::BadQuantity)?;
    let held = drops::hold(tx, entry, drop_id, buyer_id, sku.as_deref(), quantity)?.map_err(Rejection::from)?;
    // Last, though units are held by now: a drop that is sold out says so without this look at the disk,
    // and a rejection forgets what was held.
    ensure(!newest::is_taken(tx, order_id)?, Rejection::IdTaken)?;
    Ok(reserve(tx, entry, (order_id, buyer_id, drop_id), held, quantity))
}

/// Makes an order of units that are held for it. Emits `Reserved`.
pub(super) fn reserve(
    tx: &mut Tx,
    entry: &Entry,
    (id, buyer_id, drop_id): (OrderId, AccountId, DropId),
    held: Held,
    quantity: u32,
) -> Order {
    let order = Order {
        id,
        buyer_id,
        drop_id,
        product_id: held.product_id,
        sku: held.sku,
        quantity,
        unit_price: held.unit_price,
        status: Status::Reserved,
        created_at: entry.now,
        hold_expires_at: held.expires_at,
        placed_index: entry.index,
        version: entry.index,
        extended_to: None,
    };
    table::insert(tx, entry, &order);
    tx.emit(Event::Reserved(told(&order)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drops::{Command, NewItem, Schedule, Steer};
    use crate::machine::testing::{Machine, drop};
    use crate::orders::{get, of_buyer, of_drop};

    fn counts(machine: &Machine) -> (u64, u64, u64) {
        let stock = drops::stock(&machine.view, drop(1).drop_id).expect("it is there");
        (stock.0[0].available, stock.0[0].held, stock.0[0].sold)
    }

    #[test]
    fn a_purchase_holds_units() {
        let mut machine = Machine::with_drop(5);
        let order = machine.place(1, 1, 2).expect("there are five");
        assert_eq!((order.quantity, order.status), (2, Status::Reserved));
        assert_eq!(order.hold_expires_at, machine.now.after_ms(drop(1).hold_ms));
        assert_eq!(order.amount().amount, 2 * order.unit_price.amount);
        assert_eq!(counts(&machine), (3, 2, 0));
        assert_eq!(get(&machine.view, order.id).expect("memory does not fail"), Some(order));
    }

    #[test]
    fn nobody_gets_more_than_there_is() {
        let mut machine = Machine::with_drop(3);
        machine.place(1, 1, 2).expect("there are three");
        assert_eq!(machine.place(2, 2, 2), Err(Rejection::SoldOut.into()));
        machine.place(3, 2, 1).expect("there is one");
        assert_eq!(machine.place(4, 3, 1), Err(Rejection::SoldOut.into()));
        assert_eq!((machine.told("SoldOut"), machine.told("Reserved")), (1, 2));
        assert_eq!(counts(&machine), (0, 3, 0));
    }

    #[test]
    fn nobody_gets_more_than_one_customer_may() {
        let mut machine = Machine::with_product();
        machine.run(Command::Schedule(Schedule { per_customer_limit: 2, ..drop(1) })).expect("the creator may");
        machine.place(1, 1, 2).expect("two are allowed");
        assert_eq!(machine.place(2, 1, 1), Err(Rejection::LimitReached { limit: 2 }.into()));
        assert_eq!(machine.place(3, 2, 3), Err(Rejection::LimitReached { limit: 2 }.into()));
        machine.place(4, 2, 1).expect("somebody else may");
    }

    #[test]
    fn an_order_id_is_used_once() {
        let mut machine = Machine::with_drop(5);
        let first = machine.place(1, 1, 2).expect("there are five");
        assert_eq!(machine.place(1, 2, 1), Err(Rejection::IdTaken.into()));
        assert_eq!(counts(&machine), (3, 2, 0));
        assert_eq!(get(&machine.view, first.id).expect("memory does not fail"), Some(first));
    }

    #[test]
    fn an_order_id_is_used_once_however_old_it_is() {
        let mut machine = Machine::with_drop(9);
        for order in [5, 3, 4, 9, 1] {
            machine.place(order, 1, 1).expect("there are nine");
            for taken in [5, order] {
                assert_eq!(machine.place(taken, 2, 1), Err(Rejection::IdTaken.into()));
            }
        }
        assert_eq!(counts(&machine), (4, 5, 0));
    }

    #[test]
    fn none_and_too_many_are_no_quantity() {
        let mut machine = Machine::with_drop(5);
        for quantity in [0, QUANTITY_MAX + 1] {
            assert_eq!(machine.place(1, 1, quantity), Err(Rejection::BadQuantity.into()));
        }
    }

    #[test]
    fn a_drop_that_has_not_opened_says_when_it_will() {
        let mut machine = Machine::with_product();
        let opens_at = machine.now.after_ms(10);
        machine.run(Command::Schedule(Schedule { starts_at: Some(opens_at), ..drop(1) })).expect("the creator may");
        assert_eq!(machine.place(1, 1, 1), Err(Rejection::NotOpen { opens_at }.into()));
        machine.now = opens_at;
        machine.place(2, 1, 1).expect("a purchase at its start does not wait for the clock");
        assert_eq!(machine.told("Live"), 1);
    }

    #[test]
    fn a_drop_that_should_have_ended_sells_nothing() {
        let mut machine = Machine::with_product();
        let ends_at = machine.now.after_ms(10);
        machine.run(Command::Schedule(Schedule { ends_at: Some(ends_at), ..drop(1) })).expect("the creator may");
        machine.now = ends_at;
        assert_eq!(machine.place(1, 1, 1), Err(Rejection::Ended.into()));
    }

    #[test]
    fn a_drop_with_variants_wants_one_named() {
        let mut machine = Machine::with_product();
        let items = ["s", "m"].map(|sku| NewItem { sku: sku.into(), stock: 1 }).to_vec();
        machine.run(Command::Schedule(Schedule { items, ..drop(1) })).expect("the creator may");
        assert_eq!(machine.place(1, 1, 1), Err(Rejection::UnknownSku.into()));
        assert_eq!(machine.place_sku(2, 1, Some("xl"), 1), Err(Rejection::UnknownSku.into()));
        machine.place_sku(3, 1, Some("m"), 1).expect("there is one");
        assert_eq!(machine.place_sku(4, 1, Some("m"), 1), Err(Rejection::SoldOut.into()));
        assert_eq!(machine.told("SoldOut"), 0, "one variant is left");
        machine.place_sku(5, 1, Some("s"), 1).expect("there is one");
        assert_eq!(machine.told("SoldOut"), 1);
    }

    #[test]
    fn low_stock_is_told_once_as_it_is_crossed() {
        let mut machine = Machine::with_product();
        machine.run(Command::Schedule(Schedule { low_stock_threshold: 3, ..drop(1) })).expect("the creator may");
        for order in 1..=5 {
            machine.place(order, 1, 1).expect("there are five");
        }
        assert_eq!((machine.told("LowStock"), machine.told("SoldOut")), (1, 1));
    }

    #[test]
    fn low_stock_without_a_threshold_is_never_told() {
        let mut machine = Machine::with_drop(2);
        machine.place(1, 1, 2).expect("there are two");
        assert_eq!((machine.told("LowStock"), machine.told("SoldOut")), (0, 1));
    }

    #[test]
    fn orders_are_listed_newest_first_page_by_page() {
        let mut machine = Machine::with_drop(5);
        let placed: Vec<_> = (1..=5).map(|order| machine.place(order, 1, 1).expect("there are five").id).collect();
        let newest_first: Vec<_> = placed.iter().rev().copied().collect();
        let (mut by_buyer, mut by_drop, mut last, mut position) = (Vec::new(), Vec::new(), None, None);
        for _ in 0..3 {
            let buyer = machine.buyer(1);
            let page = of_buyer(&machine.view, buyer, last, 2).expect("memory does not fail");
            last = page.last().map(|order| order.id).or(last);
            by_buyer.extend(page.iter().map(|order| order.id));
            let page = of_drop(&machine.view, drop(1).drop_id, position, 2).expect("memory does not fail");
            position = page.last().map(|(at, _)| *at).or(position);
            by_drop.extend(page.iter().map(|(_, order)| order.id));
        }
        assert_eq!((by_buyer, by_drop), (newest_first.clone(), newest_first));
    }

    #[test]
    fn a_paused_drop_says_so() {
        let mut machine = Machine::with_drop(5);
        let steer = Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id };
        machine.run(Command::Pause(steer)).expect("it is live");
        assert_eq!(machine.place(1, 1, 1), Err(Rejection::Paused.into()));
    }
}
