//! Who waits for units of a variant that is sold out, in which order.
//!
//! ```text
//!  join ──► waiting ──units came free──► offered: an order of theirs is reserved
//!              │
//!              ├──leave──► not in line
//!              ├──the limit leaves them nothing──► not in line
//!              └──the drop is over──► not in line
//! ```
//!
//! A line belongs to one variant of a drop and goes strictly by the order of joining. While somebody is in it nobody
//! else gets units of that variant: `drops::hold` says `SoldOut`. So it is of no use to ask often, nor to ask at the
//! moment at which a hold ends.
//!
//! **Units that come free are offered by the log entry that frees them.** The machine calls [`serve`] after each
//! command, the clock after each thing that it does. An offer is an order like any: its buyer pays or cancels it, the
//! clock ends it, and then its units go to the next in line. One command makes a bounded number of offers; the clock
//! goes on with the rest, and until then the units wait with those who wait for them.

mod dissolve;
mod join;
mod leave;
mod serve;
mod table;
mod types;
mod words;

pub(crate) use serve::{go_on, serve};
pub(crate) use table::{all_lines, all_places, all_waiters, due};
pub use table::{line, standing, waiting};
pub use types::{
    COUNTED_MAX, LINE_MAX, Line, OFFER_MS, OFFERS_AT_ONCE, Place, Position, QUANTITY_MAX, Sequence, Standing, Waiter,
};
pub use words::{Command, Event, Join, Leave, Rejection, Reply};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Join(command) => join::join(tx, entry, command),
        Command::Leave(command) => leave::leave(tx, entry, command),
    }
}

#[cfg(test)]
mod testing;
