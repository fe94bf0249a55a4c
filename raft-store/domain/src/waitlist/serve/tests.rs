use super::*;
use crate::accounts;
use crate::clock::is_due;
use crate::drops::{Command, NewItem, Schedule, Status as DropStatus, Steer};
use crate::machine::testing::{Machine, account, drop};
use crate::orders::{Place as Buy, Rejection as NotPlaced, Status};
use crate::payments::{self, AskRefund, RefundOutcome, ReportRefund};
use crate::waitlist::OFFERS_AT_ONCE;

fn status(machine: &Machine) -> DropStatus {
    drops::get(&machine.view, drop(1).drop_id).expect("memory does not fail").expect("it is there").status()
}

/// Buyers 1 to `last` wait for one unit each; their orders will be 101 and so on.
fn with_line(units: u32, last: u128) -> Machine {
    let mut machine = Machine::sold_out(units);
    for buyer in 1..=last {
        machine.join(100 + buyer, buyer, 1).expect("nothing is left");
    }
    machine
}

#[test]
fn units_that_come_back_are_offered_by_the_entry_that_frees_them() {
    let mut machine = with_line(2, 3);
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.counts(), machine.waiting()), ((0, 2, 0), vec![3]));
    for (order, buyer) in [(101, 1), (102, 2)] {
        let offered = machine.order(order);
        assert_eq!((offered.buyer_id, offered.status), (machine.buyer(buyer), Status::Reserved));
        assert_eq!(offered.hold_expires_at, machine.now.after_ms(OFFER_MS), "a hold would be shorter");
    }
    assert_eq!((machine.told("Offered"), machine.told("Reserved"), machine.told("Restocked")), (2, 3, 0));
    assert_eq!(status(&machine), DropStatus::SoldOut);
}

#[test]
fn units_of_holds_that_expire_go_to_those_who_wait_and_not_to_whoever_asks_next() {
    let mut machine = with_line(1, 2);
    machine.now = machine.order(1).hold_expires_at;
    assert_eq!(machine.place(2, 8, 1), Err(NotPlaced::SoldOut.into()));
    machine.tick();
    assert_eq!(machine.place(3, 8, 1), Err(NotPlaced::SoldOut.into()));
    assert_eq!((machine.order(101).status, machine.waiting()), (Status::Reserved, vec![2]));
}

#[test]
fn an_offer_that_nobody_takes_goes_to_the_next_in_line() {
    let mut machine = with_line(1, 2);
    machine.cancel(1, 9).expect("it is reserved");
    machine.now = machine.order(101).hold_expires_at;
    machine.tick();
    assert_eq!((machine.order(101).status, machine.order(102).status), (Status::Expired, Status::Reserved));
    machine.cancel(102, 2).expect("it is reserved");
    assert_eq!((machine.counts(), machine.told("Restocked")), ((1, 0, 0), 1), "nobody waits any longer");
    machine.place(2, 8, 1).expect("nobody waits");
}

#[test]
fn an_offer_is_paid_like_any_order() {
    let mut machine = with_line(1, 2);
    machine.cancel(1, 9).expect("it is reserved");
    machine.pay(101, 1).expect("it is reserved");
    let created = payments::Outcome::Created { intent_id: "pi_1".into() };
    machine.report(101, created).expect("it is the latest");
    machine.report(101, payments::Outcome::Succeeded).expect("it is the latest");
    assert_eq!((machine.order(101).status, machine.counts()), (Status::Confirmed, (0, 0, 1)));
    assert_eq!(machine.waiting(), [2]);
}

#[test]
fn units_that_are_added_are_offered_first_and_the_rest_is_for_sale() {
    let mut machine = with_line(1, 3);
    let stock = machine.restock(2);
    assert_eq!((stock.0[0].available, stock.0[0].held), (0, 3), "the answer is of after the offers");
    assert_eq!((machine.waiting(), machine.told("Restocked")), (vec![3], 0));
    assert_eq!(machine.place(2, 8, 1), Err(NotPlaced::SoldOut.into()));
    let stock = machine.restock(3);
    assert_eq!((stock.0[0].available, machine.told("Restocked"), status(&machine)), (2, 1, DropStatus::Live));
    machine.place(3, 8, 2).expect("nobody waits");
}

#[test]
fn whoever_wants_more_than_came_free_is_offered_that_much() {
    let mut machine = Machine::sold_out(2);
    machine.join(101, 1, 3).expect("nothing is left");
    machine.join(102, 2, 1).expect("nothing is left");
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.order(101).quantity, machine.waiting()), (2, vec![2]));
}

#[test]
fn whom_the_limit_leaves_nothing_is_passed_over_and_whom_it_leaves_less_gets_that() {
    let mut machine = Machine::with_product();
    let items = ["s", "m"].map(|sku| NewItem { sku: sku.into(), stock: 4 }).to_vec();
    machine.run(Command::Schedule(Schedule { per_customer_limit: 4, items, ..drop(1) })).expect("the creator may");
    machine.place_sku(1, 9, Some("s"), 4).expect("there are four");
    for (order, buyer, quantity) in [(101, 1, 2), (102, 2, 2), (103, 3, 1)] {
        machine.join_sku(order, buyer, Some("s"), quantity).expect("nothing is left");
    }
    // While they wait they buy of the other variant.
    machine.place_sku(2, 2, Some("m"), 3).expect("there are four");
    machine.place_sku(3, 1, Some("m"), 1).expect("there is one");
    machine.cancel(2, 2).expect("it is reserved");
    machine.place_sku(4, 1, Some("m"), 3).expect("there are three");
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.told("Offered"), machine.waiting()), (2, vec![]));
    assert_eq!((machine.order(102).quantity, machine.order(103).quantity), (2, 1));
    assert_eq!(crate::orders::get(&machine.view, crate::OrderId::from_u128(101)).ok(), Some(None));
}

#[test]
fn an_id_that_was_used_for_another_order_meanwhile_is_no_offer() {
    let mut machine = Machine::sold_out(1);
    machine.join(2, 1, 1).expect("nothing is left");
    machine.join(103, 2, 1).expect("nothing is left");
    let other = Schedule { drop_id: crate::DropId::from_u128(2), ..drop(1) };
    machine.run(Command::Schedule(other)).expect("the creator may");
    machine.run(of_another_drop(&machine)).expect("there are five");
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.order(103).buyer_id, machine.waiting()), (machine.buyer(2), vec![]));
}

fn of_another_drop(machine: &Machine) -> crate::Command {
    let (order_id, buyer_id) = (crate::OrderId::from_u128(2), machine.buyer(8));
    let drop_id = crate::DropId::from_u128(2);
    crate::orders::Command::Place(Buy { order_id, buyer_id, drop_id, sku: None, quantity: 1 }).into()
}

#[test]
fn a_paused_drop_offers_nothing_until_it_is_resumed() {
    let mut machine = with_line(1, 2);
    machine.pause();
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.counts(), machine.waiting()), ((1, 0, 0), vec![1, 2]));
    assert_eq!(is_due(&machine.view, machine.now).ok(), Some(false));
    machine.resume();
    assert_eq!((machine.counts(), machine.waiting()), ((0, 1, 0), vec![2]));
    assert_eq!((machine.told("Restocked"), status(&machine)), (0, DropStatus::SoldOut));
}

#[test]
fn one_command_makes_a_bounded_number_of_offers_and_nobody_else_gets_the_rest() {
    let (units, line) = (2 * OFFERS_AT_ONCE as u32, 2 * OFFERS_AT_ONCE as u128 + 1);
    let mut machine = with_line(units, line);
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!(machine.counts(), (u64::from(units) / 2, u64::from(units) / 2, 0));
    assert_eq!(machine.place(2, 8, 1), Err(NotPlaced::SoldOut.into()));
    assert_eq!(is_due(&machine.view, machine.now).ok(), Some(true));
    machine.tick_with(100);
    assert_eq!(machine.counts(), (u64::from(units) / 2 - 100, u64::from(units) / 2 + 100, 0));
    machine.tick();
    assert_eq!((machine.waiting(), is_due(&machine.view, machine.now).ok()), (vec![line], Some(false)));
}

#[test]
fn a_tick_spends_its_budget_on_offers_too() {
    let mut machine = Machine::with_drop(3);
    for order in 1..=3 {
        machine.place(order, 9, 1).expect("there are three");
    }
    for buyer in 1..=4 {
        machine.join(100 + buyer, buyer, 1).expect("nothing is left");
    }
    machine.now = machine.order(1).hold_expires_at;
    let mut waiting = Vec::new();
    while is_due(&machine.view, machine.now).expect("memory does not fail") {
        machine.tick_with(3);
        waiting.push(machine.waiting().len());
    }
    assert_eq!(waiting, [3, 1], "two holds and one offer, an offer, a hold and an offer");
}

#[test]
fn a_refund_that_gives_units_back_gives_them_to_the_next_in_line() {
    let mut machine = Machine::with_drop(1);
    machine.paid(1, 9, 1);
    machine.join(101, 1, 1).expect("nothing is left");
    let (order_id, by) = (crate::OrderId::from_u128(1), drop(1).creator_id);
    let ask = AskRefund { order_id, by, operator: false, amount: None, restock: true };
    machine.run(payments::Command::Refund(ask)).expect("it is confirmed");
    let result = RefundOutcome::Done { refund_id: "re_1".into() };
    let report = ReportRefund { order_id, number: 1, attempt: 1, result };
    machine.run(payments::Command::ReportRefund(report)).expect("it is the latest");
    assert_eq!((machine.counts(), machine.order(101).status), ((0, 1, 0), Status::Reserved));
}

#[test]
fn the_end_of_a_line_is_no_news_while_other_variants_are_for_sale() {
    let mut machine = Machine::with_product();
    let items = ["s", "m"].map(|sku| NewItem { sku: sku.into(), stock: 1 }).to_vec();
    machine.run(Command::Schedule(Schedule { items, ..drop(1) })).expect("the creator may");
    machine.place_sku(1, 9, Some("s"), 1).expect("there is one");
    machine.join_sku(101, 1, Some("s"), 1).expect("nothing is left");
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.told("Restocked"), machine.told("SoldOut"), machine.waiting()), (0, 0, vec![]));
    let steer = Steer { drop_id: drop(1).drop_id, creator_id: drop(1).creator_id };
    machine.run(Command::End(steer)).expect("it is live");
}

#[test]
fn one_unit_that_comes_free_reads_one_who_waits_however_many_wait_or_join_with_it() {
    let machine = with_line(1, 200);
    assert_eq!(machine.rows_scanned(vec![machine.cancel_command(1, 9)]), 1);
    let mut together: Vec<_> = (201..=300).map(|buyer| machine.join_command(100 + buyer, buyer, None, 1)).collect();
    together.push(machine.cancel_command(1, 9));
    assert_eq!(machine.rows_scanned(together), 1);
}

#[test]
fn whoever_waits_far_behind_those_who_left_is_found() {
    let mut machine = with_line(1, 200);
    for buyer in 1..=150 {
        machine.leave(buyer);
    }
    assert!(machine.rows_scanned(vec![machine.cancel_command(1, 9)]) <= 2);
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.order(251).buyer_id, machine.waiting().len()), (machine.buyer(151), 49));
}

#[test]
fn lines_of_variants_of_which_nothing_is_free_are_left_alone() {
    let mut machine = Machine::with_product();
    let items = ["s", "m", "l"].map(|sku| NewItem { sku: sku.into(), stock: 1 }).to_vec();
    machine.run(Command::Schedule(Schedule { items, ..drop(1) })).expect("the creator may");
    for (order, sku) in [(1, "s"), (2, "m"), (3, "l")] {
        machine.place_sku(order, 9, Some(sku), 1).expect("there is one");
        machine.join_sku(100 + order, order, Some(sku), 1).expect("nothing is left");
    }
    assert_eq!(machine.rows_scanned(vec![machine.cancel_command(2, 9)]), 1);
    machine.cancel(2, 9).expect("it is reserved");
    assert_eq!((machine.order(102).status, machine.told("Offered")), (Status::Reserved, 1));
}

#[test]
fn whose_account_is_disabled_loses_the_place_to_the_next_in_line() {
    let mut machine = with_line(1, 2);
    let register = accounts::Register { account_id: machine.buyer(1), ..account(1_001, accounts::Role::Buyer) };
    let account_id = register.account_id;
    machine.run(accounts::Command::Register(register)).expect("nobody has the address");
    machine.run(accounts::Command::Disable(accounts::Disable { account_id })).expect("it is there");
    machine.now.0 += accounts::TOKENS_LAST_MS;
    machine.cancel(1, 9).expect("it is reserved");
    assert_eq!((machine.order(102).buyer_id, machine.waiting(), machine.position(1)), (machine.buyer(2), vec![], None));
}
