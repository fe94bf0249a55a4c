//! A member goes, for good.

use std::time::Duration;

use livedrop_domain::By;
use livedrop_domain::members::{Command, Remove, Reply};
use livedrop_proto::operate as pb;
use tonic::Status;

use super::safety::Voters;
use super::say::Say;
use super::write::write;
use super::{Members, moved, name, transfer};
use crate::raft::MemberChange;

/// How long a node that was removed is given to hear of it, which is not waited for any longer.
const HEARD: Duration = Duration::from_millis(300);

/// As an operator asks. The leader hands leadership over first; whoever asked repeats the call, which goes on there.
pub async fn asked(room: &Members, by: Option<By>, request: &pb::RemoveRequest, say: &Say<'_>) -> Result<(), Status> {
    let node = request.node_id;
    let _turn = room.turn.take(format!("node {node} is removed, for {}", name(by)))?;
    let now = room.consensus.membership();
    if !now.nodes.contains_key(&node) {
        return not_in_consensus(room, by, node, say).await;
    }
    if now.voters.contains(&node) {
        let after = Voters::of(&room.consensus.status(), room.settings.alive).after(Some(node), []);
        may_go(node, &after, request.force)?;
        if node == room.consensus.node_id() {
            say.step(node, "this node leads: leadership goes elsewhere first").await;
            let to = transfer::away(room).await?;
            return Err(moved(Some(to)));
        }
    }
    gone(room, by, node, say).await?;
    let voters = Voters::of(&room.consensus.status(), room.settings.alive);
    let text = format!("node {node} is out and its id is never used again; it stops by itself. {}", voters.sentence());
    say.done(node, text).await;
    Ok(())
}

/// Writes down that the member goes, and lets it go.
pub async fn gone(room: &Members, by: Option<By>, node: u64, say: &Say<'_>) -> Result<(), Status> {
    written_down(room, by, node, say).await?;
    room.change_members(MemberChange::Remove { node }).await
}

/// Writes down that a member goes. It hears so itself, unless it is down, before it is out of the membership.
pub async fn written_down(room: &Members, by: Option<By>, node: u64, say: &Say<'_>) -> Result<(), Status> {
    match write(room, by, "remove", Command::Remove(Remove { node_id: node })).await {
        // One that the cluster began with may never have registered.
        Ok(_) => {}
        Err(status) if status.code() == tonic::Code::NotFound => {}
        Err(status) => return Err(status),
    }
    say.step(node, format!("it is written down that node {node} goes")).await;
    let last = room.consensus.status().last_log_index;
    let has_it = async {
        while room.consensus.status().followers.get(&node).is_some_and(|it| it.matched_index < last) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let _late = tokio::time::timeout(HEARD, has_it).await;
    Ok(())
}

/// Removing this voter must leave enough of the others up.
fn may_go(node: u64, after: &Voters, force: bool) -> Result<(), Status> {
    if after.all.is_empty() {
        return Err(Status::failed_precondition(format!("node {node} is the only voter; add another one first")));
    }
    if after.can_decide() || force {
        return Ok(());
    }
    Err(Status::failed_precondition(format!(
        "without node {node} nothing could be decided any more: {}. Bring the others back or replace them first; --force \
         removes it all the same, and the cluster stands still until enough of them are back",
        after.sentence()
    )))
}

/// Who is invited is not, any more; who went before is out already.
async fn not_in_consensus(room: &Members, by: Option<By>, node: u64, say: &Say<'_>) -> Result<(), Status> {
    match write(room, by, "remove", Command::Remove(Remove { node_id: node })).await? {
        Reply::Uninvited => say.done(node, format!("node {node} is not invited any more")).await,
        _ => say.done(node, format!("node {node} is out; its id is never used again")).await,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(all: &[u64], up: &[u64]) -> Voters {
        Voters { all: all.iter().copied().collect(), up: up.iter().copied().collect() }
    }

    #[test]
    fn what_would_lose_the_majority_needs_force() {
        let refused = may_go(2, &left(&[1, 3], &[1]), false).expect_err("one of two is no majority");
        assert!(refused.message().contains("1 of 2 voters are up, which is no majority"), "{}", refused.message());
        assert!(may_go(2, &left(&[1, 3], &[1]), true).is_ok());
        assert!(may_go(3, &left(&[1, 2], &[1, 2]), false).is_ok());
    }

    #[test]
    fn the_only_voter_stays_even_by_force() {
        assert!(may_go(1, &left(&[], &[]), true).is_err());
    }
}
