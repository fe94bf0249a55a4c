//! What creators' servers are told, and what became of it.
//!
//! A node reads the events after the cursor, makes deliveries of them for the endpoints that want them, and sends
//! what is due: here is only what must be the same for whichever node does it next. A delivery may be sent twice, by
//! two leaders, and is never forgotten before it was tried.
//!
//! ```text
//!                            2xx
//!  enqueue ──► pending ──────────────► delivered
//!               │ ▲  ▲                     │
//!        other, │ │  └───────resend────────┤
//!         later └─┘                        │
//!                 └──12th try, gone────► failed
//! ```
//!
//! An endpoint that says that it is gone, or only fails for days, is disabled. What waits for one that is disabled
//! fails, and what was for one that is deleted goes, a bounded number of deliveries in each tick of the clock. So does
//! every delivery a week after it was made.

mod attempted;
mod create;
mod delete;
mod edit;
mod enqueue;
mod forget;
mod resend;
mod rotate;
mod table;
mod types;
mod wind_up;
mod words;

pub(crate) use forget::{forget, names};
pub(crate) use table::{all_deliveries, all_waiting, first_old, halted};
pub use table::{all_endpoints, any_endpoint, cursor, deliveries, delivery, due, due_after, endpoint, endpoints};
pub use types::{
    ATTEMPTS_MAX, BODY_MAX, Delivery, ENDPOINTS_MAX, ENQUEUE_MAX, ERROR_MAX, EVENT_NAME_MAX, EVENTS_MAX, Endpoint,
    FAILING_MAX_MS, KEPT_MS, Position, SECRET_LENGTHS, SECRETS_MAX, Secret, SecretBytes, State, TRIES_KEPT, Try,
    URL_MAX, Waiting,
};
pub(crate) use wind_up::wind_up;
pub use words::{
    Attempted, Command, Create, Delete, Edit, Enqueue, Event, NewDelivery, Rejection, Reply, Resend, Rotate,
};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Create(command) => create::create(tx, entry, command),
        Command::Edit(command) => edit::edit(tx, entry, command),
        Command::Delete(command) => delete::delete(tx, command),
        Command::Rotate(command) => rotate::rotate(tx, entry, command),
        Command::Enqueue(command) => enqueue::enqueue(tx, entry, command),
        Command::Attempted(command) => attempted::attempted(tx, entry, command),
        Command::Resend(command) => resend::resend(tx, entry, command),
    }
}

#[cfg(test)]
mod testing;
