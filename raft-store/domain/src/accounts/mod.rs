//! Who buys, sells and operates, and how they stay signed in.
//!
//! Passwords are hashed and checked at the edge: a slow hash inside apply would stop every node for as long.
//!
//! ```text
//!  sign in ──► open ──refresh──► open ──sign out, end of time, a token used twice──► gone
//!                                  └──everywhere, password, role, disabled──► closed ──end of time──► gone
//!
//!  rotate ──► signs ──rotate──► verifies ──its tokens have run out──► gone
//!               └──────────revoke──────────┴────────────────────────► gone, and so are its tokens
//! ```
//!
//! What an account may not do any more once it is disabled is refused by the machine before any room is asked.
//!
//! All sessions of an account are closed by one number in its row, its era: it costs the same however many there are.

mod add_signing_key;
mod change_password;
mod close_sessions;
mod disable;
mod forget;
mod import;
mod refresh;
mod register;
mod revoke_signing_key;
mod rotate_signing_key;
mod set_role;
mod sign_in;
mod sign_out;
mod table;
mod types;
mod words;

pub(crate) use forget::{any_key_retires, forget, retire_keys};
pub(crate) use table::{any_disabled_lately, first_due, is_disabled, look_at_end_once, sessions_after};
pub use table::{by_email, exists, get, list, session, signer, signing_keys, standing};
pub use types::{
    Account, DISPLAY_NAME_MAX, EMAIL_MAX, IMPORT_MAX, Role, SIGNING_KEYS_MAX, Session, SigningKey, TOKENS_LAST_MS,
};
pub use words::{
    AddSigningKey, ChangePassword, Checked, Command, Disable, Enable, Event, Import, ImportedAccount, Refresh,
    Register, Rejection, Reply, RevokeSigningKey, RotateSigningKey, SetRole, SignIn, SignOut, SignOutEverywhere,
};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Register(command) => register::register(tx, entry, command),
        Command::SignIn(command) => sign_in::sign_in(tx, entry, command),
        Command::Refresh(command) => refresh::refresh(tx, entry, command),
        Command::SignOut(command) => sign_out::sign_out(tx, command),
        Command::AddSigningKey(command) => add_signing_key::add_signing_key(tx, entry, command),
        Command::Import(command) => import::import(tx, entry, command),
        Command::ChangePassword(command) => change_password::change_password(tx, entry, command),
        Command::SignOutEverywhere(command) => close_sessions::sign_out_everywhere(tx, entry, command),
        Command::SetRole(command) => set_role::set_role(tx, entry, command),
        Command::Disable(command) => disable::disable(tx, entry, command),
        Command::Enable(command) => disable::enable(tx, entry, command),
        Command::RotateSigningKey(command) => rotate_signing_key::rotate_signing_key(tx, entry, command),
        Command::RevokeSigningKey(command) => revoke_signing_key::revoke_signing_key(tx, entry, command),
    }
}
