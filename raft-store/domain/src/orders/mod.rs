//! One buyer's units of a drop.
//!
//! ```text
//!  place ──► reserved ──begin_payment──► paying ──confirm──► confirmed ──begin_refund──► refunding ──► refunded
//!                │                          │                                               ▲
//!                ├──cancel──► cancelled ◄───┤                                               │
//!                └──time────► expired ◄─────┤                                               │
//!                             failed ◄──────┘      cancelled, expired, failed ──paid late───┘
//! ```
//!
//! Units are held while the order is reserved or paying, sold from `confirmed` on, and given back exactly once
//! otherwise. This room places orders, and offers units to those who wait; all that happens to them later is said to payments, which calls back here.

mod begin_payment;
mod confirm;
mod give_back;
mod newest;
mod offer;
mod place;
mod refund;
mod table;
mod tally;
mod types;
mod words;

pub(crate) use begin_payment::begin_payment;
pub(crate) use confirm::confirm;
pub(crate) use give_back::give_back;
pub(crate) use newest::{Newest, is_taken};
pub(crate) use offer::{Offer, offer};
pub(crate) use place::place;
pub(crate) use refund::{Units, begin_refund, note_refund, refunded};
pub use table::{Position, get, of_buyer, of_drop};
pub(crate) use table::{all, as_placed, first_due, look_again};
pub use tally::{Minute, Tally, minutes, tally};
pub use types::{Order, QUANTITY_MAX, Status};
pub use words::{Command, Event, Place, Rejection, Reply, Told};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Place(command) => Ok(Reply::Placed(place(tx, entry, command)?)),
    }
}

/// What is told about an order.
fn told(order: &Order) -> Told {
    Told { order_id: order.id, drop_id: order.drop_id, buyer_id: order.buyer_id, quantity: order.quantity }
}
