//! Who is calling, and who may.
//!
//! Every call between nodes says in its metadata which cluster the caller belongs to, its node id, the incarnation of its
//! data directory and the node it means to reach. A caller of another cluster is refused. So is a node that comes back
//! under its old id with another data directory: it has forgotten votes and log entries that the others count on, and
//! two majorities could come of it.

use std::sync::Arc;

use livedrop_domain::members;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};

const CLUSTER: &str = "livedrop-cluster";
const NODE: &str = "livedrop-node";
const INCARNATION: &str = "livedrop-incarnation";
const TO: &str = "livedrop-to";
/// On a refusal: why, for programs.
const BEHIND: &str = "livedrop-left-behind";

/// The random mark of one data directory, made when it was first used.
pub type Incarnation = [u8; 16];

/// What this node's own state holds of a node id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub incarnation: Incarnation,
    /// It was said that the node goes. It may still belong to the membership for a moment.
    pub removed: bool,
}

/// What this node's own state holds of a node id, if anything.
pub type Registered = Arc<dyn Fn(u64) -> Option<Standing> + Send + Sync>;

/// What a node says of itself to its peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub cluster_id: String,
    pub node_id: u64,
    pub incarnation: Incarnation,
}

/// Puts the identity of this node on every call to one peer.
#[derive(Clone)]
pub(super) struct Introduction {
    cluster: MetadataValue<Ascii>,
    node: MetadataValue<Ascii>,
    incarnation: MetadataValue<Ascii>,
    to: MetadataValue<Ascii>,
}

impl Introduction {
    /// Rejects a cluster id that cannot stand in a header: visible ASCII only.
    pub(super) fn new(identity: &Identity, to: u64) -> Result<Self, BadClusterId> {
        let cluster = identity.cluster_id.parse().map_err(|_| BadClusterId(identity.cluster_id.clone()))?;
        let incarnation = hex(&identity.incarnation).parse().expect("hex digits are visible ASCII");
        Ok(Self { cluster, node: identity.node_id.into(), incarnation, to: to.into() })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the cluster id {0:?} is not made of visible ASCII characters only")]
pub struct BadClusterId(String);

impl Interceptor for Introduction {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert(CLUSTER, self.cluster.clone());
        metadata.insert(NODE, self.node.clone());
        metadata.insert(INCARNATION, self.incarnation.clone());
        metadata.insert(TO, self.to.clone());
        Ok(request)
    }
}

/// Checks that a call comes from this cluster and is meant for this node; answers the caller.
pub(super) fn caller(identity: &Identity, metadata: &MetadataMap) -> Result<(u64, Incarnation), Status> {
    let text = |key: &str| metadata.get(key).and_then(|value| value.to_str().ok());
    let number = |key: &str| text(key).and_then(|value| value.parse::<u64>().ok());
    let cluster = text(CLUSTER).ok_or_else(|| Status::unauthenticated("the call does not say its cluster"))?;
    if cluster != identity.cluster_id {
        return Err(Status::permission_denied(format!(
            "this node belongs to cluster {:?} and the caller to cluster {cluster:?}",
            identity.cluster_id
        )));
    }
    let node = number(NODE).ok_or_else(|| Status::unauthenticated("the call does not say its node"))?;
    let incarnation = text(INCARNATION).and_then(unhex);
    let incarnation = incarnation.ok_or_else(|| Status::unauthenticated("the call does not say its incarnation"))?;
    match number(TO) {
        Some(to) if to == identity.node_id => Ok((node, incarnation)),
        _ => Err(Status::failed_precondition(format!(
            "this is node {} and the call is for node {}",
            identity.node_id,
            text(TO).unwrap_or("unknown")
        ))),
    }
}

/// Whether the call says which node it comes from.
pub(super) fn is_introduced(metadata: &MetadataMap) -> bool {
    metadata.contains_key(NODE)
}

/// Refuses a caller whose id is registered with another incarnation, or that was removed and is no member any more. An
/// id that is not registered yet passes.
pub(super) fn refuse_stale(
    registered: &Registered,
    node: u64,
    incarnation: Incarnation,
    is_member: impl FnOnce() -> bool,
) -> Result<(), Status> {
    match registered(node) {
        Some(known) if known.incarnation == members::LEFT_BEHIND => Err(left_behind(node)),
        Some(known) if known.incarnation != incarnation => Err(Status::permission_denied(format!(
            "node {node} is registered with another data directory; a wiped node must come back under a new id"
        ))),
        Some(known) if known.removed && !is_member() => Err(Status::permission_denied(format!(
            "node {node} was removed from this cluster; its id is never used again"
        ))),
        _ => Ok(()),
    }
}

fn left_behind(node: u64) -> Status {
    let why = format!(
        "node {node} was left behind when this cluster was recovered from the loss of its majority; what it holds is older \
         than what was decided since: it can only come back with an empty directory and a new id"
    );
    let mut metadata = MetadataMap::new();
    metadata.insert(BEHIND, MetadataValue::from_static("yes"));
    Status::with_metadata(Code::PermissionDenied, why, metadata)
}

/// Whether a refusal is that of a cluster that was recovered without the caller.
pub(super) fn says_left_behind(status: &Status) -> bool {
    status.code() == Code::PermissionDenied && status.metadata().contains_key(BEHIND)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Incarnation> {
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some(u128::from_str_radix(text, 16).ok()?.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(node_id: u64) -> Identity {
        Identity { cluster_id: "shop".into(), node_id, incarnation: [node_id as u8; 16] }
    }

    fn call(from: &Identity, to: u64) -> MetadataMap {
        let introduced = Introduction::new(from, to).unwrap().call(Request::new(())).unwrap();
        introduced.metadata().clone()
    }

    #[test]
    fn a_caller_of_this_cluster_is_known_by_its_introduction() {
        let heard = caller(&identity(2), &call(&identity(1), 2)).unwrap();
        assert_eq!(heard, (1, [1; 16]));
    }

    #[test]
    fn a_caller_of_another_cluster_is_refused() {
        let stranger = Identity { cluster_id: "other".into(), ..identity(1) };
        let refused = caller(&identity(2), &call(&stranger, 2)).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::PermissionDenied);
        assert!(refused.message().contains("\"other\""), "{}", refused.message());
    }

    #[test]
    fn a_call_for_another_node_is_refused() {
        let refused = caller(&identity(3), &call(&identity(1), 2)).unwrap_err();
        assert_eq!(refused.message(), "this is node 3 and the call is for node 2");
    }

    #[test]
    fn a_call_without_an_introduction_is_refused() {
        let refused = caller(&identity(2), &MetadataMap::new()).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    }

    #[test]
    fn a_stale_incarnation_and_who_has_gone_are_refused_and_an_unregistered_id_passes() {
        let registered: Registered =
            Arc::new(|node| (node <= 2).then_some(Standing { incarnation: [7; 16], removed: node == 2 }));
        assert!(refuse_stale(&registered, 1, [7; 16], || false).is_ok());
        assert!(refuse_stale(&registered, 9, [1; 16], || false).is_ok());
        let refused = refuse_stale(&registered, 1, [8; 16], || true).unwrap_err();
        assert!(refused.message().contains("under a new id"), "{}", refused.message());
        assert!(refuse_stale(&registered, 2, [7; 16], || true).is_ok(), "it goes, and still belongs to the cluster");
        let refused = refuse_stale(&registered, 2, [7; 16], || false).unwrap_err();
        assert!(refused.message().contains("was removed"), "{}", refused.message());
    }

    #[test]
    fn a_node_that_was_left_behind_is_told_so_whatever_its_directory() {
        let standing = |incarnation| Some(Standing { incarnation, removed: false });
        let registered: Registered = Arc::new(move |_| standing(members::LEFT_BEHIND));
        let refused = refuse_stale(&registered, 2, [7; 16], || true).unwrap_err();
        assert!(says_left_behind(&refused) && refused.message().contains("left behind"), "{}", refused.message());
        let wiped: Registered = Arc::new(move |_| standing([8; 16]));
        assert!(!says_left_behind(&refuse_stale(&wiped, 2, [7; 16], || true).unwrap_err()));
    }

    #[test]
    fn a_cluster_id_that_no_header_can_carry_is_rejected() {
        let odd = Identity { cluster_id: "café\n".into(), ..identity(1) };
        assert!(Introduction::new(&odd, 2).is_err());
    }
}
