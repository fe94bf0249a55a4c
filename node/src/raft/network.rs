//! Consensus, the calling side: openraft's network over the connections of `peers.rs`.
//!
//! ```text
//!   openraft ── requests ──► Append stream ──► peer        several requests are under way at once;
//!            ◄─ answers ───               ◄───             an answer that stays away ends the stream
//! ```
//!
//! No call waits for ever: each is bounded by the time openraft gives it, and a stream by how long its oldest unanswered
//! request has waited. A peer that cannot be reached is `Unreachable`, which makes openraft back off.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use livedrop_proto::raft as pb;
use livedrop_store::SnapshotHandle;
use livedrop_store::types::{Member, TypeConfig};
use openraft::alias::{SnapshotOf, VoteOf};
use openraft::base::{BoxFuture, BoxStream};
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::{RPCOption, RPCTypes};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendResult, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, RaftNetworkFactory, RaftNetworkV2};
use tokio::time::Instant;
use tonic::{Code, Status, Streaming};

use super::convert;
use super::peers::{Link, Peers};
use super::snapshot;

type RpcError = RPCError<TypeConfig>;
type Answer = Result<StreamAppendResult<TypeConfig>, RpcError>;

/// A stream's request may stay unanswered for this many times what openraft gives one call (a heartbeat interval): a
/// peer whose disk stalls for a moment keeps its stream, and a peer that is gone loses it well within a second.
const STREAM_PATIENCE: u32 = 5;

/// Makes the connections that openraft asks for.
pub(super) struct Network {
    peers: Arc<Peers>,
}

impl Network {
    pub(super) fn new(peers: Arc<Peers>) -> Self {
        Self { peers }
    }
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = PeerNetwork;

    async fn new_client(&mut self, target: u64, node: &Member) -> PeerNetwork {
        let link = self.peers.link(target, &node.peer).map_err(|error| error.to_string());
        PeerNetwork { own: self.peers.identity().node_id, target, link, peers: self.peers.clone() }
    }
}

/// The way to one peer.
pub(super) struct PeerNetwork {
    own: u64,
    target: u64,
    link: Result<Arc<Link>, String>,
    peers: Arc<Peers>,
}

impl PeerNetwork {
    fn link(&self) -> Result<&Link, Unreachable<TypeConfig>> {
        self.link.as_deref().map_err(Unreachable::from_string)
    }

    fn late(&self, action: RPCTypes, timeout: Duration) -> Timeout<TypeConfig> {
        Timeout { action, id: self.own, target: self.target, timeout }
    }

    /// Runs one call within what openraft gives it.
    async fn call<T>(
        &self,
        action: RPCTypes,
        option: &RPCOption,
        call: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Result<T, RpcError> {
        match tokio::time::timeout(option.soft_ttl(), call).await {
            Ok(answer) => {
                Ok(answer.inspect_err(|status| self.peers.heed(self.target, status)).map_err(failed)?.into_inner())
            }
            Err(_) => Err(self.late(action, option.soft_ttl()).into()),
        }
    }
}

impl RaftNetworkV2<TypeConfig> for PeerNetwork {
    type SnapshotData = SnapshotHandle;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RpcError> {
        let last = request.entries.last().map(|entry| entry.log_id).or(request.prev_log_id);
        let late = self.late(RPCTypes::AppendEntries, option.soft_ttl());
        let one = async {
            let mut answers = self.stream_append(stream::iter([request]), option.clone()).await?;
            answers.next().await.unwrap_or_else(|| Err(lost("the peer closed the stream without an answer")))
        };
        let answer = tokio::time::timeout(option.soft_ttl(), one).await.unwrap_or(Err(late.into()))?;
        Ok(match answer {
            Ok(matched) if matched != last => AppendEntriesResponse::PartialSuccess(matched),
            answer => answer.into(),
        })
    }

    fn stream_append<'s, S>(
        &'s mut self,
        requests: S,
        option: RPCOption,
    ) -> BoxFuture<'s, Result<BoxStream<'s, Answer>, RpcError>>
    where
        S: Stream<Item = AppendEntriesRequest<TypeConfig>> + OptionalSend + Unpin + 'static,
    {
        let patience = option.hard_ttl() * STREAM_PATIENCE;
        Box::pin(async move {
            let mut client = self.link()?.raft();
            let waiting = Arc::new(Waiting::default());
            let sent = waiting.clone();
            let requests = requests.map(move |request| {
                sent.one_more();
                convert::append_to_pb(request)
            });
            let answers = match tokio::time::timeout(patience, client.append(requests)).await {
                Ok(opened) => {
                    opened.inspect_err(|status| self.peers.heed(self.target, status)).map_err(failed)?.into_inner()
                }
                Err(_) => return Err(Unreachable::from_string(format!("no stream within {patience:?}")).into()),
            };
            let late = self.late(RPCTypes::AppendEntries, patience);
            let reading = Reading { answers, waiting, patience, late };
            let answers: BoxStream<'s, Answer> = Box::pin(stream::unfold(Some(reading), Reading::next));
            Ok(answers)
        })
    }

    async fn vote(
        &mut self,
        request: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let mut client = self.link()?.raft();
        let call = client.vote(convert::vote_request_to_pb(&request));
        let answer = self.call(RPCTypes::Vote, &option, call).await?;
        convert::vote_response_from_pb(answer).map_err(lost)
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RpcError> {
        let mut client = self.link()?.raft();
        let call = client.pre_vote(convert::vote_request_to_pb(&request));
        let answer = self.call(RPCTypes::Vote, &option, call).await?;
        convert::vote_response_from_pb(answer).map_err(lost)
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RpcError> {
        let mut client = self.link()?.raft();
        let call = client.transfer_leader(convert::transfer_to_pb(&request));
        let answer = self.call(RPCTypes::TransferLeader, &option, call).await?;
        convert::transferred_from_pb(answer).map_err(lost)
    }

    async fn full_snapshot(
        &mut self,
        vote: VoteOf<TypeConfig>,
        snapshot: SnapshotOf<TypeConfig, SnapshotHandle>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let client = self.link()?.snapshots();
        let late = self.late(RPCTypes::InstallSnapshot, option.soft_ttl());
        let sending = snapshot::send(client, vote, snapshot, option.soft_ttl());
        tokio::select! {
            closed = cancel => Err(closed.into()),
            sent = sending => sent.map_err(|error| match error {
                snapshot::SendError::Refused(status) => failed(*status).into(),
                snapshot::SendError::Late => late.into(),
                snapshot::SendError::Malformed(malformed) => lost(malformed).into(),
                // Not a storage error to openraft, which would stop this leader: a newer snapshot may be readable.
                snapshot::SendError::Unreadable(why) => {
                    tracing::error!(to = self.target, why, "a snapshot cannot be sent");
                    Unreachable::from_string(why).into()
                }
            }),
        }
    }
}

/// Counts the requests of one stream that have no answer yet.
struct Waiting(Mutex<(u64, Instant)>);

impl Default for Waiting {
    fn default() -> Self {
        Self(Mutex::new((0, Instant::now())))
    }
}

impl Waiting {
    fn one_more(&self) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.0 == 0 {
            waiting.1 = Instant::now();
        }
        waiting.0 += 1;
    }

    fn one_less(&self) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = (waiting.0.saturating_sub(1), Instant::now());
    }

    /// Since when an answer is due; none while every request has its answer.
    fn since(&self) -> Option<Instant> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (waiting.0 > 0).then_some(waiting.1)
    }
}

/// The answers of one append stream.
struct Reading {
    answers: Streaming<pb::AppendResponse>,
    waiting: Arc<Waiting>,
    patience: Duration,
    late: Timeout<TypeConfig>,
}

impl Reading {
    /// The next answer. An idle stream may be silent for as long as it likes; one that owes an answer may not.
    async fn next(state: Option<Self>) -> Option<(Answer, Option<Self>)> {
        let mut reading = state?;
        loop {
            let due = reading.waiting.since().unwrap_or_else(Instant::now) + reading.patience;
            let answer = match tokio::time::timeout_at(due, reading.answers.message()).await {
                Ok(answer) => answer,
                Err(_) if reading.waiting.since().is_some_and(|since| since.elapsed() >= reading.patience) => {
                    return Some((Err(reading.late.into()), None));
                }
                Err(_) => continue,
            };
            reading.waiting.one_less();
            return match answer {
                Ok(Some(answer)) => match convert::appended_from_pb(answer) {
                    Ok(appended) => Some((Ok(appended), Some(reading))),
                    Err(malformed) => Some((Err(lost(malformed)), None)),
                },
                Ok(None) => None,
                Err(status) => Some((Err(failed(status)), None)),
            };
        }
    }
}

/// What a failed call means to openraft: a peer that cannot be reached, or will not have us, is left alone for a while;
/// anything else is tried again at once.
fn failed(status: Status) -> RpcError {
    match status.code() {
        Code::Unavailable
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::FailedPrecondition
        | Code::InvalidArgument
        | Code::Unimplemented => Unreachable::from_string(describe(&status)).into(),
        _ => NetworkError::from_string(describe(&status)).into(),
    }
}

fn lost(why: impl ToString) -> RpcError {
    NetworkError::from_string(why).into()
}

/// A status in one line, with the causes that its own message leaves out.
pub(super) fn describe(status: &Status) -> String {
    let mut text = format!("{:?}: {}", status.code(), status.message());
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let error_text = error.to_string();
        if !text.contains(&error_text) {
            text.push_str(": ");
            text.push_str(&error_text);
        }
        cause = error.source();
    }
    text
}
