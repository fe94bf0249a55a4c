use super::{AddSigningKey, Event, Reply, table};
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Adds the first signing key. Several nodes may offer one when a cluster starts: the first to arrive stays.
pub(super) fn add_signing_key(tx: &mut Tx, entry: &Entry, command: AddSigningKey) -> Result<Reply, Stop> {
    if let Some(first) = table::signing_keys(tx)?.into_iter().next() {
        return Ok(Reply::SigningKey(first));
    }
    tx.put(table::signing_key_key(&command.key.id), &command.key);
    tx.emit(Event::SigningKeyAdded { key_id: command.key.id.clone(), added_at: entry.now });
    Ok(Reply::SigningKey(command.key))
}
