//! A learner becomes a voter.

use std::time::Duration;

use livedrop_domain::By;
use livedrop_domain::members::{Command, Promote};
use tonic::Status;

use super::catch_up::catch_up;
use super::safety::{Voters, is_up};
use super::say::Say;
use super::write::write;
use super::{Members, name};
use crate::raft::MemberChange;

/// How long a change that is under way is waited for by an operation that has more to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// As an operator asks, who is told at once when something else is under way.
pub async fn asked(room: &Members, by: Option<By>, node: u64, say: &Say<'_>) -> Result<(), Status> {
    if !room.consensus.membership().nodes.contains_key(&node) {
        return Err(Status::not_found(format!(
            "node {node} is not a member; `livedropctl member add` brings new nodes in"
        )));
    }
    let _turn = room.turn.take(turn(by, node))?;
    in_turn(room, by, node, say).await
}

/// As a step of something longer.
pub async fn promote(room: &Members, by: Option<By>, node: u64, say: &Say<'_>) -> Result<(), Status> {
    let _turn = room.turn.wait(turn(by, node), PATIENCE).await?;
    in_turn(room, by, node, say).await
}

fn turn(by: Option<By>, node: u64) -> String {
    format!("node {node} becomes a voter, for {}", name(by))
}

async fn in_turn(room: &Members, by: Option<By>, node: u64, say: &Say<'_>) -> Result<(), Status> {
    if !room.consensus.membership().voters.contains(&node) {
        catch_up(room, node, say).await?;
        check(room, node)?;
        write(room, by, "promote", Command::Promote(Promote { node_id: node })).await?;
    }
    // Also when it votes already: a change that was half done is finished.
    room.change_members(MemberChange::Promote { node }).await?;
    let voters = Voters::of(&room.consensus.status(), room.settings.alive);
    say.done(node, format!("node {node} is a voter; {}", voters.sentence())).await;
    Ok(())
}

/// A voter more needs a greater majority: it must be up itself, and enough others.
fn check(room: &Members, node: u64) -> Result<(), Status> {
    let status = room.consensus.status();
    if !is_up(&status, node, room.settings.alive) {
        return Err(Status::failed_precondition(format!("node {node} does not answer; start it, then repeat this")));
    }
    let after = Voters::of(&status, room.settings.alive).after(None, [node]);
    match after.can_decide() {
        true => Ok(()),
        false => Err(Status::failed_precondition(format!("then {}: bring the others back first", after.sentence()))),
    }
}
