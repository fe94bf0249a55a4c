//! What accounts are told and can read later, whether they were there when it happened or not.
//!
//! A notice is written once, under the creator whose drop it is about or the account whose order it is about; who reads
//! it gathers it from there. So a drop that goes live is one row, whether nobody follows its creator or a million do.
//!
//! ```text
//!  event ──note──► notice of a creator ──┐
//!        └───────► notice of an account ─┴─list──► inbox      90 days later: forgotten
//! ```
//!
//! Notices are written at the end of each entry, in its hash, from what the entry told: no command names one.

mod forget;
mod list;
mod mark_read;
mod note;
mod set_preferences;
mod table;
mod types;
mod words;

pub(crate) use forget::{forget, names};
pub use list::{Gathering, Page};
pub(crate) use note::note;
pub(crate) use table::{all_inboxes, all_notices, first_old, old_names};
pub use table::{inbox, wants};
pub use types::{Inbox, KEPT_MS, KINDS, Kind, MUTED_MAX, Notice, Position};
pub use words::{Command, MarkRead, Rejection, Reply, SetPreferences};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::MarkRead(command) => mark_read::mark_read(tx, entry, &command),
        Command::SetPreferences(command) => set_preferences::set_preferences(tx, command),
    }
}
