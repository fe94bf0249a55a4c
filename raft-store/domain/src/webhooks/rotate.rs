use super::{Endpoint, Rejection, Reply, Rotate, SECRETS_MAX, Secret, table};
use crate::stop::ensure;
use crate::tx::Tx;
use crate::{Entry, Stop};

/// Gives an endpoint a new secret. Those before stay good for `keep_old_ms` at most, so that its owner can change over
/// without missing anything; those that are good no longer, and all but the newest few, are forgotten.
///
/// Rejects, in this order: `NotFound`, `BadField`.
pub(super) fn rotate(tx: &mut Tx, entry: &Entry, command: Rotate) -> Result<Reply, Stop> {
    let before = table::endpoint(tx, command.creator_id, command.endpoint_id)?.ok_or(Rejection::NotFound)?;
    let end = entry.now.after_ms(command.keep_old_ms);
    let old = before.secrets.iter().map(|secret| {
        let expires_at = Some(secret.expires_at.map_or(end, |at| at.min(end)));
        Secret { expires_at, ..secret.clone() }
    });
    let mut secrets = vec![Secret { bytes: command.secret, expires_at: None }];
    secrets.extend(old.filter(|secret| secret.is_good_at(entry.now)));
    secrets.truncate(SECRETS_MAX);
    let endpoint = Endpoint { secrets, version: entry.index, ..before };
    ensure(endpoint.is_well_formed(), Rejection::BadField)?;
    // From here on it must succeed.
    table::put_endpoint(tx, &endpoint);
    Ok(Reply::Rotated(endpoint))
}
