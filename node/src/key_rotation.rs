//! Has another key sign when the one that signs has done so for long: what a stolen key is worth ends by itself.

use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::accounts::{self, Command, RotateSigningKey, SigningKey};
use livedrop_domain::{Request, Timestamp};
use livedrop_store::Reader;
use tokio_util::sync::CancellationToken;

use crate::auth::{Auth, fresh_signing_key};
use crate::clock;
use crate::propose::Proposer;
use crate::raft::Consensus;

/// How often the leader looks how old the key is.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// While this node leads, replaces a key that has signed for too long. A proposal that is lost is made again at the next
/// look, and of two leaders who find the key old at the same time one replaces it.
pub async fn keep_rotating(
    auth: Arc<Auth>,
    consensus: Consensus,
    reader: Reader,
    proposer: Proposer,
    stop: CancellationToken,
) {
    let Some(after_ms) = auth.options.rotate_keys_after_ms else { return };
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let leadership = consensus.leadership();
    while stop.run_until_cancelled(look.tick()).await.is_some() {
        let is_leader = leadership.borrow().is_leader;
        let Some(old) = signer(&reader).filter(|key| is_leader && is_old(key, clock::now(), after_ms)) else {
            continue;
        };
        let command = Command::RotateSigningKey(RotateSigningKey {
            key: fresh_signing_key(),
            old_good_for_ms: auth.options.old_key_ms(),
            instead_of: Some(old.id),
        });
        let request_id = format!("rotate-signing-key-{}", clock::now().0);
        let request = Request { request_id, idempotency: None, command: command.into(), by: None };
        match proposer.propose(request).await {
            Ok(outcome) => tracing::info!(index = outcome.index, "another key signs"),
            Err(unanswered) => tracing::debug!(%unanswered, "the signing key is still the old one"),
        }
    }
}

fn signer(reader: &Reader) -> Option<SigningKey> {
    let found = reader.read(|view| accounts::signer(view)).map_err(anyhow::Error::from);
    found.and_then(|signer| Ok(signer?)).unwrap_or_else(|error| {
        tracing::error!(%error, "could not see how old the signing key is");
        None
    })
}

/// A key that does not say when it was taken is of a program that did not write it down: old.
fn is_old(key: &SigningKey, now: Timestamp, after_ms: u64) -> bool {
    key.added_at.is_none_or(|added_at| now.since_ms(added_at) >= after_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_old_after_so_long_and_when_nobody_knows() {
        let key = |added_at| SigningKey { added_at, ..fresh_signing_key() };
        let now = Timestamp(5_000);
        assert!(is_old(&key(Some(Timestamp(4_000))), now, 1_000) && is_old(&key(None), now, 1_000));
        assert!(!is_old(&key(Some(Timestamp(4_001))), now, 1_000));
        assert!(!is_old(&key(Some(Timestamp(9_000))), now, 1_000), "a clock that was ahead");
    }
}
