//! Before a node without any consensus state takes part: do the others know it as somebody else?
//!
//! A node that lost its disk and comes back under its old id has forgotten what it voted for and what it acknowledged;
//! with it a second majority could be formed. Its former incarnation is registered in the replicated state. The
//! registration was applied by a majority, so among any `members - majority + 1` of the others at least one knows it:
//! hearing so many is enough, and waiting for more would keep a new cluster from starting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use livedrop_proto::admin as pb;
use livedrop_store::types::Member;
use tonic::Code;

use super::identity::Identity;
use super::network::describe;
use super::peers::{Link, PeerError, Peers};

/// A peer that did not answer is asked again after this pause.
const PAUSE: Duration = Duration::from_millis(300);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(2);

/// Why a node may not take part.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error(
        "node {node} was part of this cluster with another data directory, says node {by}; a wiped node must come back \
         under a new id"
    )]
    Wiped { node: u64, by: u64 },
    #[error(
        "node {node} was removed from this cluster, says node {by}; its id is never used again: to come back, empty the \
         data directory and join as a new node (`livedropctl member add`)"
    )]
    Removed { node: u64, by: u64 },
    #[error(
        "the cluster was recovered without node {node} after the loss of its majority, says node {by}: what is in this \
         directory is older than what was decided since; keep it if you want to look at it, and start the node with an \
         empty directory and a new id"
    )]
    LeftBehind { node: u64, by: u64 },
    #[error("node {by} refuses this node: {reason}")]
    Refused { by: u64, reason: String },
    #[error(transparent)]
    Peer(#[from] PeerError),
}

/// How many of the other initial members must have answered: none when there are no others.
fn answers_needed(members: usize) -> usize {
    let majority = members / 2 + 1;
    match members {
        0 | 1 => 0,
        _ => members - majority + 1,
    }
}

/// Returns when enough of the other `members` have said that they do not know this node under another incarnation.
/// Waits for as long as it takes; rejects as soon as one says otherwise.
pub(super) async fn ask(peers: &Peers, members: &BTreeMap<u64, Member>) -> Result<(), JoinError> {
    let own = peers.identity();
    let mut asking = FuturesUnordered::new();
    for (id, member) in members.iter().filter(|(id, _)| **id != own.node_id) {
        asking.push(ask_one(own, *id, peers.link(*id, &member.peer)?));
    }
    let mut needed = answers_needed(members.len());
    while needed > 0 {
        let Some(answer) = asking.next().await else { break };
        answer?;
        needed -= 1;
    }
    Ok(())
}

fn hello(own: &Identity) -> pb::HelloRequest {
    pb::HelloRequest {
        cluster_id: own.cluster_id.clone(),
        node_id: own.node_id,
        incarnation: own.incarnation.to_vec().into(),
    }
}

/// Asks one peer until it answers.
async fn ask_one(own: &Identity, peer: u64, link: Arc<Link>) -> Result<(), JoinError> {
    let hello = hello(own);
    let mut told = false;
    loop {
        let mut client = link.admin();
        match tokio::time::timeout(ANSWER, client.hello(hello.clone())).await {
            Ok(Ok(answer)) => {
                let answer = answer.into_inner();
                if answer.removed {
                    return Err(JoinError::Removed { node: own.node_id, by: peer });
                }
                let registered = answer.registered;
                return match registered.is_empty() || registered[..] == own.incarnation {
                    true => Ok(()),
                    false => Err(JoinError::Wiped { node: own.node_id, by: peer }),
                };
            }
            Ok(Err(status)) if matches!(status.code(), Code::PermissionDenied | Code::FailedPrecondition) => {
                return Err(JoinError::Refused { by: peer, reason: status.message().to_owned() });
            }
            Ok(Err(status)) if !told => tracing::info!(peer, error = %describe(&status), "waiting for a peer"),
            Err(_) if !told => tracing::info!(peer, "waiting for a peer that does not answer"),
            _ => {}
        }
        told = true;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks the members once whether this node was removed; answers who says so, the first that does.
pub(super) async fn removed_by(peers: &Peers, members: &BTreeMap<u64, Member>) -> Option<u64> {
    let own = peers.identity();
    let hello = hello(own);
    let mut asking: FuturesUnordered<_> = members
        .iter()
        .filter(|(id, _)| **id != own.node_id)
        .filter_map(|(id, member)| Some((*id, peers.link(*id, &member.peer).ok()?)))
        .map(|(id, link)| {
            let hello = hello.clone();
            async move {
                let answer = tokio::time::timeout(ANSWER, link.admin().hello(hello)).await.ok()?.ok()?;
                answer.into_inner().removed.then_some(id)
            }
        })
        .collect();
    while let Some(answer) = asking.next().await {
        if answer.is_some() {
            return answer;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::answers_needed;

    #[test]
    fn enough_others_are_heard_to_meet_every_majority() {
        for members in 2..=9usize {
            let majority = members / 2 + 1;
            // The former incarnation may have been one of the majority that knows of it.
            let others_that_know = majority - 1;
            let others_that_may_not = members - 1 - others_that_know;
            assert_eq!(answers_needed(members), others_that_may_not + 1, "{members} members");
        }
    }

    #[test]
    fn a_single_node_asks_nobody() {
        assert_eq!(answers_needed(1), 0);
    }
}
