//! Which people may call the peer port, and as whom.
//!
//! [`caller`] is the one place that says so, for every service that operators use. It believes a node of this cluster
//! that passes a call on to the leader (it has looked at the caller itself). Else, where the port has TLS, the person's
//! certificate that the connection has shown, and nothing beside it; where it has none, the bearer token that the REST
//! API takes.

use std::sync::Arc;

use livedrop_certificates::Role;
use livedrop_domain::{AccountId, By};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Request, Status};

use super::arrive;
use super::gate::Gate;
use crate::auth;

const AUTHORIZATION: &str = "authorization";
/// Who a node says has called it: `operator`, `viewer`, or one of them with `:` and an account.
const VOUCHED: &str = "livedrop-caller";

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperatorRole {
    /// Look.
    Viewer,
    /// Look, and change the cluster.
    Operator,
}

impl From<Role> for OperatorRole {
    fn from(named: Role) -> Self {
        match named {
            Role::Viewer => OperatorRole::Viewer,
            Role::Operator => OperatorRole::Operator,
        }
    }
}

/// A person, or a program of theirs, at the peer port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorCaller {
    /// As commands say who asked.
    pub who: By,
    pub role: OperatorRole,
}

/// Knows whose token a token is. Implemented by what serves the REST API.
#[tonic::async_trait]
pub trait Operators: Send + Sync + 'static {
    /// Errors: `UNAUTHENTICATED` for a token that is not good, `PERMISSION_DENIED` for one of somebody who may nothing
    /// here, `UNAVAILABLE` when that cannot be said now.
    async fn of_token(&self, token: &str) -> Result<OperatorCaller, Status>;
}

/// Who calls, if they may do what `role` may.
///
/// Errors: as [`Operators::of_token`], and `PERMISSION_DENIED` for a viewer who wants to change something.
pub(super) async fn caller<T>(gate: &Gate, request: &Request<T>, role: OperatorRole) -> Result<OperatorCaller, Status> {
    let metadata = request.metadata();
    let caller = match metadata.get(VOUCHED) {
        // Only nodes vouch for others.
        Some(vouched) => {
            gate.admit(request)?;
            read(vouched).ok_or_else(|| Status::unauthenticated("the node does not say who has called it"))?
        }
        None => match arrive::person(request)? {
            Some((named, who)) => {
                tracing::debug!(who, role = named.name(), "somebody with a certificate calls");
                // Not an account of the shop's: who it was is in the log, by name.
                OperatorCaller { who: By { account: None }, role: named.into() }
            }
            None => operators(gate)?.of_token(bearer(metadata)?).await?,
        },
    };
    if caller.role < role {
        let said = "viewers may look and change nothing; use an operator's certificate or token";
        return Err(Status::permission_denied(said));
    }
    Ok(caller)
}

/// What a node adds to a call that it passes on, to say who has called it.
pub(super) fn vouch(metadata: &mut MetadataMap, caller: OperatorCaller) {
    let role = match caller.role {
        OperatorRole::Viewer => "viewer",
        OperatorRole::Operator => "operator",
    };
    let text = caller.who.account.map_or_else(|| role.to_owned(), |account| format!("{role}:{account}"));
    metadata.insert(VOUCHED, text.parse().expect("roles and ids are visible ASCII"));
}

/// Whether the call was passed on by a node: it is not passed on again.
pub(super) fn is_vouched<T>(request: &Request<T>) -> bool {
    request.metadata().contains_key(VOUCHED)
}

fn read(vouched: &MetadataValue<Ascii>) -> Option<OperatorCaller> {
    let text = vouched.to_str().ok()?;
    let (role, account) = text.split_once(':').map_or((text, None), |(role, account)| (role, Some(account)));
    let account = account.map(str::parse::<AccountId>).transpose().ok()?;
    let role = match role {
        "viewer" => OperatorRole::Viewer,
        "operator" => OperatorRole::Operator,
        _ => return None,
    };
    Some(OperatorCaller { who: By { account }, role })
}

fn operators(gate: &Gate) -> Result<Arc<dyn Operators>, Status> {
    gate.operators().ok_or_else(|| Status::unavailable(format!("node {} is starting", gate.identity().node_id)))
}

fn bearer(metadata: &MetadataMap) -> Result<&str, Status> {
    let header = metadata.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(auth::bearer);
    token.ok_or_else(|| Status::unauthenticated("send authorization: Bearer and an operator's token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_vouched_for_is_read_as_it_was_written() {
        for account in [None, Some(AccountId::from_u128(7))] {
            for role in [OperatorRole::Viewer, OperatorRole::Operator] {
                let (caller, mut metadata) = (OperatorCaller { who: By { account }, role }, MetadataMap::new());
                vouch(&mut metadata, caller);
                assert_eq!(read(metadata.get(VOUCHED).unwrap()), Some(caller));
            }
        }
    }

    #[test]
    fn a_word_that_is_no_role_is_nobody() {
        for text in ["", "admin", "operator:", "operator:usr_1", ":"] {
            assert_eq!(read(&text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn a_token_comes_after_the_word_bearer() {
        let header = |text: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert(AUTHORIZATION, text.parse().unwrap());
            bearer(&metadata).map(str::to_owned).ok()
        };
        assert_eq!(header("bearer op_1"), Some("op_1".to_owned()));
        assert_eq!((header("Basic op_1"), header("op_1")), (None, None));
    }
}
