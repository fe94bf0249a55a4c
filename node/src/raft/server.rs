//! The peer listener: consensus, forwarding, limits and administration between nodes, and what
//! operators ask, over gRPC.

use std::future::Future;
use std::time::Duration;

use livedrop_proto::admin::admin_server::AdminServer;
use livedrop_proto::backup::backup_server::BackupServer;
use livedrop_proto::forward::forward_server::ForwardServer;
use livedrop_proto::join::join_server::JoinServer;
use livedrop_proto::limits::limits_server::LimitsServer;
use livedrop_proto::operate::operate_server::OperateServer;
use livedrop_proto::raft::raft_server::RaftServer;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::Server;

use super::arrive::arrivals;
use super::backup::BackupService;
use super::forward::ForwardService;
use super::gate::Gate;
use super::limits::LimitsService;
use super::newcomer::JoinService;
use super::operate::OperateService;
use super::peers::{CONNECTION_WINDOW, KEEPALIVE, MESSAGE_BYTES_MAX, STREAM_WINDOW};
use super::service::{AdminService, RaftService};

/// How long a stopping server waits for calls that are under way.
const DRAIN: Duration = Duration::from_secs(1);
/// What one connection may have open: a few streams and the calls beside them.
const STREAMS_MAX: u32 = 1024;

/// Serves the peer listener until `shutdown` and at most a second longer; over TLS when the gate has certificates.
///
/// Should run before consensus starts: a node that begins must be able to greet the others.
pub async fn serve(
    listener: TcpListener,
    gate: Gate,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), tonic::transport::Error> {
    let raft = RaftServer::new(RaftService::new(gate.clone())).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let forward = ForwardServer::new(ForwardService::new(gate.clone())).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let admin = AdminServer::new(AdminService::new(gate.clone()));
    let limits = LimitsServer::new(LimitsService::new(gate.clone()));
    let operate = OperateServer::new(OperateService::new(gate.clone()));
    let join = JoinServer::new(JoinService::new(gate.clone()));
    let backup = BackupServer::new(BackupService::new(gate.clone()));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS_MAX)
        .add_service(raft)
        .add_service(forward)
        .add_service(admin)
        .add_service(limits)
        .add_service(operate)
        .add_service(join)
        .add_service(backup)
        .serve_with_incoming_shutdown(arrivals(listener, gate.tls().cloned()), async {
            let _ = stopped.await;
        });
    tokio::pin!(server);
    tokio::select! {
        served = &mut server => return served,
        () = shutdown => {}
    }
    gate.close();
    drop(stop);
    tokio::time::timeout(DRAIN, server).await.unwrap_or(Ok(()))
}
