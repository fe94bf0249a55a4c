//! The rows of a whole shop, keys and all, and the hash that replicas compare.

use std::collections::BTreeSet;

use livedrop_domain::accounts::{self, AddSigningKey, Role};
use livedrop_domain::batch::BatchBuilder;
use livedrop_domain::clock::Tick;
use livedrop_domain::drops::{self, Schedule, Stage, Steer};
use livedrop_domain::orders::{self, Place};
use livedrop_domain::payments::{self, Pay, PlaceAndPay, Report};
use livedrop_domain::{
    Applied, Command, DropId, Idempotency, MemView, OrderId, Overlay, Request, WebhookId, apply, cdn, codec, decided,
    follows, journal, members, notifications, products, sandbox, webhooks,
};

use crate::file::{check_bytes, hex};
use crate::money;
use crate::values::{self, BUYER, NOW};
use crate::{cdn as caches, follows as following, members as nodes, sandbox as asked, waitlist, webhooks as told};

const KEY: Idempotency = Idempotency { account: BUYER, key_hash: [0x11; 16], body_hash: [0x22; 16] };
const HOUR_MS: u64 = 60 * 60 * 1_000;

/// Everything that leaves a row, in one entry; a second one, an hour later, that does half of what is due; a third one
/// of payments, a fourth of waiting lines, a fifth of what an operator takes away, a sixth of what the years do, and a
/// seventh of nodes.
fn entries() -> [Vec<u8>; 7] {
    let buyer = accounts::Register {
        account_id: BUYER,
        email: "bo@example.com".into(),
        display_name: "Bo".into(),
        role: Role::Buyer,
        ..values::register()
    };
    let tomorrow = Schedule {
        drop_id: DropId::from_u128(0x03c2),
        starts_at: Some(NOW.after_ms(24 * HOUR_MS)),
        ends_at: None,
        ..values::schedule()
    };
    let gone = WebhookId::from_u128(0x06f2);
    let one = |n| Place { order_id: OrderId::from_u128(n), quantity: 1, ..values::place() };
    let mut first = BatchBuilder::new();
    for command in [
        members::Command::Register(members::Register { node_id: 3, incarnation: [0x33; 16], secret: None }).into(),
        accounts::Command::AddSigningKey(AddSigningKey { key: values::signing_key() }).into(),
        accounts::Command::Register(values::register()).into(),
        accounts::Command::Register(buyer).into(),
        accounts::Command::SignIn(values::sign_in()).into(),
        products::Command::Create(values::create()).into(),
        drops::Command::Schedule(values::schedule()).into(),
        drops::Command::Schedule(tomorrow).into(),
        orders::Command::Place(one(0x04d1)).into(),
        sandbox::Command::Create(asked::create()).into(),
        sandbox::Command::Confirm(asked::confirm()).into(),
        sandbox::Command::Refund(asked::pay_back()).into(),
        webhooks::Command::Create(told::create()).into(),
        webhooks::Command::Enqueue(told::enqueue()).into(),
        webhooks::Command::Create(webhooks::Create { endpoint_id: gone, ..told::create() }).into(),
        webhooks::Command::Delete(webhooks::Delete { endpoint_id: gone, ..told::delete() }).into(),
        follows::Command::Follow(following::follow()).into(),
        notifications::Command::MarkRead(following::mark_read()).into(),
        notifications::Command::SetPreferences(following::set_preferences()).into(),
        cdn::Command::Told(caches::told()).into(),
    ] {
        first.push(&request(command, None));
    }
    let none = Place { quantity: 0, ..one(0x04d3) };
    first.push(&request(orders::Command::Place(none).into(), Some(Idempotency { key_hash: [0x12; 16], ..KEY })));
    first.push(&request(orders::Command::Place(one(0x04d2)).into(), Some(KEY)));
    let mut second = BatchBuilder::new();
    second.push(&request(Command::Clock(Tick::of(2)), None));
    let second = second.finish(NOW.after_ms(HOUR_MS));
    [first.finish(NOW), second, payments(), waitlist::entry(), taken_away(), tidied(), nodes()]
}

/// The oldest records are let go of, and what older programs left out is made complete.
fn tidied() -> Vec<u8> {
    let mut entry = BatchBuilder::new();
    entry.push(&request(Command::Clock(Tick::of(16).trimming_audit(3 * HOUR_MS).completing()), None));
    entry.finish(NOW.after_ms(5 * HOUR_MS))
}

/// A buyer is disabled.
fn taken_away() -> Vec<u8> {
    let mut entry = BatchBuilder::new();
    entry.push(&request(accounts::Command::Disable(accounts::Disable { account_id: BUYER }).into(), None));
    entry.finish(NOW.after_ms(4 * HOUR_MS))
}

/// A drop with an order that is paid, one that is about to be, and one that is not; then it is cancelled, and the clock
/// has only called the last one off.
fn payments() -> Vec<u8> {
    let drop_id = DropId::from_u128(0x03c3);
    let (starts_at, ends_at) = (None, None);
    let place = |n| Place { order_id: OrderId::from_u128(n), quantity: 1, drop_id, ..values::place() };
    let order_id = OrderId::from_u128(0x04d4);
    let report = |attempt, result| payments::Command::Report(Report { order_id, attempt, result }).into();
    let mut entry = BatchBuilder::new();
    for command in [
        drops::Command::Schedule(Schedule { drop_id, starts_at, ends_at, ..values::schedule() }).into(),
        orders::Command::Place(place(0x04d4)).into(),
        payments::Command::Pay(Pay { order_id, ..money::pay() }).into(),
        report(1, payments::Outcome::Created { intent_id: "pi_1".into() }),
        report(2, payments::Outcome::Succeeded),
        payments::Command::PlaceAndPay(PlaceAndPay { place: place(0x04d5), with: money::with() }).into(),
        orders::Command::Place(Place { buyer_id: values::CREATOR, ..place(0x04d6) }).into(),
        drops::Command::Cancel(Steer { drop_id, ..values::steer() }).into(),
        Command::Clock(Tick::of(2)),
    ] {
        entry.push(&request(command, None));
    }
    entry.finish(NOW.after_ms(2 * HOUR_MS))
}

/// Two nodes are invited, one of them joins, becomes a voter, and goes.
fn nodes() -> Vec<u8> {
    let invite = members::Invite { node_id: None, secret_hash: blake3::hash(&[0x55; 32]).into(), ..nodes::invite() };
    let mut entry = BatchBuilder::new();
    for command in [
        members::Command::Invite(invite.clone()),
        members::Command::Invite(invite),
        members::Command::Register(nodes::join()),
        members::Command::Promote(members::Promote { node_id: 4 }),
        members::Command::Remove(members::Remove { node_id: 4 }),
    ] {
        entry.push(&request(command.into(), None));
    }
    entry.finish(NOW.after_ms(3 * HOUR_MS))
}

pub fn request(command: Command, idempotency: Option<Idempotency>) -> Vec<u8> {
    codec::encode(&Request { request_id: "golden".into(), idempotency, command, by: None })
}

/// The shop after the first so many entries, at log indices from 7 on.
fn shop(entries_applied: usize) -> (MemView, Vec<Applied>) {
    let (mut view, mut applied) = (MemView::default(), Vec::new());
    for (index, payload) in (7..).zip(entries()).take(entries_applied) {
        let mut overlay = Overlay::default();
        applied.push(apply(&view, &mut overlay, index, &payload).expect("no fault"));
        view.write(&mut overlay);
    }
    (view, applied)
}

#[test]
fn entries_keep_their_bytes() {
    let names = ["everything", "an hour later", "payments", "waiting lines", "taken away", "tidied", "nodes"];
    check_bytes("entries.txt", names.map(str::to_string).into_iter().zip(entries()).collect());
}

#[test]
fn hashes_stay_what_they_are() {
    let hash = |applied: &Applied| (format!("after entry {}", applied.index), applied.hash.to_vec());
    check_bytes("hashes.txt", shop(7).1.iter().map(hash).collect());
}

#[test]
fn rows_of_a_shop_keep_their_keys_and_bytes() {
    let rows = |view: &MemView| view.0.iter().map(|(key, value)| (hex(key), value.clone())).collect::<Vec<_>>();
    let before = rows(&shop(2).0);
    let mut paid = rows(&shop(3).0);
    let mut waited = rows(&shop(4).0);
    let mut last = rows(&shop(5).0);
    let mut nodes = rows(&shop(7).0);
    let mut tidied = rows(&shop(6).0);
    nodes.retain(|row| !tidied.contains(row));
    tidied.retain(|row| !last.contains(row));
    last.retain(|row| !waited.contains(row));
    waited.retain(|row| !paid.contains(row));
    paid.retain(|row| !before.contains(row));
    check_bytes("rows.txt", before);
    check_bytes("rows-of-payments.txt", paid);
    check_bytes("rows-of-waiting-lines.txt", waited);
    check_bytes("rows-of-what-is-taken-away.txt", last);
    check_bytes("rows-of-what-is-tidied.txt", tidied);
    check_bytes("rows-of-nodes.txt", nodes);
}

/// A prefix is a promise about what is on disks, so each must be seen to be kept.
#[test]
fn every_prefix_has_a_row_in_the_file() {
    let seen: BTreeSet<u8> =
        (1..=entries().len()).flat_map(|applied| shop(applied).0.0.into_keys()).map(|key| key[0]).collect();
    let layout = include_str!("../../src/keys.rs");
    let promised = layout.lines().filter_map(|line| line.split_once(": u8 = 0x")?.1.strip_suffix(';'));
    let promised: BTreeSet<u8> = promised.map(|hex| u8::from_str_radix(hex, 16).expect("a prefix")).collect();
    assert_eq!(seen, promised, "another prefix wants a row in one of the entries");
}

/// These rows have no type that can be named from here, or are put together by hand.
#[test]
fn rows_read_as_what_happened() {
    let (view, applied) = shop(2);
    let first = journal::at(&view, 7).expect("memory does not fail").expect("entry 7 has a journal");
    assert_eq!((first.at, first.hash, first.events), (applied[0].at, applied[0].hash, applied[0].facts.clone()));
    let decided = decided(&view, BUYER, &KEY.key_hash).expect("memory does not fail").expect("the key was used");
    assert_eq!(decided.body_hash, KEY.body_hash);
    assert_eq!(Some(&decided.outcome), applied[0].outcomes.last());
}

/// The stage of a drop is a part of keys.
#[test]
fn stages_keep_their_numbers() {
    assert_eq!([Stage::Upcoming, Stage::Live, Stage::Ended].map(|stage| stage as u8), [1, 2, 3]);
}
