//! Keeps what this node remembers of keys and sessions in step with the state: the facts say what changed.

use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::accounts::{AddSigningKey, Command, Event as Told};
use livedrop_domain::{Event, Request};
use livedrop_store::{Facts, Reader};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::auth::{Auth, fresh_signing_key};
use crate::propose::Proposer;

/// How often a node offers a signing key while the cluster has none.
const OFFER_EVERY: Duration = Duration::from_millis(500);

/// Follows the facts until stopped.
pub async fn follow(auth: Arc<Auth>, reader: Reader, stop: CancellationToken) {
    let mut facts = reader.facts();
    // What happened before the subscription is in the rows.
    load_keys(&auth, &reader);
    while let Some(next) = stop.run_until_cancelled(facts.recv()).await {
        match next {
            Ok(facts) if facts.resync => forget(&auth, &reader),
            Ok(facts) => observe(&auth, &reader, &facts),
            Err(RecvError::Lagged(_)) => forget(&auth, &reader),
            Err(RecvError::Closed) => return,
        }
    }
}

fn observe(auth: &Auth, reader: &Reader, facts: &Facts) {
    for event in &facts.events {
        if let Event::Accounts(
            Told::SigningKeyAdded { .. } | Told::SigningKeyRetired { .. } | Told::SigningKeyRevoked { .. },
        ) = event
        {
            load_keys(auth, reader);
        }
        // After the keys were loaded: what was verified with those before is then forgotten.
        auth.observe(event);
    }
}

/// Facts were missed: sessions may have ended, and keys may have come or gone.
fn forget(auth: &Auth, reader: &Reader) {
    load_keys(auth, reader);
    auth.forget_all();
}

fn load_keys(auth: &Auth, reader: &Reader) {
    let loaded = reader.read(|view| auth.load_keys(view).map(drop)).map_err(anyhow::Error::from);
    if let Err(error) = loaded.and_then(|loaded| Ok(loaded?)) {
        tracing::error!(%error, "could not read the signing keys");
    }
}

/// Offers a signing key until the cluster has one. Of the keys that several nodes offer, the first to arrive stays.
pub async fn offer_key(auth: Arc<Auth>, proposer: Proposer, stop: CancellationToken) {
    let mut offer = tokio::time::interval(OFFER_EVERY);
    while stop.run_until_cancelled(offer.tick()).await.is_some() && auth.keys().is_empty() {
        let command = Command::AddSigningKey(AddSigningKey { key: fresh_signing_key() }).into();
        let request = Request { request_id: "offer-signing-key".to_owned(), idempotency: None, command, by: None };
        if let Err(unanswered) = proposer.propose(request).await {
            tracing::debug!(%unanswered, "no signing key yet");
        }
    }
}
