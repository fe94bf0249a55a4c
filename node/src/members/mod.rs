//! Who belongs to the cluster, as operators change it. All of this is done by the leader.
//!
//! Each operation is a row of steps, of which every one may be the last when the leader dies; whoever repeats the
//! operation, on whichever node leads then, goes on where it ended, since each step looks first whether it is done.
//!
//! ```text
//!  add:      invited ──► joined, as a learner ──► caught up ──► voter
//!  remove:   leadership elsewhere ──► written down, for good ──► out of the membership ──► the node stops
//!  replace:  add without the last step ──► the new one votes and the old one is out, in one change
//! ```
//!
//! One change of membership is under way at a time ([`turn`]); waiting for a new node is none. The state machine gives
//! ids and writes down who comes and goes (`livedrop_domain::members`), consensus says who votes.

mod add;
mod catch_up;
mod enter;
mod invite;
mod keeper;
mod list;
mod notice;
mod promote;
mod remove;
mod replace;
mod safety;
mod say;
mod token;
mod transfer;
mod turn;
mod write;

use std::sync::Arc;
use std::time::Duration;

use livedrop_domain::{By, Fault, View, members};
use livedrop_proto::{join, operate as pb};
use livedrop_store::Reader;
use tokio::time::Instant;
use tonic::Status;

pub use notice::{Gone, wait_until_gone};
pub use token::{NotAToken, Token};

use crate::propose::Proposer;
use crate::raft::{Change, ChangeError, Consensus, LetIn, MemberChange, Operate, OperatorCaller, Steps};
use say::Say;
use turn::Turn;

/// How long a change of membership may take to be agreed on.
const AGREED: Duration = Duration::from_secs(30);
/// How often something that is waited for is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What the node that leads does by itself.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Promotes nodes that joined to vote, once they have caught up.
    pub auto_promote: bool,
    /// Removes members that have been silent for so long.
    pub reap_dead_after: Option<Duration>,
    /// A member that has answered within this time is up.
    pub alive: Duration,
}

/// The members of the cluster, as this node changes them when it leads.
pub struct Members {
    consensus: Consensus,
    proposer: Proposer,
    reader: Reader,
    cluster_id: String,
    settings: Settings,
    turn: Turn,
}

impl Members {
    pub fn new(
        cluster_id: String,
        consensus: Consensus,
        proposer: Proposer,
        reader: Reader,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Members { consensus, proposer, reader, cluster_id, settings, turn: Turn::default() })
    }

    /// Reads the rows of this node; all that was decided when the leader began to lead is in them, once it has applied.
    fn read<T>(&self, read: impl FnOnce(&dyn View) -> Result<T, Fault>) -> Result<T, Status> {
        let read =
            self.reader.read(|view| read(view as &dyn View)).map_err(|error| Status::internal(error.to_string()))?;
        read.map_err(|fault| Status::internal(fault.to_string()))
    }

    fn member(&self, node: u64) -> Result<Option<members::Member>, Status> {
        self.read(|view| members::get(view, node))
    }

    /// Changes the membership, in the turn of whoever calls.
    async fn change_members(&self, change: MemberChange) -> Result<(), Status> {
        tracing::info!(?change, "changing the membership");
        self.consensus.change_members(&change, Instant::now() + AGREED).await.map_err(refused)
    }

    /// Goes on only while this node leads with a quorum: what is read here is then what was decided.
    async fn must_lead(&self) -> Result<(), Status> {
        let known = self.consensus.leadership().borrow().clone();
        if !known.is_leader {
            return Err(moved(known.leader));
        }
        let deadline = Instant::now() + Duration::from_secs(2);
        let index =
            self.consensus.read_index(deadline).await.map_err(|error| Status::unavailable(error.to_string()))?;
        let applied = tokio::time::timeout_at(deadline, self.reader.wait_applied(index)).await;
        applied.map_err(|_| Status::unavailable("this leader has yet to catch up with its log; try again"))
    }
}

/// Leadership is elsewhere: whoever called repeats the call, which goes on there.
fn moved(leader: Option<u64>) -> Status {
    Status::unavailable(match leader {
        Some(leader) => format!("node {leader} leads now; repeat this, it goes on there"),
        None => "no node leads now; repeat this in a moment".to_owned(),
    })
}

fn refused(error: ChangeError) -> Status {
    match error {
        ChangeError::NotLeader { leader } => moved(leader),
        ChangeError::Late => Status::deadline_exceeded(format!(
            "no majority has agreed within {AGREED:?}; it may still happen: look with `livedropctl member list`, bring \
             voters back, then repeat this"
        )),
        ChangeError::Refused(why) => Status::failed_precondition(why),
    }
}

#[tonic::async_trait]
impl Operate for Members {
    async fn members(&self) -> Result<pb::MembersResponse, Status> {
        list::list(self).await
    }

    async fn invite(&self, caller: OperatorCaller, request: pb::InviteRequest) -> Result<pb::Invitation, Status> {
        self.must_lead().await?;
        invite::invite(self, caller.who, request).await
    }

    async fn change(&self, caller: OperatorCaller, change: Change, steps: &Steps) -> Result<(), Status> {
        let (say, by) = (Say::new(steps), Some(caller.who));
        self.must_lead().await?;
        match change {
            Change::Add(request) => add::add(self, by, request, &say).await,
            Change::Promote(request) => promote::asked(self, by, request.node_id, &say).await,
            Change::Remove(request) => remove::asked(self, by, &request, &say).await,
            Change::Replace(request) => replace::replace(self, by, request, &say).await,
            Change::TransferLeader(request) => transfer::transfer(self, request.to, &say).await,
        }
    }
}

#[tonic::async_trait]
impl LetIn for Members {
    async fn look(&self, request: join::LookRequest) -> Result<join::LookResponse, Status> {
        self.must_lead().await?;
        enter::look(self, &request)
    }

    async fn enter(&self, request: join::EnterRequest) -> Result<join::EnterResponse, Status> {
        self.must_lead().await?;
        enter::enter(self, request).await
    }
}

/// Says who a change is made for, in logs and to whoever has to wait for it.
fn name(by: Option<By>) -> String {
    match by {
        None => "the leader itself".to_owned(),
        Some(By { account: None }) => "an operator".to_owned(),
        Some(By { account: Some(account) }) => account.to_string(),
    }
}
