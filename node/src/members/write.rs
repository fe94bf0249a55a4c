//! Commands of the room of members, on their way to the log, and what its rejections mean to whoever asks.

use livedrop_domain::members::{Command, Rejection, Reply};
use livedrop_domain::{By, Command as Any, Rejection as AnyRejection, Reply as AnyReply, Request};
use tonic::Status;

use super::Members;
use crate::propose::Unanswered;

/// Has the state machine decide.
///
/// Errors: what its rejection means; `UNAVAILABLE` when nothing was done, or nobody knows whether it was.
pub async fn write(members: &Members, by: Option<By>, what: &str, command: Command) -> Result<Reply, Status> {
    let request =
        Request { request_id: format!("member-{what}"), idempotency: None, command: Any::Members(command), by };
    match members.proposer.propose(request).await.map(|outcome| outcome.answer) {
        Ok(Ok(AnyReply::Members(reply))) => Ok(reply),
        Ok(Ok(other)) => Err(Status::internal(format!("the state machine answered {other:?}"))),
        Ok(Err(AnyRejection::Members(rejection))) => Err(meaning(&rejection)),
        Ok(Err(other)) => Err(Status::internal(format!("the state machine refused with {other:?}"))),
        Err(
            unanswered @ (Unanswered::NoQuorum | Unanswered::Overloaded | Unanswered::DiskFull | Unanswered::Unknown),
        ) => Err(Status::unavailable(format!("{unanswered}; repeat this, what is done is not done again"))),
    }
}

/// What a rejection means to whoever asks, and what to do.
pub fn meaning(rejection: &Rejection) -> Status {
    match rejection {
        Rejection::OtherIncarnation => Status::permission_denied(
            "this id belongs to another data directory: a node that lost its disk must come back under a new id \
             (`livedropctl member replace`)",
        ),
        Rejection::NotInvited => Status::permission_denied(
            "the token is not known: it was made for another cluster, or a newer one was made for this id; ask for one \
             with `livedropctl member add`",
        ),
        Rejection::InvitationExpired { .. } => Status::permission_denied(
            "the token has run out, it is good for ten minutes at most; repeat `livedropctl member add` for a new one",
        ),
        Rejection::InvitationUsed => Status::permission_denied(
            "the token was used already, by another data directory; ask for one with `livedropctl member add`, or \
             `member replace` when that directory is lost",
        ),
        Rejection::Removed => Status::permission_denied(
            "the node was removed from this cluster, and its id is never used again; to come back, empty its data \
             directory and join as a new node (`livedropctl member add`)",
        ),
        Rejection::NotAMember => Status::not_found("no such node is a member or invited"),
        Rejection::TooManyInvited => Status::resource_exhausted(
            "too many nodes are invited and did not join; remove some (`livedropctl member remove`) or wait a day",
        ),
        Rejection::BadField => Status::invalid_argument("an address is too long, or a token would live too long"),
    }
}
