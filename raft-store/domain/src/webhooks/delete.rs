use super::types::Halted;
use super::{Delete, Rejection, Reply, table};
use crate::Stop;
use crate::tx::Tx;

/// Takes an endpoint away. However many deliveries it has, the clock has them go a few at a time.
///
/// Rejects: `NotFound`.
pub(super) fn delete(tx: &mut Tx, command: Delete) -> Result<Reply, Stop> {
    let endpoint = table::endpoint(tx, command.creator_id, command.endpoint_id)?.ok_or(Rejection::NotFound)?;
    // From here on it must succeed.
    table::delete_endpoint(tx, &endpoint);
    table::put_halted(tx, endpoint.id, &Halted { creator_id: endpoint.creator_id, after: None });
    Ok(Reply::Deleted)
}
