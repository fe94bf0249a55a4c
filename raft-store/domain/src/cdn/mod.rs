//! How far the caches in front of the cluster were told what happened.
//!
//! A node reads the events after the cursor and has the content delivery network forget what they changed; when that is
//! done, it moves the cursor. Whichever leads next goes on there, so a cache may be told twice and is never left out.

mod table;
mod told;
mod types;
mod words;

pub use table::cursor;
pub use types::Cursor;
pub use words::{Command, Rejection, Reply, Told};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Told(command) => told::told(tx, entry, &command),
    }
}
