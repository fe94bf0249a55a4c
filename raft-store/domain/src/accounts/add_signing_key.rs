use super::rotate_signing_key::sign_with;
use super::{AddSigningKey, Reply, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Adds the first signing key. Several nodes may offer one when a cluster starts: the first to arrive stays.
pub(super) fn add_signing_key(tx: &mut Tx, entry: &Entry, command: AddSigningKey) -> Result<Reply, Stop> {
    if let Some(signer) = table::signer(tx)? {
        return Ok(Reply::SigningKey(signer));
    }
    Ok(Reply::SigningKey(sign_with(tx, entry, command.key)))
}
