//! Who follows whom.
//!
//! A following is two rows: one that leads from the creator to the follower, so that followers are counted and listed
//! without looking at anybody else, and one that leads from the follower to the creator, so that whether A follows B is
//! one look. How many there are is kept beside them: nothing here gets dearer with the number of followers.
//!
//! ```text
//!  not following ──follow, import──► following ──unfollow──► not following
//! ```

mod follow;
mod import;
mod table;
mod types;
mod unfollow;
mod words;

pub(crate) use table::{all_counts, all_followers, all_following};
pub use table::{counts, edge, followers, following};
pub use types::{Counts, Edge, FOLLOWING_MAX, IMPORT_MAX};
pub use words::{Command, Event, Follow, Import, Rejection, Reply, Unfollow};

use crate::tx::Tx;
use crate::{Entry, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Follow(command) => follow::follow(tx, entry, &command),
        Command::Unfollow(command) => unfollow::unfollow(tx, &command),
        Command::Import(command) => import::import(tx, entry, &command),
    }
}
