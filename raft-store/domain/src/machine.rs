//! How one log entry is applied: each of its requests in turn, each seeing what those before it did.

use crate::idempotency::{self, decided};
use crate::journal::{self, Meta};
use crate::stop::{Fault, Stop};
use crate::tx::{Overlay, Tx};
use crate::view::View;
use crate::words::{Command, Event, Outcome, Rejection, Reply, Request};
use crate::{Timestamp, accounts, batch, clock, codec, drops, members, orders, products};

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

/// Applies the entry at `index`. Rows go to `overlay`, where later entries of the same apply batch read them back.
///
/// The hash after an entry is BLAKE3 of the hash before, the log index, every row written, every answer and every
/// event, so two states with the same hash came the same way.
pub fn apply(view: &dyn View, overlay: &mut Overlay, index: u64, payload: &[u8]) -> Result<Applied, Fault> {
    let batch = batch::decode(payload)?;
    let before = journal::meta_under(view, overlay)?;
    let entry = Entry { index, now: before.clock.max(batch.proposed_at) };
    let mut digest = Vec::with_capacity(1024 * batch.requests.len());
    digest.extend_from_slice(&before.hash);
    digest.extend_from_slice(&index.to_be_bytes());
    let (mut outcomes, mut facts) = (Vec::with_capacity(batch.requests.len()), Vec::new());
    for request in batch.requests {
        let mut tx = Tx::new(view, overlay);
        let outcome = decide(&mut tx, &entry, request)?;
        tx.keep(&mut digest, &mut facts)?;
        codec::encode_into(&outcome, &mut digest);
        outcomes.push(outcome);
    }
    let events = journal::encode_events(&facts);
    digest.extend_from_slice(&events);
    let hash = blake3::hash(&digest).into();
    journal::write(overlay, Meta { clock: entry.now, hash, index }, &events);
    Ok(Applied { index, at: entry.now, outcomes, hash, facts })
}

/// The first answer again when the idempotency key was decided; else does what is asked and remembers the answer.
fn decide(tx: &mut Tx, entry: &Entry, request: Request) -> Result<Outcome, Fault> {
    if let Some(key) = &request.idempotency
        && let Some(first) = decided(tx, key.account, &key.key_hash)?
    {
        return Ok(match first.body_hash == key.body_hash {
            true => Outcome { replayed: true, ..first.outcome },
            false => Outcome { index: entry.index, replayed: false, answer: Err(Rejection::KeyReused) },
        });
    }
    let answer = match dispatch(tx, entry, request.command) {
        Ok(reply) => Ok(reply),
        Err(Stop::Rejected(rejection)) => {
            tx.discard();
            Err(rejection)
        }
        Err(Stop::Fault(fault)) => return Err(fault),
    };
    let decided_now = answer.as_ref().err().is_none_or(|rejection| !rejection.is_too_early());
    let outcome = Outcome { index: entry.index, replayed: false, answer };
    if let Some(key) = request.idempotency.filter(|_| decided_now) {
        idempotency::remember(tx, entry, &key, &outcome);
    }
    Ok(outcome)
}

fn dispatch(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    Ok(match command {
        Command::Clock(command) => Reply::Clock(clock::tick(tx, entry, &command)?),
        Command::Members(command) => members::apply(tx, entry, command)?.into(),
        Command::Accounts(command) => accounts::apply(tx, entry, command)?.into(),
        Command::Products(command) => products::apply(tx, entry, command)?.into(),
        Command::Drops(command) => drops::apply(tx, entry, command)?.into(),
        Command::Orders(command) => orders::apply(tx, entry, command)?.into(),
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
