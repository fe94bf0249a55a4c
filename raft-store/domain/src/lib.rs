//! The shop's rules: a pure, deterministic state machine.
//!
//! In reading order: [`words`] (what can be said), [`machine`] (how one log entry is applied), then the rooms.
//!
//! Three invariants of this crate:
//! - It does no IO, reads no clock, draws no random number, spawns nothing, and orders nothing by hash. The same
//!   entries give the same rows, answers, events and hash on every node, however they are cut into batches.
//! - A command either writes all of its rows or none, and a rejected one writes none.
//! - `stock = available + held + sold` holds for every variant after every command, and no count is negative.

pub mod accounts;
pub mod audit;
pub mod batch;
pub mod cdn;
pub mod clock;
pub mod codec;
pub mod drops;
pub mod follows;
mod id;
mod idempotency;
pub mod invariants;
pub mod journal;
pub mod keys;
pub mod machine;
pub mod members;
mod money;
pub mod notifications;
pub mod orders;
mod overlay;
pub mod payments;
pub mod products;
pub mod restored;
pub mod sandbox;
mod stop;
mod time;
mod tx;
pub mod view;
pub mod waitlist;
pub mod webhooks;
pub mod words;

pub use id::{AccountId, DropId, NotAnId, OrderId, ProductId, SessionId, WebhookId};
pub use idempotency::decided;
pub use machine::{Applied, Entry, apply};
pub use money::{Currency, Money, NotACurrency, PRICE_MAX};
pub use overlay::Overlay;
pub use stop::{Fault, Stop};
pub use time::Timestamp;
pub use view::{MemView, View};
pub use words::{By, Command, Event, Idempotency, Outcome, Rejection, Reply, Request, name_of};
