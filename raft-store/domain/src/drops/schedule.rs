use super::types::{HOLD_MS, ITEMS_MAX, SKU_MAX, STOCK_MAX};
use super::{Drop, Event, Item, NewItem, Phase, Rejection, Reply, Schedule, Stock, open_due, table};
use crate::products;
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop, Timestamp};

/// Announces a drop of a product, at the product's price of now; live at once when it is to start no later than now.
///
/// Rejects, in this order: `products::NotFound`, `products::Retired`, `BadField`, `EndsTooEarly`, `IdTaken`.
/// Emits `Scheduled`, or `Live`.
pub(super) fn schedule(tx: &mut Tx, entry: &Entry, command: Schedule) -> Result<Reply, Stop> {
    let product = products::for_sale_by(tx, command.product_id, command.creator_id)?;
    let starts_at = command.starts_at.unwrap_or(entry.now).max(entry.now);
    let ends_at = command.ends_at.unwrap_or(Timestamp::NEVER);
    ensure(items_are_well_formed(&command.items) && HOLD_MS.contains(&command.hold_ms), Rejection::BadField)?;
    ensure(ends_at > starts_at, Rejection::EndsTooEarly)?;
    ensure(table::get(tx, command.drop_id)?.is_none(), Rejection::IdTaken)?;
    // From here on it must succeed.
    let stock = stock_of(command.items);
    let mut drop = Drop {
        id: command.drop_id,
        creator_id: command.creator_id,
        product_id: product.id,
        unit_price: product.price,
        phase: Phase::Scheduled,
        sold_out: false,
        low_stock_told: false,
        starts_at,
        ends_at,
        per_customer_limit: command.per_customer_limit,
        hold_ms: command.hold_ms,
        low_stock_threshold: command.low_stock_threshold,
        created_at: entry.now,
        version: entry.index,
        waited_for: None,
    };
    if starts_at == entry.now {
        open_due::open(tx, entry, &mut drop);
    } else {
        tx.emit(Event::Scheduled { drop_id: drop.id, creator_id: drop.creator_id, starts_at });
    }
    table::put(tx, &drop, None);
    table::put_stock(tx, drop.id, &stock);
    Ok(Reply::Scheduled(drop, stock))
}

/// At least one variant, each named once, each with units.
pub(super) fn items_are_well_formed(items: &[NewItem]) -> bool {
    (1..=ITEMS_MAX).contains(&items.len())
        && items.iter().all(|item| (1..=SKU_MAX).contains(&item.sku.len()) && (1..=STOCK_MAX).contains(&item.stock))
        && items.iter().enumerate().all(|(at, item)| items[..at].iter().all(|other| other.sku != item.sku))
}

pub(super) fn stock_of(items: Vec<NewItem>) -> Stock {
    Stock(items.into_iter().map(|item| Item::new(item.sku, item.stock)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drops::{Command, Status, get, words};
    use crate::machine::testing::{Machine, drop};

    fn status(machine: &Machine) -> Status {
        get(&machine.view, drop(1).drop_id).expect("memory does not fail").expect("it is there").status()
    }

    #[test]
    fn a_drop_without_a_start_is_live_at_once() {
        let mut machine = Machine::with_product();
        machine.run(Command::Schedule(drop(1))).expect("the creator may");
        assert_eq!(status(&machine), Status::Live);
    }

    #[test]
    fn a_drop_goes_live_at_its_start_and_ends_at_its_end() {
        let mut machine = Machine::with_product();
        let now = machine.now;
        let timed = Schedule { starts_at: Some(now.after_ms(10)), ends_at: Some(now.after_ms(20)), ..drop(1) };
        machine.run(Command::Schedule(timed)).expect("the creator may");
        let mut seen = Vec::new();
        for wait in [9, 1, 9, 1] {
            machine.now.0 += wait;
            machine.tick();
            seen.push(status(&machine));
        }
        assert_eq!(seen, [Status::Upcoming, Status::Live, Status::Live, Status::Ended]);
    }

    #[test]
    fn a_drop_of_nothing_of_one_sku_twice_or_that_ends_before_it_starts_is_refused() {
        let mut machine = Machine::with_product();
        let item = |sku: &str, stock| NewItem { sku: sku.into(), stock };
        let now = machine.now;
        for (wrong, why) in [
            (Schedule { items: vec![], ..drop(1) }, words::Rejection::BadField),
            (Schedule { items: vec![item("a", 0)], ..drop(1) }, words::Rejection::BadField),
            (Schedule { items: vec![item("a", 1), item("a", 2)], ..drop(1) }, words::Rejection::BadField),
            (Schedule { hold_ms: 1, ..drop(1) }, words::Rejection::BadField),
            (Schedule { ends_at: Some(now), ..drop(1) }, words::Rejection::EndsTooEarly),
        ] {
            assert_eq!(machine.run(Command::Schedule(wrong)), Err(why.into()));
        }
    }

    #[test]
    fn a_creator_cannot_drop_somebody_elses_product() {
        let mut machine = Machine::with_product();
        let foreign = Schedule { creator_id: crate::AccountId::from_u128(77), ..drop(1) };
        assert_eq!(machine.run(Command::Schedule(foreign)), Err(products::Rejection::NotFound.into()));
    }
}
