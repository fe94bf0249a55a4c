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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AccountId;
    use crate::machine::testing::Machine;
    use crate::webhooks::testing::{CREATOR, ENDPOINT};
    use crate::webhooks::{Command, SecretBytes};

    fn rotate(n: u8, keep_old_ms: u64) -> Rotate {
        Rotate { endpoint_id: ENDPOINT, creator_id: CREATOR, secret: SecretBytes(vec![n; 32]), keep_old_ms }
    }

    /// The first byte of each secret that is good now.
    fn good(machine: &Machine) -> Vec<u8> {
        machine.endpoint().secrets_at(machine.now).map(|secret| secret.0[0]).collect()
    }

    #[test]
    fn the_old_secret_is_good_for_a_while() {
        let mut machine = Machine::with_endpoint();
        machine.webhooks(Command::Rotate(rotate(2, 1_000))).expect("it is there");
        assert_eq!(good(&machine), [2, 1]);
        machine.now.0 += 1_000;
        assert_eq!(good(&machine), [2]);
        machine.webhooks(Command::Rotate(rotate(3, 0))).expect("it is there");
        assert_eq!((good(&machine), machine.endpoint().secrets.len()), (vec![3], 1));
    }

    #[test]
    fn a_rotation_does_not_keep_a_secret_longer_than_the_one_before_said() {
        let mut machine = Machine::with_endpoint();
        machine.webhooks(Command::Rotate(rotate(2, 1_000))).expect("it is there");
        machine.webhooks(Command::Rotate(rotate(3, 9_000))).expect("it is there");
        machine.now.0 += 1_000;
        assert_eq!(good(&machine), [3, 2]);
    }

    #[test]
    fn only_the_newest_secrets_are_kept() {
        let mut machine = Machine::with_endpoint();
        for n in 2..=5 {
            machine.webhooks(Command::Rotate(rotate(n, 9_000))).expect("it is there");
        }
        assert_eq!(good(&machine), [5, 4, 3]);
    }

    #[test]
    fn a_short_secret_and_a_foreign_endpoint_are_refused() {
        let mut machine = Machine::with_endpoint();
        let short = Rotate { secret: SecretBytes(vec![2; 23]), ..rotate(2, 0) };
        assert_eq!(machine.webhooks(Command::Rotate(short)), Err(Rejection::BadField.into()));
        let foreign = Rotate { creator_id: AccountId::from_u128(2), ..rotate(2, 0) };
        assert_eq!(machine.webhooks(Command::Rotate(foreign)), Err(Rejection::NotFound.into()));
        assert_eq!(good(&machine), [1]);
    }
}
