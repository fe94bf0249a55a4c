use super::table::{self, NAME_BYTES};
use crate::Fault;
use crate::tx::Tx;

/// Splits the names of a row of old deliveries.
pub(crate) fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(NAME_BYTES)
}

/// Forgets a delivery that is old, whatever became of it, unless it went with its endpoint.
pub(crate) fn forget(tx: &mut Tx, name: &[u8]) -> Result<(), Fault> {
    let (endpoint, position) = table::named(name, 0)?;
    if let Some(delivery) = table::delivery(tx, endpoint, position)? {
        table::delete(tx, endpoint, position, &delivery);
    }
    Ok(())
}
