//! What creators sell.
//!
//! ```text
//!  create ──► for sale ──edit──► for sale ──retire──► retired
//! ```

mod create;
mod edit;
mod retire;
mod table;
mod types;
mod words;

pub use table::{Which, get, list};
pub use types::{DESCRIPTION_MAX, IMAGE_URL_MAX, NAME_MAX, Product, TAG_MAX, TAGS_MAX, is_tag};
pub use words::{Command, Create, Edit, Event, Rejection, Reply, Retire};

use crate::stop::ensure;
use crate::tx::Tx;
use crate::{AccountId, Entry, ProductId, Stop};

pub(crate) fn apply(tx: &mut Tx, entry: &Entry, command: Command) -> Result<Reply, Stop> {
    match command {
        Command::Create(command) => create::create(tx, entry, command),
        Command::Edit(command) => edit::edit(tx, entry, command),
        Command::Retire(command) => retire::retire(tx, entry, command),
    }
}

/// A product that is for sale and belongs to `creator`.
///
/// Rejects, in this order: `NotFound` (also when it is somebody else's), `Retired`.
pub(crate) fn for_sale_by(tx: &Tx, id: ProductId, creator: AccountId) -> Result<Product, Stop> {
    let product = get(tx, id)?.filter(|product| product.creator_id == creator).ok_or(Rejection::NotFound)?;
    ensure(!product.retired, Rejection::Retired)?;
    Ok(product)
}
