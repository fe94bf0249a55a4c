//! Consensus and administration, the called side.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use livedrop_proto::{admin as admin_pb, raft as pb};
use openraft::errors::Fatal;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};

use super::convert;
use super::gate::Gate;
use super::network::describe;
use super::read_index::ReadError;
use super::{snapshot, status};

/// No read waits longer for its index than this, whatever the caller's message says.
const READ_MAX: Duration = Duration::from_secs(10);

/// What the leader and the candidates of the cluster ask this node.
pub(super) struct RaftService {
    gate: Gate,
    /// One snapshot at a time: each fills a disk's worth of space.
    receiving: Mutex<()>,
}

impl RaftService {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate, receiving: Mutex::new(()) }
    }
}

fn stopped(fatal: impl std::fmt::Display) -> Status {
    Status::unavailable(format!("consensus has stopped on this node: {fatal}"))
}

#[tonic::async_trait]
impl pb::raft_server::Raft for RaftService {
    type AppendStream = Pin<Box<dyn Stream<Item = Result<pb::AppendResponse, Status>> + Send>>;

    async fn append(
        &self,
        request: Request<Streaming<pb::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        let leader = self.gate.admit(&request)?;
        let raft = &self.gate.opened()?.raft;
        let heard = self.gate.heard().clone();
        // A message that cannot be read ends the stream; the leader opens another and sends again what has no answer.
        let requests = request.into_inner().map(move |message| match message {
            Ok(message) => {
                heard.note();
                let request = convert::append_from_pb(message);
                request.inspect_err(|error| tracing::error!(leader, %error, "an append request cannot be read")).ok()
            }
            Err(status) => {
                tracing::debug!(leader, error = %describe(&status), "an append stream broke");
                None
            }
        });
        let requests = requests.take_while(|request| std::future::ready(request.is_some()));
        let requests = requests.filter_map(std::future::ready);
        let answers = raft.stream_append(requests).map(|answer| match answer {
            Ok(appended) => Ok(convert::appended_to_pb(appended)),
            Err(fatal) => Err(stopped(fatal)),
        });
        Ok(Response::new(Box::pin(answers.take_until(self.gate.closing()))))
    }

    async fn vote(&self, request: Request<pb::VoteRequest>) -> Result<Response<pb::VoteResponse>, Status> {
        self.gate.admit(&request)?;
        let raft = &self.gate.opened()?.raft;
        let answer = raft.vote(convert::vote_request_from_pb(request.into_inner())?).await.map_err(stopped)?;
        Ok(Response::new(convert::vote_response_to_pb(&answer)))
    }

    async fn pre_vote(&self, request: Request<pb::VoteRequest>) -> Result<Response<pb::VoteResponse>, Status> {
        self.gate.admit(&request)?;
        let raft = &self.gate.opened()?.raft;
        let answer = raft.pre_vote(convert::vote_request_from_pb(request.into_inner())?).await.map_err(stopped)?;
        Ok(Response::new(convert::vote_response_to_pb(&answer)))
    }

    async fn transfer_leader(
        &self,
        request: Request<pb::TransferLeaderRequest>,
    ) -> Result<Response<pb::TransferLeaderResponse>, Status> {
        self.gate.admit(&request)?;
        let raft = &self.gate.opened()?.raft;
        let request = convert::transfer_from_pb(request.into_inner())?;
        let answer: Result<_, Fatal<_>> = raft.handle_transfer_leader(request).await;
        Ok(Response::new(convert::transferred_to_pb(answer.map_err(stopped)?)))
    }

    async fn install_snapshot(
        &self,
        request: Request<Streaming<pb::SnapshotPart>>,
    ) -> Result<Response<pb::SnapshotResponse>, Status> {
        let leader = self.gate.admit(&request)?;
        let opened = self.gate.opened()?;
        let Ok(_only) = self.receiving.try_lock() else {
            return Err(Status::unavailable("another snapshot is being received"));
        };
        tracing::info!(leader, "receiving a snapshot");
        let (vote, snapshot) = snapshot::receive(request.into_inner(), &opened.snapshots).await?;
        let answer = opened.raft.install_full_snapshot(vote, snapshot).await.map_err(stopped)?;
        Ok(Response::new(convert::installed_to_pb(&answer)))
    }

    async fn read_index(
        &self,
        request: Request<pb::ReadIndexRequest>,
    ) -> Result<Response<pb::ReadIndexResponse>, Status> {
        use pb::read_index_response::{NoQuorum, NotLeader, Result as Answer};
        self.gate.admit(&request)?;
        let wait = Duration::from_millis(request.get_ref().remaining_ms).min(READ_MAX);
        let answer = match self.gate.opened()?.read_index.next_round(Instant::now() + wait).await {
            Ok(index) => Answer::Index(index),
            Err(ReadError::NotLeader { leader }) => Answer::NotLeader(NotLeader { leader: leader.unwrap_or(0) }),
            Err(ReadError::NoQuorum | ReadError::Late) => Answer::NoQuorum(NoQuorum {}),
            Err(error @ (ReadError::Overloaded | ReadError::Unreachable(_) | ReadError::Stopped)) => {
                return Err(Status::unavailable(error.to_string()));
            }
        };
        Ok(Response::new(pb::ReadIndexResponse { result: Some(answer) }))
    }
}

/// What nodes ask besides consensus.
pub(super) struct AdminService {
    gate: Gate,
}

impl AdminService {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

#[tonic::async_trait]
impl admin_pb::admin_server::Admin for AdminService {
    /// Answered before this node takes part in consensus, and also to a node that must not: it is how it learns that.
    async fn hello(
        &self,
        request: Request<admin_pb::HelloRequest>,
    ) -> Result<Response<admin_pb::HelloResponse>, Status> {
        self.gate.greet(&request)?;
        let own = self.gate.identity();
        let registered = self.gate.registered(request.get_ref().node_id);
        Ok(Response::new(admin_pb::HelloResponse {
            cluster_id: own.cluster_id.clone(),
            node_id: own.node_id,
            incarnation: own.incarnation.to_vec().into(),
            registered: registered.map(|known| known.incarnation.to_vec().into()).unwrap_or_default(),
            removed: self.gate.has_gone(request.get_ref().node_id),
        }))
    }

    async fn state_hash(
        &self,
        request: Request<admin_pb::StateHashRequest>,
    ) -> Result<Response<admin_pb::StateHashResponse>, Status> {
        self.gate.admit(&request)?;
        let reader = self.gate.opened()?.reader.clone();
        let index = request.get_ref().index;
        let (hash, applied_index) = super::consensus::hash_at(reader, index).await.map_err(Status::internal)?;
        let hash = hash.map(|hash| hash.to_vec().into()).unwrap_or_default();
        Ok(Response::new(admin_pb::StateHashResponse { hash, applied_index }))
    }

    async fn status(
        &self,
        request: Request<admin_pb::StatusRequest>,
    ) -> Result<Response<admin_pb::StatusResponse>, Status> {
        self.gate.admit(&request)?;
        let own = self.gate.identity();
        Ok(Response::new(status::to_pb(status::of_this_node(&self.gate.opened()?.raft, own, self.gate.disk().flags()))))
    }

    async fn recall(
        &self,
        request: Request<admin_pb::RecallRequest>,
    ) -> Result<Response<admin_pb::RecallResponse>, Status> {
        self.gate.admit(&request)?;
        let moments = self.gate.memory()?.recall(&request.get_ref().request_id);
        Ok(Response::new(admin_pb::RecallResponse { moments }))
    }
}
