//! What operators ask, the called side: any node looks at the caller and passes the call on to the leader.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use livedrop_proto::operate as pb;
use livedrop_proto::operate::operate_client::OperateClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::gate::Gate;
use super::operators::{self, OperatorCaller, OperatorRole};
use super::peers::{Link, Wire};

/// Where something that takes long tells how far it is. Nobody may listen any more, and it goes on all the same.
pub type Steps = mpsc::Sender<Result<pb::Progress, Status>>;

/// What is told of one operation: as many messages as nobody has to wait for.
const STEPS: usize = 64;

/// Something that is to change in the cluster.
#[derive(Debug, Clone)]
pub enum Change {
    Add(pb::AddRequest),
    Promote(pb::PromoteRequest),
    Remove(pb::RemoveRequest),
    Replace(pb::ReplaceRequest),
    TransferLeader(pb::TransferLeaderRequest),
}

/// Does what operators ask, on the leader. Implemented by this node's `members`.
#[tonic::async_trait]
pub trait Operate: Send + Sync + 'static {
    async fn members(&self) -> Result<pb::MembersResponse, Status>;

    async fn invite(&self, caller: OperatorCaller, request: pb::InviteRequest) -> Result<pb::Invitation, Status>;

    /// Does it, telling every step. The last message is `done` or says why not.
    async fn change(&self, caller: OperatorCaller, change: Change, steps: &Steps) -> Result<(), Status>;
}

/// The service at the peer port.
pub(super) struct OperateService {
    gate: Gate,
}

type Told = Pin<Box<dyn Stream<Item = Result<pb::Progress, Status>> + Send>>;

impl OperateService {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate }
    }

    /// Does a change here when this node leads, or has been asked by another node.
    async fn change<T>(&self, request: Request<T>, change: impl FnOnce(T) -> Change) -> Result<Response<Told>, Status> {
        let caller = operators::caller(&self.gate, &request, OperatorRole::Operator).await?;
        let elsewhere = leader_elsewhere(&self.gate, &request)?;
        let change = change(request.into_inner());
        let told: Told = match elsewhere {
            Some(leader) => Box::pin(pass_on(&leader, caller, change).await?),
            None => {
                let (operate, (steps, told)) = (self.gate.operate()?, mpsc::channel(STEPS));
                // A caller that is gone does not end what was begun.
                tokio::spawn(run(operate, caller, change, steps));
                Box::pin(ReceiverStream::new(told))
            }
        };
        Ok(Response::new(Box::pin(told.take_until(self.gate.closing()))))
    }
}

async fn run(operate: Arc<dyn Operate>, caller: OperatorCaller, change: Change, steps: Steps) {
    if let Err(status) = operate.change(caller, change, &steps).await {
        let _gone = steps.send(Err(status)).await;
    }
}

/// The leader, when that is another node to pass the call on to. A call that was passed on is done here or refused.
pub(super) fn leader_elsewhere<T>(gate: &Gate, request: &Request<T>) -> Result<Option<Arc<Link>>, Status> {
    if operators::is_vouched(request) {
        return Ok(None);
    }
    gate.opened()?.leader_elsewhere()
}

/// A call to the leader in the name of who has called here.
pub(super) fn in_the_name_of<T>(caller: OperatorCaller, message: T) -> Request<T> {
    let mut request = Request::new(message);
    operators::vouch(request.metadata_mut(), caller);
    request
}

async fn pass_on(leader: &Link, caller: OperatorCaller, change: Change) -> Result<Streaming<pb::Progress>, Status> {
    let mut client: OperateClient<Wire> = leader.operate();
    let told = match change {
        Change::Add(it) => client.add(in_the_name_of(caller, it)).await,
        Change::Promote(it) => client.promote(in_the_name_of(caller, it)).await,
        Change::Remove(it) => client.remove(in_the_name_of(caller, it)).await,
        Change::Replace(it) => client.replace(in_the_name_of(caller, it)).await,
        Change::TransferLeader(it) => client.transfer_leader(in_the_name_of(caller, it)).await,
    };
    Ok(told?.into_inner())
}

#[tonic::async_trait]
impl pb::operate_server::Operate for OperateService {
    type AddStream = Told;
    type PromoteStream = Told;
    type RemoveStream = Told;
    type ReplaceStream = Told;
    type TransferLeaderStream = Told;

    async fn members(&self, request: Request<pb::MembersRequest>) -> Result<Response<pb::MembersResponse>, Status> {
        let caller = operators::caller(&self.gate, &request, OperatorRole::Viewer).await?;
        match leader_elsewhere(&self.gate, &request)? {
            Some(leader) => leader.operate().members(in_the_name_of(caller, request.into_inner())).await,
            None => Ok(Response::new(self.gate.operate()?.members().await?)),
        }
    }

    async fn invite(&self, request: Request<pb::InviteRequest>) -> Result<Response<pb::Invitation>, Status> {
        let caller = operators::caller(&self.gate, &request, OperatorRole::Operator).await?;
        match leader_elsewhere(&self.gate, &request)? {
            Some(leader) => leader.operate().invite(in_the_name_of(caller, request.into_inner())).await,
            None => Ok(Response::new(self.gate.operate()?.invite(caller, request.into_inner()).await?)),
        }
    }

    async fn add(&self, request: Request<pb::AddRequest>) -> Result<Response<Told>, Status> {
        self.change(request, Change::Add).await
    }

    async fn promote(&self, request: Request<pb::PromoteRequest>) -> Result<Response<Told>, Status> {
        self.change(request, Change::Promote).await
    }

    async fn remove(&self, request: Request<pb::RemoveRequest>) -> Result<Response<Told>, Status> {
        self.change(request, Change::Remove).await
    }

    async fn replace(&self, request: Request<pb::ReplaceRequest>) -> Result<Response<Told>, Status> {
        self.change(request, Change::Replace).await
    }

    async fn transfer_leader(&self, request: Request<pb::TransferLeaderRequest>) -> Result<Response<Told>, Status> {
        self.change(request, Change::TransferLeader).await
    }
}
