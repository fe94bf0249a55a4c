use super::{Create, ENDPOINTS_MAX, Endpoint, Rejection, Reply, Secret, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Adds an endpoint, enabled.
///
/// Rejects, in this order: `BadField`, `IdTaken` (also by one that is deleted, while its deliveries are not),
/// `TooManyEndpoints`.
pub(super) fn create(tx: &mut Tx, entry: &Entry, command: Create) -> Result<Reply, Stop> {
    let endpoint = Endpoint {
        id: command.endpoint_id,
        creator_id: command.creator_id,
        url: command.url,
        events: command.events,
        secrets: vec![Secret { bytes: command.secret, expires_at: None }],
        enabled: true,
        disabled_because: None,
        failing_since: None,
        created_at: entry.now,
        version: entry.index,
    };
    ensure(endpoint.is_well_formed(), Rejection::BadField)?;
    let others = table::endpoints(tx, endpoint.creator_id)?;
    let is_free = !table::is_halted(tx, endpoint.id)? && others.iter().all(|other| other.id != endpoint.id);
    ensure(is_free, Rejection::IdTaken)?;
    ensure(others.len() < ENDPOINTS_MAX, Rejection::TooManyEndpoints)?;
    // From here on it must succeed.
    if !table::any_endpoint(tx)? {
        // Nobody is to be told of what happened before.
        table::put_cursor(tx, entry.index);
    }
    table::put_endpoint(tx, &endpoint);
    Ok(Reply::Created(endpoint))
}
