//! A pretend payment gateway: it answers as one would, and no money moves.
//!
//! It stands for somebody else's system, so it knows nothing of orders but the id that it was told, it calls no
//! room and none calls it. That its books are rows makes them durable, the same on every node, and there after the
//! leader is gone.
//!
//! ```text
//!  create ──► requires confirmation ──confirm──► succeeded ──refund──► succeeded, with less of it left
//!                │         │
//!                │         └──confirm──► declined
//!                │                          │
//!                └─────────cancel───────────┴──► canceled
//! ```
//!
//! An intent's id is a digest of the idempotency key that it was asked for with, and so is a refund's: the same key
//! names the same thing, and keys need no rows of their own.

mod cancel;
mod confirm;
mod create;
mod refund;
mod table;
mod types;
mod words;

pub use table::{Position, get, intents_all, ledger};
pub use types::{Intent, IntentId, Kind, METHODS, Movement, Refund, RefundId, Status};
pub use words::{Cancel, Command, Confirm, Create, PayBack, Rejection, Reply};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Create(command) => create::create(tx, entry, command),
        Command::Confirm(command) => confirm::confirm(tx, entry, command),
        Command::Cancel(command) => cancel::cancel(tx, entry, command),
        Command::Refund(command) => refund::refund(tx, entry, command),
    }
}

#[cfg(test)]
mod testing;
