//! How one log entry is applied: each of its requests in turn, each seeing what those before it did.

mod deeds;
mod gate;

use crate::idempotency::{self, decided};
use crate::journal::{self, Meta};
use crate::orders::Newest;
use crate::overlay::Overlay;
use crate::stop::{Fault, Stop};
use crate::tx::Tx;
use crate::view::View;
use crate::words::{Applicable, By, Command, Event, Outcome, Rejection, Reply};
use crate::{
    Timestamp, accounts, audit, batch, cdn, clock, codec, drops, follows, members, notifications, orders, payments,
    products, sandbox, waitlist, webhooks,
};

/// All that a verb may know of the world beside the rows.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The log index.
    pub index: u64,
    /// The leader's clock when it proposed the entry, held back from ever going back.
    pub now: Timestamp,
}

/// What an entry came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub index: u64,
    /// The time that its commands saw.
    pub at: Timestamp,
    /// One for each request, in their order.
    pub outcomes: Vec<Outcome>,
    /// The rolling hash of the state after it.
    pub hash: [u8; 32],
    /// In order; the place of an event here is the ordinal of its id.
    pub facts: Vec<Event>,
}

/// Applies the entry at `index`. Rows go to `overlay`, where later entries of the same apply batch read them back;
/// after a fault it has a part of the entry and is of no use.
///
/// The hash after an entry is BLAKE3 of the hash before, the log index, every row written, every answer and every
/// event, so two states with the same hash came the same way. A placed order goes in as its row, which its answer only names.
pub fn apply(view: &dyn View, overlay: &mut Overlay, index: u64, payload: &[u8]) -> Result<Applied, Fault> {
    let batch = batch::decode(payload)?;
    let stored = journal::meta(view)?;
    let before = journal::pending_meta(overlay)?.unwrap_or(stored);
    let newest_orders = Newest { stored: stored.newest_order, applied: before.newest_order };
    let mut tx = Tx::new(view, overlay, 4 * payload.len(), newest_orders);
    let entry = Entry { index, now: before.clock.max(batch.proposed_at) };
    tx.record(&before.hash);
    tx.record(&index.to_be_bytes());
    let mut outcomes = Vec::with_capacity(batch.requests.len());
    for request in batch.requests {
        outcomes.push(answer(&mut tx, &entry, codec::decode(request, "a request")?)?);
    }
    notifications::note(&mut tx, &entry)?;
    let newest_order = tx.newest_orders.applied;
    let (entry_record, facts) = tx.finish();
    codec::encode_into(&facts, overlay.record());
    let end = overlay.record().len();
    let hash = blake3::hash(overlay.recorded(entry_record.start..end)).into();
    journal::write(overlay, Meta { clock: entry.now, hash, index, newest_order }, entry_record.end..end);
    Ok(Applied { index, at: entry.now, outcomes, hash, facts })
}

/// Answers a request, and remembers the answer under its idempotency key, if this decides the key.
fn answer(tx: &mut Tx, entry: &Entry, request: Applicable) -> Result<Outcome, Fault> {
    let Applicable { request_id, idempotency, command, by } = request;
    if let Some(key) = &idempotency
        && let Some(first) = decided(tx, key.account, &key.key_hash)?
    {
        let outcome = match first.body_hash == key.body_hash {
            true => Outcome { replayed: true, ..first.outcome },
            false => Outcome { index: entry.index, replayed: false, answer: Err(Rejection::KeyReused) },
        };
        tx.keep(|record| idempotency::record(&outcome, record));
        return Ok(outcome);
    }
    let outcome =
        Outcome { index: entry.index, replayed: false, answer: decide(tx, entry, command, (request_id, by))? };
    let decides = outcome.answer.as_ref().err().is_none_or(|rejection| !rejection.is_too_early());
    if let Some(key) = idempotency.filter(|_| decides) {
        idempotency::remember(tx, entry, &key, &outcome);
    }
    tx.keep(|record| idempotency::record(&outcome, record));
    Ok(outcome)
}

/// Does what a command asks for and puts on record who did it, or does nothing at all.
fn decide(
    tx: &mut Tx,
    entry: &Entry,
    command: Command,
    (request_id, by): (&str, Option<By>),
) -> Result<Result<Reply, Rejection>, Fault> {
    if !gate::may_act(tx, entry, &command, by)? {
        return Ok(Err(accounts::Rejection::Disabled.into()));
    }
    let (deed, before) = (deeds::of(tx, &command, by)?, tx.written());
    match dispatch(tx, entry, command) {
        Ok(reply) => {
            // What was so already is nobody's deed.
            if let Some(deed) = deed.filter(|deed| tx.written() > before && deeds::is_done(deed, &reply)) {
                audit::record(tx, entry, request_id, deed)?;
            }
            Ok(Ok(match waitlist::serve(tx, entry, waitlist::OFFERS_AT_ONCE)? {
                0 => reply,
                _ => as_it_is_now(tx, reply)?,
            }))
        }
        Err(Stop::Rejected(rejection)) => {
            tx.discard();
            Ok(Err(rejection))
        }
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

/// The answer to a command that freed units which were offered by now to those who wait.
fn as_it_is_now(tx: &mut Tx, reply: Reply) -> Result<Reply, Fault> {
    Ok(match reply {
        Reply::Drops(reply) => Reply::Drops(drops::as_it_is_now(tx, reply)?),
        other => other,
    })
}

fn dispatch(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    Ok(match command {
        Command::Clock(command) => Reply::Clock(clock::tick(tx, entry, &command)?),
        Command::Members(command) => members::apply(tx, entry, command)?.into(),
        Command::Accounts(command) => accounts::apply(tx, entry, command)?.into(),
        Command::Products(command) => products::apply(tx, entry, command)?.into(),
        Command::Drops(command) => drops::apply(tx, entry, command)?.into(),
        Command::Orders(command) => orders::apply(tx, entry, command)?.into(),
        Command::Payments(command) => payments::apply(tx, entry, command)?.into(),
        Command::Sandbox(command) => sandbox::apply(tx, entry, command)?.into(),
        Command::Webhooks(command) => webhooks::apply(tx, entry, command)?.into(),
        Command::Cdn(command) => cdn::apply(tx, entry, command)?.into(),
        Command::Follows(command) => follows::apply(tx, entry, command)?.into(),
        Command::Notifications(command) => notifications::apply(tx, entry, command)?.into(),
        Command::Waitlist(command) => waitlist::apply(tx, entry, command)?.into(),
    })
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::testing::{Machine, drop};
    use super::*;

    #[test]
    fn the_same_key_gets_the_first_answer_again() {
        let mut machine = Machine::with_drop(2);
        let first = machine.place_keyed(1, 1, "key").expect("there are two");
        assert_eq!(machine.place_keyed(2, 1, "key"), Ok(first), "the second order id is not used");
        let stock = drops::stock(&machine.view, drop(1).drop_id).expect("it is there");
        assert_eq!(stock.0[0].held, 1);
        assert!(machine.last.replayed);
    }

    #[test]
    fn the_first_answer_stays_as_it_was_when_the_order_moves_on() {
        type Fate = fn(&mut Machine);
        let fates: [(orders::Status, Fate); 4] = [
            (orders::Status::Paying, |machine| {
                machine.pay(1, 1).expect("it is reserved");
            }),
            (orders::Status::Confirmed, |machine| {
                machine.pay(1, 1).expect("it is reserved");
                let created = payments::Outcome::Created { intent_id: "pi_1".into() };
                machine.report(1, created).expect("it is the latest");
                machine.report(1, payments::Outcome::Succeeded).expect("it is the latest");
            }),
            (orders::Status::Cancelled, |machine| {
                machine.cancel(1, 1).expect("it is reserved");
            }),
            (orders::Status::Expired, |machine| {
                machine.now.0 += drop(1).hold_ms;
                machine.tick();
            }),
        ];
        for (status, fate) in fates {
            let mut machine = Machine::with_drop(2);
            let placed = machine.place_keyed(1, 1, "key").expect("there are two");
            let first = machine.last.clone();
            fate(&mut machine);
            let now = machine.order(1);
            assert_eq!((now.status, now.version > placed.version), (status, true));
            machine.place_keyed(2, 1, "key").expect("the first answer");
            let again = Outcome { replayed: false, ..machine.last.clone() };
            assert!(machine.last.replayed);
            assert_eq!(codec::encode(&again), codec::encode(&first), "{status:?}");
        }
    }

    #[test]
    fn the_same_key_of_another_account_is_another_key() {
        let mut machine = Machine::with_drop(2);
        let first = machine.place_keyed(1, 1, "key").expect("there are two");
        let second = machine.place_keyed(2, 2, "key").expect("there are two");
        assert_ne!(first.id, second.id);
    }

    #[test]
    fn the_same_key_for_something_else_is_refused() {
        let mut machine = Machine::with_drop(2);
        machine.place_keyed(1, 1, "key").expect("there are two");
        let again = machine.run_keyed(1, "key", "another body", machine.place_command(2, 1, None, 2));
        assert_eq!(again, Err(Rejection::KeyReused));
    }

    #[test]
    fn a_rejection_is_an_answer_that_is_kept_too() {
        let mut machine = Machine::with_drop(1);
        machine.place(1, 1, 1).expect("there is one");
        assert_eq!(machine.place_keyed(2, 2, "key"), Err(orders::Rejection::SoldOut.into()));
        machine.now.0 += drop(1).hold_ms;
        machine.tick();
        assert_eq!(machine.place_keyed(3, 2, "key"), Err(orders::Rejection::SoldOut.into()), "one outcome for one key");
        machine.place_keyed(4, 2, "another key").expect("the unit came back");
    }

    #[test]
    fn too_early_decides_nothing() {
        let mut machine = Machine::with_product();
        let opens_at = machine.now.after_ms(10);
        let later = drops::Schedule { starts_at: Some(opens_at), ..drop(1) };
        machine.run(drops::Command::Schedule(later)).expect("the creator may");
        let early = Err(orders::Rejection::NotOpen { opens_at }.into());
        assert_eq!(machine.place_keyed(1, 1, "key"), early);
        machine.now = opens_at;
        machine.place_keyed(2, 1, "key").expect("the same request, in time");
    }

    #[test]
    fn time_never_goes_back() {
        let mut machine = Machine::with_drop(5);
        let late = machine.now;
        machine.now.0 -= 1_000;
        assert_eq!(machine.place(1, 1, 1).map(|order| order.created_at), Ok(late));
    }
}
