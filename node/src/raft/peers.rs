//! The connections to the other nodes: one channel per peer for everything small and urgent, and one for snapshots, so
//! that a large transfer never delays a heartbeat. Channels connect when first used and again when they break.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use livedrop_proto::admin::admin_client::AdminClient;
use livedrop_proto::forward::forward_client::ForwardClient;
use livedrop_proto::join::join_client::JoinClient;
use livedrop_proto::limits::limits_client::LimitsClient;
use livedrop_proto::operate::operate_client::OperateClient;
use livedrop_proto::raft::raft_client::RaftClient;
use rustls::pki_types::ServerName;
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

use super::arrive::READ_BYTES;
use super::identity::{self, BadClusterId, Identity, Introduction};
use crate::tls::{self, Door, PeerTls, reason_of};

/// How long a connection attempt may take.
const CONNECT: Duration = Duration::from_secs(1);
/// A silent connection is asked for a sign of life this often, and closed when none comes within the same time.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(2);
/// Flow control: what one stream, and all of a connection, may have under way. A catching-up peer that reads slowly
/// stops its own stream, and there is still room for heartbeats beside it.
pub(super) const STREAM_WINDOW: u32 = 4 << 20;
pub(super) const CONNECTION_WINDOW: u32 = 16 << 20;
/// The largest message of a peer that is read: an append of some entries, each holding a batch of commands.
pub(super) const MESSAGE_BYTES_MAX: usize = 64 << 20;

pub(super) type Wire = InterceptedService<Channel, Introduction>;

#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    #[error(transparent)]
    ClusterId(#[from] BadClusterId),
    #[error("{address:?} is not an address a node can be reached at")]
    Address { address: String, source: tonic::transport::Error },
}

/// The connections of one node to all its peers.
pub(super) struct Peers {
    identity: Arc<Identity>,
    tls: Option<PeerTls>,
    links: Mutex<BTreeMap<u64, Arc<Link>>>,
    /// Which peer said that the cluster was recovered without this node.
    left_behind: watch::Sender<Option<u64>>,
}

impl Peers {
    /// With `tls` every connection is encrypted, and is to the node that it is meant for.
    pub(super) fn new(identity: Arc<Identity>, tls: Option<PeerTls>) -> Self {
        Self { identity, tls, links: Mutex::default(), left_behind: watch::Sender::new(None) }
    }

    /// Takes note of a refusal of `peer`, if it is that of a cluster that was recovered without this node.
    pub(super) fn heed(&self, peer: u64, status: &Status) {
        if identity::says_left_behind(status) {
            self.left_behind.send_if_modified(|said| said.replace(peer).is_none());
        }
    }

    /// Returns when a peer has said so.
    pub(super) async fn left_behind(&self) -> u64 {
        let mut said = self.left_behind.subscribe();
        let said = said.wait_for(Option::is_some).await.expect("the sender lives as long as this");
        said.expect("it was waited for")
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The connection to node `to` at `address` (host:port). A peer that moved gets a new one.
    ///
    /// Must be called on the runtime that will carry the connection.
    pub(super) fn link(&self, to: u64, address: &str) -> Result<Arc<Link>, PeerError> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = links.get(&to).filter(|link| link.address == address) {
            return Ok(link.clone());
        }
        let link = Arc::new(Link {
            address: address.to_owned(),
            introduction: Introduction::new(&self.identity, to)?,
            urgent: channel(Some(to), address, self.tls.as_ref())?,
            bulk: channel(Some(to), address, self.tls.as_ref())?,
        });
        links.insert(to, link.clone());
        Ok(link)
    }
}

/// The two channels to one peer.
pub(super) struct Link {
    address: String,
    introduction: Introduction,
    urgent: Channel,
    bulk: Channel,
}

impl Link {
    pub(super) fn raft(&self) -> RaftClient<Wire> {
        RaftClient::new(self.wire(&self.urgent)).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(super) fn snapshots(&self) -> RaftClient<Wire> {
        RaftClient::new(self.wire(&self.bulk))
    }

    pub(super) fn forward(&self) -> ForwardClient<Wire> {
        ForwardClient::new(self.wire(&self.urgent)).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(super) fn admin(&self) -> AdminClient<Wire> {
        AdminClient::new(self.wire(&self.urgent))
    }

    pub(super) fn limits(&self) -> LimitsClient<Wire> {
        LimitsClient::new(self.wire(&self.urgent))
    }

    pub(super) fn join(&self) -> JoinClient<Wire> {
        JoinClient::new(self.wire(&self.urgent))
    }

    pub(super) fn operate(&self) -> OperateClient<Wire> {
        OperateClient::new(self.wire(&self.urgent))
    }

    fn wire(&self, channel: &Channel) -> Wire {
        InterceptedService::new(channel.clone(), self.introduction.clone())
    }
}

/// Connects when it is first used, to node `to`, or to whichever node of the cluster is at that address.
pub(super) fn channel(to: Option<u64>, address: &str, tls: Option<&PeerTls>) -> Result<Channel, PeerError> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|source| PeerError::Address { address: address.to_owned(), source })?
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let Some(tls) = tls else { return Ok(endpoint.connect_lazy()) };
    let (tls, address) = (tls.clone(), address.to_owned());
    let connect = move |_: Uri| {
        let (tls, address) = (tls.clone(), address.clone());
        async move { secured(&tls, to, &address).await.map(TokioIo::new) }
    };
    Ok(endpoint.connect_with_connector_lazy(service_fn(connect)))
}

/// Connects to node `to`, or to any, and gives up when somebody else answers.
async fn secured(tls: &PeerTls, to: Option<u64>, address: &str) -> io::Result<TlsStream<BufReader<TcpStream>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let connector = tls.connector(to).map_err(io::Error::other)?;
    // What counts is the id in the certificate; a host name is not sent and not looked at.
    let name = ServerName::try_from("livedrop").expect("it is a name");
    let connected = connector.connect(name, BufReader::with_capacity(READ_BYTES, stream)).await;
    connected.map_err(|error| {
        let (reason, said) = reason_of(&error);
        tls::tell(
            Door::PeerConnection,
            reason,
            &format_args!("{} at {address}", to.map_or("a node".to_owned(), |to| format!("node {to}"))),
            &said,
        );
        io::Error::new(error.kind(), said)
    })
}
