use super::types::Halted;
use super::{Edit, Endpoint, Rejection, Reply, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Changes an endpoint. One that is disabled is told nothing, and what waits for it fails; one that is enabled again
/// starts anew, and so does one with another address: it has not failed yet.
///
/// Rejects, in this order: `NotFound`, `BadField`.
pub(super) fn edit(tx: &mut Tx, entry: &Entry, command: Edit) -> Result<Reply, Stop> {
    let before = table::endpoint(tx, command.creator_id, command.endpoint_id)?.ok_or(Rejection::NotFound)?;
    let mut endpoint = Endpoint {
        url: command.url.unwrap_or_else(|| before.url.clone()),
        events: command.events.unwrap_or_else(|| before.events.clone()),
        enabled: command.enabled.unwrap_or(before.enabled),
        version: entry.index,
        ..before.clone()
    };
    ensure(endpoint.is_well_formed(), Rejection::BadField)?;
    // From here on it must succeed.
    if endpoint.url != before.url || (endpoint.enabled && !before.enabled) {
        endpoint.failing_since = None;
    }
    if endpoint.enabled {
        endpoint.disabled_because = None;
    } else if before.enabled {
        table::put_halted(tx, endpoint.id, &Halted { creator_id: endpoint.creator_id, after: None });
    }
    table::put_endpoint(tx, &endpoint);
    Ok(Reply::Edited(endpoint))
}
