//! Which node ids there are, and which data directory each belongs to.
//!
//! ```text
//!  invite ──► invited ──register, with the token──► member ──promote──► voter to be ──remove──► gone, for good
//!               └─ the token expires: invite again, under the same id
//! ```
//!
//! A node that lost its disk has forgotten what it voted for and acknowledged. Let back in under its old id it
//! could help elect a leader that misses acknowledged orders. So the first registration of an id is final, and an id
//! that was ever given is never given again. Who votes is decided by consensus itself; this room says who may be asked.

mod invite;
mod leave_behind;
mod promote;
mod register;
mod remove;
mod table;
mod types;
mod words;

pub use table::{all, get, invitation, invitations};
pub use types::{INVITED_MAX, Invitation, LEFT_BEHIND, LIVES_MAX_MS, Member, NODE_ID_MAX, SECRET_BYTES};
pub use words::{Command, Invite, LeaveBehind, Promote, Register, Rejection, Remove, Reply};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Register(command) => register::register(tx, entry, command),
        Command::LeaveBehind(command) => leave_behind::leave_behind(tx, entry, command),
        Command::Invite(command) => invite::invite(tx, entry, command),
        Command::Promote(command) => promote::promote(tx, entry, &command),
        Command::Remove(command) => remove::remove(tx, entry, &command),
    }
}
