//! A new node takes the place of a member that is lost.

use std::time::Duration;

use livedrop_domain::By;
use livedrop_domain::members::{Command, Promote};
use livedrop_proto::operate as pb;
use tonic::Status;

use super::add::{New, bring_in};
use super::safety::Voters;
use super::say::Say;
use super::write::write;
use super::{Members, moved, name, remove, transfer};
use crate::raft::MemberChange;

/// How long a change that is under way is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Brings the new node in; then, in one change, it votes and the old one is out. So no majority is ever greater than it
/// was, and a cluster of which one voter is lost may do this.
pub async fn replace(room: &Members, by: Option<By>, request: pb::ReplaceRequest, say: &Say<'_>) -> Result<(), Status> {
    let pb::ReplaceRequest { old, peer, http, node_id } = request;
    let now = room.consensus.membership();
    let at_address = now.nodes.iter().find(|(_, member)| member.peer == peer).map(|(id, _)| *id);
    if at_address == Some(old) {
        return Err(Status::invalid_argument(format!(
            "{peer} is the address of node {old}, which is still a member; give the new node another port, or remove node \
             {old} first and then add the new one"
        )));
    }
    let was_member = room.member(old)?.is_some_and(|member| member.removed_index.is_some());
    if !now.nodes.contains_key(&old) && !was_member {
        return Err(Status::not_found(format!("node {old} is not a member")));
    }
    let new = bring_in(room, by, New { peer, http, to_vote: true, node_id }, say).await?;
    let _turn = room.turn.wait(format!("node {new} takes the place of node {old}, for {}", name(by)), PATIENCE).await?;
    let after = Voters::of(&room.consensus.status(), room.settings.alive).after(Some(old), [new]);
    if !after.can_decide() {
        return Err(Status::failed_precondition(format!("then {}: bring the others back first", after.sentence())));
    }
    if old == room.consensus.node_id() {
        say.step(old, "this node leads: leadership goes elsewhere first").await;
        return Err(moved(Some(transfer::away(room).await?)));
    }
    write(room, by, "promote", Command::Promote(Promote { node_id: new })).await?;
    if room.consensus.membership().nodes.contains_key(&old) {
        remove::written_down(room, by, old, say).await?;
    }
    room.change_members(MemberChange::Replace { old, new }).await?;
    let voters = Voters::of(&room.consensus.status(), room.settings.alive);
    let text =
        format!("node {new} votes in the place of node {old}, whose id is never used again; {}", voters.sentence());
    say.done(new, text).await;
    Ok(())
}
