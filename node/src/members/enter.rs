//! A new node comes in: its token is used up, and it becomes a learner, which the log is sent to.

use std::time::Duration;

use livedrop_domain::members::{Command, Register, Rejection, invitation};
use livedrop_proto::join as pb;
use livedrop_store::types::Member;
use tonic::Status;

use super::Members;
use super::invite::check_addresses;
use super::write::{meaning, write};
use crate::clock;
use crate::raft::MemberChange;

/// How long a new node waits for a change that is under way.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a token is for.
///
/// Errors: `PERMISSION_DENIED` for one that is not known, was used, or has run out.
pub fn look(members: &Members, request: &pb::LookRequest) -> Result<pb::LookResponse, Status> {
    let invited = members.read(|view| invitation(view, request.node_id))?;
    let good = invited.as_ref().is_some_and(|it| it.secret_hash == *blake3::hash(&request.secret).as_bytes());
    if !good {
        tracing::warn!(node = request.node_id, "a node showed a token that is not known");
        let used = members.member(request.node_id)?.is_some();
        return Err(Status::permission_denied(match used {
            true => format!(
                "the token was used already: node {} has joined with another data directory; ask for a new one with \
                 `livedropctl member add`, or `member replace {}` when that directory is lost",
                request.node_id, request.node_id
            ),
            false => {
                "the token is not known: it ran out long ago, was made for another cluster, or a newer one was made \
                      for this id; ask for one with `livedropctl member add`"
                    .to_owned()
            }
        }));
    }
    if invited.as_ref().is_some_and(|it| it.expires_at <= clock::now()) {
        return Err(meaning(&Rejection::InvitationExpired { expired_at: clock::now() }));
    }
    let (peer, http) = invited.map(|it| (it.peer, it.http)).unwrap_or_default();
    let peers = members.consensus.membership().nodes.into_values().map(|member| member.peer).collect();
    Ok(pb::LookResponse { cluster_id: members.cluster_id.clone(), peer, http, peers })
}

/// Binds the id to the data directory and makes the node a learner. The same node may ask again.
///
/// Errors: `INVALID_ARGUMENT` for addresses that cannot be reached, `PERMISSION_DENIED` for a token that is not good,
/// `ALREADY_EXISTS` for an address that is another member's, `UNAVAILABLE` when it should ask again.
pub async fn enter(members: &Members, request: pb::EnterRequest) -> Result<pb::EnterResponse, Status> {
    let pb::EnterRequest { cluster_id, node_id, secret, incarnation, peer, http } = request;
    if cluster_id != members.cluster_id {
        let ours = &members.cluster_id;
        return Err(Status::permission_denied(format!("this is cluster {ours:?}, and the node is of {cluster_id:?}")));
    }
    if peer.is_empty() {
        return Err(Status::invalid_argument("the node does not say where it is reached"));
    }
    check_addresses(&peer, &http)?;
    let incarnation =
        incarnation[..].try_into().map_err(|_| Status::invalid_argument("an incarnation has 16 bytes"))?;
    let node = members.consensus.membership().nodes;
    if let Some((other, _)) = node.iter().find(|(id, member)| **id != node_id && member.peer == peer) {
        return Err(Status::already_exists(format!(
            "{peer} is the address of node {other}; remove that one first, or use `livedropctl member replace {other}`"
        )));
    }
    let register = Register { node_id, incarnation, secret: Some(secret.to_vec()) };
    write(members, None, "register", Command::Register(register)).await?;
    let _turn = members.turn.wait(format!("node {node_id} joins as a learner"), PATIENCE).await?;
    members.change_members(MemberChange::AddLearner { node: node_id, member: Member { peer, http } }).await?;
    tracing::info!(node = node_id, "a new node has joined as a learner");
    Ok(pb::EnterResponse { leader: members.consensus.node_id() })
}
