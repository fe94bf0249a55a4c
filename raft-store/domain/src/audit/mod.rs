//! Who did what, and when: a chain of records, each with the hash of the one before.
//!
//! A record is written by the log entry that does what it tells of, so there is no audited act without its record and
//! no record of what did not happen. This room is told (by `machine/deeds.rs`, which knows which commands are deeds)
//! and asks nobody. Orders are not here: an order's own row says who placed it and in which entry.
//!
//! Records are kept for as long as the leader is told. What is let go of is on record as well, with the hash that the
//! first record which is left follows from.
//!
//! The hash of a record is BLAKE3 over its fields as netstrings (a length in decimal digits, `:`, the bytes, `,`), in
//! this order: the text `livedrop-audit-1`, the number, the time in milliseconds since the Unix epoch, the log index,
//! the request id, the actor (an account id, `operator` or `system`), the name of the action, the subject, the detail,
//! and the hash of the record before in lower-case hexadecimal digits; 32 zero bytes before the first. Whoever has the
//! records can check them, without this program.

mod chain;
mod table;
mod trim;
mod types;

pub(crate) use chain::record;
pub use chain::{Broken, hash_of, verify};
pub use table::{after, head};
pub(crate) use trim::{beginning, is_long, trim};
pub use types::{Action, Actor, DETAIL_MAX, Deed, Head, Record};
