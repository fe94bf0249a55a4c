//! The limits of callers between nodes: what one asks of another, and the called side.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use livedrop_proto::limits as pb;
use tonic::{Request, Response, Status};

use super::consensus::Consensus;
use super::gate::Gate;
use super::network::describe;
use crate::limits::Ask;

/// Lends what callers may use. Implemented by the limits of this node.
pub trait Lend: Send + Sync + 'static {
    fn lend(&self, request: pb::LeaseRequest) -> pb::LeaseResponse;

    fn take_guess(&self, request: &pb::GuessRequest) -> pb::GuessResponse;
}

/// What other nodes ask this one.
pub(super) struct LimitsService {
    gate: Gate,
}

impl LimitsService {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

#[tonic::async_trait]
impl pb::limits_server::Limits for LimitsService {
    async fn lease(&self, request: Request<pb::LeaseRequest>) -> Result<Response<pb::LeaseResponse>, Status> {
        self.gate.admit(&request)?;
        Ok(Response::new(self.gate.limits()?.lend(request.into_inner())))
    }

    async fn guess(&self, request: Request<pb::GuessRequest>) -> Result<Response<pb::GuessResponse>, Status> {
        self.gate.admit(&request)?;
        Ok(Response::new(self.gate.limits()?.take_guess(request.get_ref())))
    }
}

/// No answer is a reason to go on without it, so why there is none is only worth a line for who looks closely.
impl Ask for Consensus {
    fn lease(&self, node: u64, request: pb::LeaseRequest) -> BoxFuture<'_, Option<pb::LeaseResponse>> {
        async move {
            let answer = self.link(node)?.limits().lease(request).await;
            answer.inspect_err(|status| unanswered(node, status)).ok().map(Response::into_inner)
        }
        .boxed()
    }

    fn guess(&self, node: u64, request: pb::GuessRequest) -> BoxFuture<'_, Option<pb::GuessResponse>> {
        async move {
            let answer = self.link(node)?.limits().guess(request).await;
            answer.inspect_err(|status| unanswered(node, status)).ok().map(Response::into_inner)
        }
        .boxed()
    }
}

fn unanswered(node: u64, status: &Status) {
    tracing::debug!(node, error = %describe(status), "a node did not say what its callers may use");
}
