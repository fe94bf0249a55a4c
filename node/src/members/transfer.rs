//! Leadership goes to another node.

use tonic::Status;

use super::Members;
use super::moved;
use super::say::Say;
use crate::raft::TransferError;

/// To the node that is named, or to the follower that lacks least. One that leads already is left alone.
pub async fn transfer(room: &Members, to: u64, say: &Say<'_>) -> Result<(), Status> {
    let _turn = room.turn.take(match to {
        0 => "leadership goes to another node".to_owned(),
        to => format!("leadership goes to node {to}"),
    })?;
    if to == room.consensus.node_id() {
        say.done(to, format!("node {to} leads already")).await;
        return Ok(());
    }
    let to = match to {
        0 => away(room).await?,
        to => room.consensus.transfer_leader(to).await.map(|()| to).map_err(refused)?,
    };
    say.done(to, format!("node {to} leads")).await;
    Ok(())
}

/// To whichever follower can take it; answers which.
pub async fn away(room: &Members) -> Result<u64, Status> {
    let leader = room.consensus.hand_over().await.map_err(refused)?;
    leader.ok_or_else(|| Status::unavailable("no node leads now; repeat this in a moment"))
}

fn refused(error: TransferError) -> Status {
    match error {
        TransferError::NotLeader { leader } => moved(leader),
        TransferError::NotAVoter(_) => {
            Status::failed_precondition(format!("{error}; `livedropctl member list` shows who votes"))
        }
        TransferError::Behind { .. } | TransferError::Silent(_) => {
            Status::failed_precondition(format!("{error}; choose another one, or wait until it has caught up"))
        }
        TransferError::Nobody => Status::failed_precondition(format!("{error}; bring another voter back first")),
        TransferError::Late { .. } => Status::deadline_exceeded(error.to_string()),
        TransferError::Stopped => Status::unavailable(error.to_string()),
    }
}
