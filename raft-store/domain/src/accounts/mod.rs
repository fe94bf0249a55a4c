//! Who buys, sells and operates, and how they stay signed in.
//!
//! Passwords are hashed and checked at the edge: a slow hash inside apply would stop every node for as long.
//!
//! ```text
//!  sign in ──► open ──refresh──► open ──sign out, end of time, a token used twice──► gone
//! ```

mod add_signing_key;
mod refresh;
mod register;
mod sign_in;
mod sign_out;
mod table;
mod types;
mod words;

pub use table::{by_email, exists, get, session, signing_keys};
pub use types::{Account, DISPLAY_NAME_MAX, EMAIL_MAX, Role, Session, SigningKey};
pub use words::{AddSigningKey, Command, Event, Refresh, Register, Rejection, Reply, SignIn, SignOut};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Register(command) => register::register(tx, entry, command),
        Command::SignIn(command) => sign_in::sign_in(tx, entry, command),
        Command::Refresh(command) => refresh::refresh(tx, entry, command),
        Command::SignOut(command) => sign_out::sign_out(tx, command),
        Command::AddSigningKey(command) => add_signing_key::add_signing_key(tx, entry, command),
    }
}
