//! A new node asks to be let in, and what answers it.
//!
//! ```text
//!  the new node:  look (what is the token for?) ──► data directory, listener ──► enter (id and directory are bound,
//!                                                                                 the leader sends the log)
//! ```
//!
//! Any member takes the question and passes it on to the leader.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use livedrop_proto::join as pb;
use livedrop_proto::join::join_client::JoinClient;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use super::arrive;
use super::gate::Gate;
use super::network::describe;
use super::peers::{self, Link, PeerError};
use crate::tls::PeerTls;

/// How long one member may take to answer: the leader may be busy with another change.
const ANSWER: Duration = Duration::from_secs(40);
/// When no member lets the node in, all are asked again after this pause.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a node does not come in. Asking again would not help.
#[derive(Debug, thiserror::Error)]
pub enum NewcomerError {
    #[error(transparent)]
    Peer(#[from] PeerError),
    #[error("the cluster does not let this node in: {0}")]
    Refused(String),
}

/// Asks what a token is for, until a member answers.
pub async fn look(
    peers: &[String],
    tls: Option<&PeerTls>,
    request: pb::LookRequest,
) -> Result<pb::LookResponse, NewcomerError> {
    let question = |mut member: JoinClient<Channel>| {
        let request = request.clone();
        async move { member.look(request).await }.boxed()
    };
    ask(peers, tls, question).await
}

/// Asks to be let in, until a member does so.
pub async fn enter(
    peers: &[String],
    tls: Option<&PeerTls>,
    request: pb::EnterRequest,
) -> Result<pb::EnterResponse, NewcomerError> {
    let question = |mut member: JoinClient<Channel>| {
        let request = request.clone();
        async move { member.enter(request).await }.boxed()
    };
    ask(peers, tls, question).await
}

async fn ask<T>(
    peers: &[String],
    tls: Option<&PeerTls>,
    question: impl Fn(JoinClient<Channel>) -> BoxFuture<'static, Result<Response<T>, Status>>,
) -> Result<T, NewcomerError> {
    let channels: Vec<_> =
        peers.iter().map(|peer| Ok((peer, peers::channel(None, peer, tls)?))).collect::<Result<_, PeerError>>()?;
    let mut told = false;
    loop {
        for (peer, channel) in &channels {
            let status = match tokio::time::timeout(ANSWER, question(JoinClient::new(channel.clone()))).await {
                Ok(Ok(answer)) => return Ok(answer.into_inner()),
                Ok(Err(status)) if is_final(status.code()) => {
                    return Err(NewcomerError::Refused(status.message().to_owned()));
                }
                Ok(Err(status)) => describe(&status),
                Err(_) => format!("no answer within {ANSWER:?}"),
            };
            if !told {
                tracing::info!(%peer, %status, "waiting for the cluster to let this node in");
            }
        }
        told = true;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether a member has looked at the question and said no.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::PermissionDenied
            | Code::FailedPrecondition
            | Code::InvalidArgument
            | Code::AlreadyExists
            | Code::NotFound
    )
}

/// Lets nodes in, on the leader. Implemented by this node's `members`.
#[tonic::async_trait]
pub trait LetIn: Send + Sync + 'static {
    async fn look(&self, request: pb::LookRequest) -> Result<pb::LookResponse, Status>;

    async fn enter(&self, request: pb::EnterRequest) -> Result<pb::EnterResponse, Status>;
}

/// The called side.
pub(super) struct JoinService {
    gate: Gate,
}

impl JoinService {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate }
    }

    /// The leader, when the question is to be passed on: once, and by the member that was asked.
    ///
    /// Who comes itself shows the certificate of the node that it is to be, where there are any.
    fn leader_elsewhere<T>(&self, request: &Request<T>, node: u64) -> Result<Option<Arc<Link>>, Status> {
        let opened = self.gate.opened()?;
        if super::identity::is_introduced(request.metadata()) {
            self.gate.admit(request)?;
            return Ok(None);
        }
        arrive::comes_from(request, node)?;
        opened.leader_elsewhere()
    }
}

#[tonic::async_trait]
impl pb::join_server::Join for JoinService {
    async fn look(&self, request: Request<pb::LookRequest>) -> Result<Response<pb::LookResponse>, Status> {
        let node = request.get_ref().node_id;
        match self.leader_elsewhere(&request, node)? {
            Some(leader) => leader.join().look(request.into_inner()).await,
            None => Ok(Response::new(self.gate.let_in()?.look(request.into_inner()).await?)),
        }
    }

    async fn enter(&self, request: Request<pb::EnterRequest>) -> Result<Response<pb::EnterResponse>, Status> {
        let node = request.get_ref().node_id;
        match self.leader_elsewhere(&request, node)? {
            Some(leader) => leader.join().enter(request.into_inner()).await,
            None => Ok(Response::new(self.gate.let_in()?.enter(request.into_inner()).await?)),
        }
    }
}
