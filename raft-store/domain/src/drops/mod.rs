//! Timed sales of limited stock.
//!
//! ```text
//!                starts_at            ends_at, end
//!  scheduled ───────────────► live ─────────────────► ended
//!      │                     │   ▲                      ▲
//!      │                pause▼   │resume                │
//!      │                    paused ─────ends_at, end────┘
//!      └──cancel──► cancelled ◄──cancel── live, paused
//! ```
//!
//! Live and nothing for sale is `sold_out`: it ends by itself when units come back.
//! Units of a variant that somebody waits for are not for sale: the room of waiting lines offers them, in order.
//! A cancelled drop sells nothing any more; its orders are called off by the clock, a few at a time.
//!
//! Units of a variant move between three counts, whose sum is its stock:
//!
//! ```text
//!  restock ──► available ──hold──► held ──settle──► sold
//!                  ▲                 │                 │
//!                  └────release──────┘                 │
//!                  └───────────────take_back───────────┘
//! ```

mod edit;
mod hold;
mod hot;
mod line;
mod open_due;
mod release;
mod restock;
mod schedule;
mod steer;
mod table;
mod types;
mod winding;
mod words;

pub(crate) use hold::{Held, NoHold, hold};
pub(crate) use hot::Hot;
pub(crate) use line::{as_it_is_now, change_line, free_in_lines, hold_for_next, lines_to_look_at, look_at_lines};
pub(crate) use open_due::move_on;
pub(crate) use release::{release, settle, take_back};
pub use table::{Filter, get, list, of_product, stock, units_of};
pub(crate) use table::{after, all, due, list_under_product};
pub use types::{Drop, HOLD_MS, ITEMS_MAX, Item, Phase, SKU_MAX, STOCK_MAX, Stage, Status, Stock};
pub(crate) use winding::{winding, wound};
pub use words::{Command, Edit, Event, NewItem, Rejection, Reply, Restock, Schedule, Steer};

use crate::tx::Tx;
use crate::{AccountId, DropId, Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Schedule(command) => schedule::schedule(tx, entry, command),
        Command::Edit(command) => edit::edit(tx, entry, command),
        Command::Restock(command) => restock::restock(tx, entry, command),
        Command::Pause(command) => steer::pause(tx, entry, command),
        Command::Resume(command) => steer::resume(tx, entry, command),
        Command::End(command) => steer::end(tx, entry, command),
        Command::Cancel(command) => steer::cancel(tx, entry, command),
    }
}

/// The drop, if it belongs to `creator`. Rejects: `NotFound`.
fn of_creator(tx: &Tx, id: DropId, creator: AccountId) -> Result<Drop, Stop> {
    Ok(get(tx, id)?.filter(|drop| drop.creator_id == creator).ok_or(Rejection::NotFound)?)
}
