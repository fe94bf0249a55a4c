//! One buyer's units of a drop.
//!
//! ```text
//!  place ──► reserved ──confirm──► confirmed
//!                │
//!                ├──cancel──► cancelled
//!                └──time────► expired
//! ```
//!
//! Units are held from `reserved`, sold at `confirmed`, and given back exactly once otherwise.

mod cancel;
mod confirm;
mod expire_due;
mod newest;
mod place;
mod table;
mod types;
mod words;

pub(crate) use expire_due::expire;
pub(crate) use newest::Newest;
pub use table::{Position, get, of_buyer, of_drop};
pub(crate) use table::{all, as_placed, first_due};
pub use types::{Order, QUANTITY_MAX, Status};
pub use words::{Cancel, Command, Confirm, Event, Place, Rejection, Reply, Told};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Place(command) => place::place(tx, entry, command),
        Command::Cancel(command) => cancel::cancel(tx, entry, command),
        Command::Confirm(command) => confirm::confirm(tx, entry, command),
    }
}

/// What is told about an order.
fn told(order: &Order) -> Told {
    Told { order_id: order.id, drop_id: order.drop_id, buyer_id: order.buyer_id, quantity: order.quantity }
}
