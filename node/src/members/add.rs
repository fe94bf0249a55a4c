//! A new node, from its invitation until it votes.

use std::time::{Duration, Instant};

use livedrop_domain::By;
use livedrop_domain::members::{LIVES_MAX_MS, invitations};
use livedrop_proto::operate as pb;
use tonic::Status;

use super::catch_up::catch_up;
use super::invite::{check_addresses, invite};
use super::say::Say;
use super::{LOOK, Members, moved, promote};
use crate::clock;

/// How often it is said that the node is still waited for.
const TELL: Duration = Duration::from_secs(15);

/// Brings a node in that is reached at the given addresses. One that is invited there already is invited again under the
/// same id; one that has joined goes on from there.
pub async fn add(room: &Members, by: Option<By>, request: pb::AddRequest, say: &Say<'_>) -> Result<(), Status> {
    let pb::AddRequest { peer, http, learner, node_id } = request;
    let node = bring_in(room, by, New { peer, http, to_vote: !learner, node_id }, say).await?;
    if learner && room.consensus.membership().voters.contains(&node) {
        return Err(Status::failed_precondition(format!(
            "node {node} is there and votes; a voter does not become a learner: remove it and add a new node"
        )));
    }
    if learner {
        say.done(node, format!("node {node} has caught up and stays a learner: it serves reads and passes writes on"))
            .await;
        return Ok(());
    }
    promote::promote(room, by, node, say).await
}

/// A node that is to come.
pub struct New {
    pub peer: String,
    pub http: String,
    pub to_vote: bool,
    /// An earlier call has invited it under this id; 0 when there was none.
    pub node_id: u64,
}

/// Invites a node unless it has joined, waits for it, and until it has caught up as a learner. Answers its id.
pub async fn bring_in(room: &Members, by: Option<By>, new: New, say: &Say<'_>) -> Result<u64, Status> {
    if new.peer.is_empty() {
        return Err(Status::invalid_argument("say where the new node will be reached: host:port and http://host:port"));
    }
    check_addresses(&new.peer, &new.http)?;
    let node = match joined_at(room, &new.peer) {
        Some(node) => node,
        None => wait_for(room, by, new, say).await?,
    };
    say.step(node, format!("node {node} has joined as a learner; it gets the log")).await;
    catch_up(room, node, say).await?;
    say.step(node, format!("node {node} has caught up")).await;
    Ok(node)
}

fn joined_at(room: &Members, peer: &str) -> Option<u64> {
    let nodes = room.consensus.membership().nodes;
    nodes.into_iter().find(|(_, member)| member.peer == peer).map(|(id, _)| id)
}

/// Invites the node and waits until it has joined, as long as its token is good.
async fn wait_for(room: &Members, by: Option<By>, new: New, say: &Say<'_>) -> Result<u64, Status> {
    let invited = room.read(invitations)?.into_iter().find(|it| it.peer == new.peer);
    let node = match invited {
        Some(it) if it.node_id == new.node_id && it.expires_at > clock::now() => {
            say.step(it.node_id, format!("node {} is still waited for; its token is good", it.node_id)).await;
            it.node_id
        }
        invited => {
            let New { peer, http, to_vote, .. } = new;
            let node_id = invited.map_or(0, |it| it.node_id);
            let request = pb::InviteRequest { peer, http, to_vote, lives_ms: LIVES_MAX_MS, node_id };
            let invitation = invite(room, by.unwrap_or(By { account: None }), request).await?;
            let node = invitation.node_id;
            say.invited(invitation, format!("node {node} is invited; start it now, it is waited for")).await;
            node
        }
    };
    let (until, mut told) = (Instant::now() + Duration::from_millis(LIVES_MAX_MS), Instant::now());
    let mut leadership = room.consensus.leadership();
    while Instant::now() < until {
        let known = leadership.borrow_and_update().clone();
        if !known.is_leader {
            return Err(moved(known.leader));
        }
        let now = room.consensus.membership();
        if now.nodes.contains_key(&node) && now.settled {
            return Ok(node);
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            say.step(node, format!("waiting for node {node} to be started")).await;
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(Status::deadline_exceeded(format!(
        "node {node} was not started in time, and its token has run out; repeat this"
    )))
}
